"""Of any script of faults: the reading is right, or it ends in an error of ours."""

import asyncio
import gzip

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.errors import RequestError, Sage200Error
from sage200_async.sandbox import Fault, Sandbox
from sage200_async.transport.base import Clock

ROWS = 230
ATTEMPTS = 5
SHORT = 0.3
# Seconds until a stalled reply is given up.

GZIP = {"Content-Encoding": "gzip"}
PACKED = gzip.compress(b'[{"id":1},{"id":2}]', mtime=0)
ENDS = st.sampled_from(["close", "reset"])
SHARES = st.floats(0.0, 0.99)
STATUSES = st.sampled_from([429, 500, 502, 503, 504, 599])

PASSING = st.one_of(
    st.builds(Fault, status=STATUSES),
    st.builds(Fault, status=STATUSES, body=st.binary(max_size=9), then=ENDS),
    st.builds(
        Fault,
        status=st.sampled_from([429, 503]),
        headers=st.fixed_dictionaries(
            {"Retry-After": st.sampled_from(["0", "1", "soon", "-1"])}
        ),
    ),
    st.builds(Fault, cut=SHARES, then=ENDS),
    st.builds(Fault, cut=st.integers(-400, -1), then=st.just("close")),
    st.builds(
        Fault, cut=st.integers(-400, -1), length=st.none(), then=st.just("close")
    ),
    st.builds(Fault, length=st.integers(1, 99), then=ENDS),
    st.builds(Fault, body=st.sampled_from([b"", b"[", b"{", b"[{}", b"  "])),
    st.builds(
        Fault,
        body=st.integers(1, len(PACKED) - 1).map(lambda cut: PACKED[:cut]),
        headers=st.just(GZIP),
    ),
    st.builds(Fault, raw=st.binary(max_size=20), then=ENDS),
)
"""Faults that end when they are asked again; what is left of a reply is no reply."""

STALLED = st.builds(Fault, cut=SHARES, then=st.just("stall"))

ANY = PASSING | st.one_of(
    st.builds(Fault, status=st.integers(300, 499)),
    st.builds(Fault, body=st.binary(max_size=40).filter(lambda body: b"]" not in body)),
    st.builds(Fault, body=st.sampled_from([b"{}", b"7", b"[7]", b'{"id":1}', b"[[]]"])),
    st.builds(Fault, length=st.integers(-300, -1)),
    st.builds(Fault, raw=st.binary(max_size=200), then=ENDS),
)
"""Faults of all kinds, but for one: a page that is whole and not true is no fault
that anyone could tell."""


class Quick(Clock):
    """Time that passes only by sleeping, at once."""

    def __init__(self):
        self.time = 1_000.0

    def now(self):
        return 1_700_000_000.0 + self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        self.time += seconds
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    """Return a file of customers, to be read."""
    path = str(tmp_path_factory.mktemp("property") / "sandbox.sqlite")

    async def fill():
        async with Sandbox(records={"customers": ROWS}, database=path) as sandbox:
            assert sandbox.store.count("customers") == ROWS

    asyncio.run(fill())
    return path


def read(path, script, page, by_key):
    """Read all while *script* is played; give keys, what came, the error, requests."""

    async def main():
        stalls = any(each is not None and each.then == "stall" for each in script)
        async with Sandbox(database=path) as sandbox:
            changed = replace(
                sandbox.settings,
                trust_short_pages=True,  # faults are placed by numbers of pages
                max_attempts=ATTEMPTS,
                max_retry_seconds=1e9,
                read_timeout=SHORT if stalls else 60.0,
            )
            keys = sandbox.store.keys("customers")
            ids, error = [], None
            async with Sage200Client(changed, clock=Quick()) as client:
                sandbox.faults = script
                query = client.customers.select("id").page_size(page)
                query = query if by_key else query.order_by("id desc")
                try:
                    async for customer in query:
                        ids.append(customer.id)
                except Sage200Error as caught:
                    error = caught
                requests = len(sandbox.requests)
                sandbox.faults = ()
                assert await client.customers.select("id").first()
            return keys if by_key else keys[::-1], ids, error, requests

    return asyncio.run(main())


def at_most(page, faults):
    """Return how many requests *faults* in a row or apart may lead to.

    Each costs one, and may halve the pages, of 100 records at least.
    """
    return ROWS // min(page, 100) + 2 + faults


def few_in_a_row(faults):
    """Make scripts with fewer faults after each other than there are attempts."""
    run = st.lists(faults, max_size=ATTEMPTS - 1)
    runs = st.lists(run, max_size=4)
    return runs.map(lambda each: [one for run in each for one in (*run, None)])


@given(few_in_a_row(PASSING), st.integers(20, ROWS + 9), st.booleans())
@example([Fault(cut=-1, length=None, then="close")] * 4, 50, False)
def test_faults_that_pass_leave_no_trace(customers, script, page, by_key):
    """With fewer faults in a row than attempts, all records come, once, in order."""
    keys, ids, error, requests = read(customers, script, page, by_key)
    assert error is None
    assert ids == keys
    faults = sum(each is not None for each in script)
    assert requests <= at_most(page, faults)


@settings(max_examples=20)  # each stall takes real time
@given(few_in_a_row(PASSING | STALLED).filter(lambda script: len(script) < 6))
def test_stalls_that_pass_leave_no_trace(customers, script):
    """Replies that stall are faults like others."""
    keys, ids, error, _ = read(customers, script, 100, by_key=True)
    assert error is None
    assert ids == keys


@given(st.lists(ANY | st.none(), max_size=30), st.integers(20, ROWS + 9), st.booleans())
@example([Fault(status=401)] * 30, 100, True)
@example([Fault(status=504)] * 30, ROWS, False)
def test_any_script_ends(customers, script, page, by_key):
    """Whatever goes wrong, no record comes twice, and the error says what it was."""
    keys, ids, error, requests = read(customers, script, page, by_key)
    assert ids == keys[: len(ids)]
    if error is None:
        assert ids == keys
    else:
        assert str(error)
        assert error.plan.records == len(ids)
    if isinstance(error, RequestError):
        assert error.attempts <= 2 * ATTEMPTS
    faults = sum(each is not None for each in script)
    assert requests <= at_most(page, faults)
