"""Writes whose response is lost: carried out once or not at all, never sent twice."""

import asyncio

import pytest
from msgspec.structs import replace

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

SHORT = 0.3
HTML = {"Content-Type": "text/html"}
NEW = {"reference": "NEW", "name": "New"}
LOST = {
    "reset before any byte": (Fault(cut=0, then="reset"), errors.IncompleteResponse),
    "closed before any byte": (Fault(cut=0, then="close"), errors.IncompleteResponse),
    "closed in the head": (Fault(cut=25, then="close"), errors.IncompleteResponse),
    "reset in the body": (Fault(cut=0.5, then="reset"), errors.IncompleteResponse),
    "cut in the body": (Fault(cut=-9, then="close"), errors.IncompleteResponse),
    "cut, no length": (
        Fault(cut=-9, length=None, then="close"),
        errors.IncompleteResponse,
    ),
    "stalled before the head": (Fault(cut=0, then="stall"), errors.RequestTimeout),
    "stalled in the body": (Fault(cut=-9, then="stall"), errors.RequestTimeout),
    "500": (Fault(status=500), errors.ServerError),
    "502": (Fault(status=502, headers=HTML, body=b"<html>"), errors.ServerError),
    "503": (Fault(status=503), errors.ServerError),
    "504": (Fault(status=504, headers=HTML, body=b"<html>"), errors.ServerError),
    "another protocol": (
        Fault(raw=b"SSH-2.0\r\n", then="close"),
        errors.IncompleteResponse,
    ),
}


CARRIED_OUT = {name for name, (fault, _) in LOST.items() if fault.sends_true_response}


def customers(sandbox, **wanted):
    """Count the customers with these values."""
    store = sandbox.store
    rows = [store.get("customers", key) for key in store.keys("customers")]
    return sum(wanted.items() <= row.items() for row in rows)


def sent(sandbox, method):
    """Count the requests with this method."""
    return sum(request.method == method for request in sandbox.requests)


def write_with_fault(helpers, fault, write, **changed):
    """Write during a fault; return the error, the POSTs and the new customers."""

    async def main():
        settings = {"read_timeout": SHORT if fault.then == "stall" else 60.0}
        async with (
            Sandbox(records={"customers": 3}) as sandbox,
            helpers.connected(sandbox, **settings, **changed) as client,
        ):
            sandbox.faults = [fault]
            error = None
            try:
                await write(client, sandbox)
            except errors.Sage200Error as caught:
                error = caught
            posts, created = sent(sandbox, "POST"), customers(sandbox, **NEW)
            return error, posts, created

    return asyncio.run(main())


async def create(client, _):
    """Create a customer."""
    await client.customers.create(NEW)


@pytest.mark.parametrize("name", LOST)
def test_a_create_whose_response_is_lost(helpers, row, name):
    """The error says that the outcome is unknown: one POST was sent, one row exists."""
    fault, kind = LOST[name]
    error, posts, created = write_with_fault(
        helpers, replace(fault, carried_out=True), create
    )
    row(f"POST carried out, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, created) == (1, 1)
    assert error.outcome_unknown
    assert any("look for it" in note for note in error.__notes__)


@pytest.mark.parametrize("name", sorted(LOST.keys() - CARRIED_OUT))
def test_a_create_that_was_lost(helpers, row, name):
    """If the outcome is unknown, the POST is not sent again either: one POST, no row."""
    fault, kind = LOST[name]
    error, posts, created = write_with_fault(helpers, fault, create)
    row(f"POST lost, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, created) == (1, 0)
    assert error.outcome_unknown


@pytest.mark.parametrize("status", [400, 403, 409, 429])
def test_a_create_that_was_refused(helpers, row, status):
    """A refused create was not carried out, and is not sent again."""
    error, posts, created = write_with_fault(helpers, Fault(status=status), create)
    row(f"POST refused, {status}", type(error).__name__, posts)
    assert error.status == status
    assert (posts, created) == (1, 0)
    assert not error.outcome_unknown


def test_a_create_without_a_token(helpers, row):
    """After a 401, nothing was carried out: it is sent again with a new token."""
    error, posts, created = write_with_fault(helpers, Fault(status=401), create)
    row("POST refused, 401", "complete", posts)
    assert error is None
    assert (posts, created) == (2, 1)


def test_a_create_that_was_never_sent(helpers, row):
    """A create whose connection is refused is tried again."""

    async def main():
        clock = helpers.Clock()
        sandbox = Sandbox(records={"customers": 3}, port=helpers.free_port())
        async with helpers.Client(sandbox.settings, clock=clock) as client:

            async def listen():
                if len(clock.slept) == 3:
                    await sandbox.__aenter__()

            clock.on_sleep = listen
            try:
                await client.customers.create(NEW)
                counts = sent(sandbox, "POST"), customers(sandbox, **NEW)
            finally:
                await sandbox.__aexit__(None, None, None)
            return counts

    posts, created = asyncio.run(main())
    row("POST, connection refused 3x", "complete", posts)
    assert (posts, created) == (1, 1)


@pytest.mark.parametrize("name", LOST)
def test_a_change_whose_response_is_lost(helpers, row, name):
    """An update by id has the same effect twice: it is sent again."""
    fault, _ = LOST[name]

    async def update(client, sandbox):
        key = sandbox.store.keys("customers")[0]
        await client.customers.update(key, {"short_name": "Moved"})
        assert customers(sandbox, short_name="Moved") == 1
        assert sent(sandbox, "PUT") == 2

    error, _, _ = write_with_fault(helpers, replace(fault, carried_out=True), update)
    assert error is None
    row(f"PUT carried out, {name}", "complete", 2)


@pytest.mark.parametrize("name", LOST)
def test_a_delete_whose_response_is_lost(helpers, row, name):
    """A repeated delete finds nothing to delete; that is not an error."""
    fault, _ = LOST[name]

    async def delete(client, sandbox):
        key = sandbox.store.keys("customers")[0]
        await client.customers.delete(key)
        assert key not in sandbox.store.keys("customers")
        assert sent(sandbox, "DELETE") == 2

    error, _, _ = write_with_fault(helpers, replace(fault, carried_out=True), delete)
    assert error is None
    row(f"DELETE carried out, {name}", "complete", 2)
