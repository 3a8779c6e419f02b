"""Whatever the sizes, the page limit and the writers: what stands throughout comes once."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.catalog import Customer

SERVICES = ["limit10", "limit100", "limit300", "limit1000", "unlimited"]
c = Customer.fields


class Read(NamedTuple):
    """One way to read a collection, and what a writer does meanwhile."""

    service: str
    is_bare: bool
    workers: int  # 0 for a stream
    page_size: int
    above: int  # only the keys above this one
    written_at: int  # the number of the request before which rows come and go


READS = st.builds(
    Read,
    st.sampled_from(SERVICES),
    st.booleans(),
    st.integers(0, 8),
    st.integers(15, 5000),
    st.sampled_from([-1, 0, 150, 10_000]),
    st.integers(1, 8),
)
WRITES = st.tuples(
    st.sets(st.sampled_from(["lowest", "highest", "middle", "every tenth", "all"])),
    st.integers(0, 130),  # rows added above all others
)
COUNTS = st.sampled_from([0, 1, 10, 99, 100, 101, 200, 300, 301]) | st.integers(0, 450)


async def read(session, how, write):
    """Read the ids of all customers; return them, and the certificate."""
    session.reach(how.service, is_bare=how.is_bare)
    gateway = session.gateway
    gateway.before = {len(gateway.queries) + how.written_at: write}
    query = session.client.customers.filter(c.id > how.above).page_size(how.page_size)
    if not how.workers:
        return [row.id async for row in query], None
    async with query.read(workers=how.workers) as rows:
        ids = [row.id async for row in rows]
    return ids, rows.certificate


def gone_from(keys, kinds):
    """Return the keys of the rows that are deleted."""
    chosen = {
        "lowest": keys[:2],
        "highest": keys[-2:],
        "middle": keys[len(keys) // 2 :][:20],
        "every tenth": keys[::10],
        "all": keys,
    }
    return {key for kind in kinds for key in chosen[kind]}


@given(READS, WRITES, COUNTS)
def test_what_stands_throughout_comes_once(session, source, how, writes, count):
    """Rows that come or go meanwhile may come, once; no other is hidden by them."""
    held = source(count)
    keys = [key for key in held.rows if key > how.above]
    kinds, added = writes
    gone = gone_from(keys, kinds)

    def write():
        held.delete(gone)
        held.insert(added)
        held.serve()

    ids, certificate = session.run(read(session, how, write))
    assert len(set(ids)) == len(ids)
    assert set(keys) - gone <= set(ids) <= {*keys, *held.rows}
    if not how.workers:
        assert ids == sorted(ids)
    else:
        assert certificate.records == len(ids)
