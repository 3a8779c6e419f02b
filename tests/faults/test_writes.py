"""Writes whose reply is lost: done once or not at all, and never sent twice."""

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


CARRIED_OUT = {name for name, (fault, _) in LOST.items() if fault.truthful}


def customers(sandbox, **wanted):
    """Count the customers with these values."""
    store = sandbox.store
    rows = [store.get("customers", key) for key in store.keys("customers")]
    return sum(wanted.items() <= row.items() for row in rows)


def sent(sandbox, method):
    """Count the requests of this method."""
    return sum(seen.method == method for seen in sandbox.requests)


def lose(lab, fault, write, **changed):
    """Write while the reply is lost; give the error, and what *write* counts."""

    async def main():
        settings = {"read_timeout": SHORT if fault.then == "stall" else 60.0}
        async with (
            Sandbox(records={"customers": 3}) as sandbox,
            lab.connected(sandbox, **settings, **changed) as client,
        ):
            sandbox.faults = [fault]
            error = None
            try:
                await write(client, sandbox)
            except errors.Sage200Error as caught:
                error = caught
            posts, made = sent(sandbox, "POST"), customers(sandbox, **NEW)
            return error, posts, made

    return asyncio.run(main())


async def create(client, _):
    """Create a customer."""
    await client.customers.create(NEW)


@pytest.mark.parametrize("name", LOST)
def test_a_create_whose_reply_is_lost(lab, row, name):
    """It may have been done, says the error: one POST was sent, one row is there."""
    fault, kind = LOST[name]
    error, posts, made = lose(lab, replace(fault, carried_out=True), create)
    row(f"POST done, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, made) == (1, 1)
    assert error.outcome_unknown
    assert any("look for it" in note for note in error.__notes__)


@pytest.mark.parametrize("name", sorted(LOST.keys() - CARRIED_OUT))
def test_a_create_that_was_lost(lab, row, name):
    """Where nobody can know, it is not sent again either: one POST, no row."""
    fault, kind = LOST[name]
    error, posts, made = lose(lab, fault, create)
    row(f"POST lost, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, made) == (1, 0)
    assert error.outcome_unknown


@pytest.mark.parametrize("status", [400, 403, 409, 429])
def test_a_create_that_was_refused(lab, row, status):
    """A refusal is certain: it was not done, and it is not sent again."""
    error, posts, made = lose(lab, Fault(status=status), create)
    row(f"POST refused, {status}", type(error).__name__, posts)
    assert error.status == status
    assert (posts, made) == (1, 0)
    assert not error.outcome_unknown


def test_a_create_without_a_token(lab, row):
    """A 401 means that nothing was done: with a new token it is sent again."""
    error, posts, made = lose(lab, Fault(status=401), create)
    row("POST refused, 401", "complete", posts)
    assert error is None
    assert (posts, made) == (2, 1)


def test_a_create_that_certainly_never_left(lab, row):
    """Where nobody listens, a create is tried again until someone does."""

    async def main():
        clock = lab.Clock()
        sandbox = Sandbox(records={"customers": 3}, port=lab.free_port())
        async with lab.Client(sandbox.settings, clock=clock) as client:

            async def listen():
                if len(clock.slept) == 3:
                    await sandbox.__aenter__()

            clock.on_sleep = listen
            try:
                await client.customers.create(NEW)
                counted = sent(sandbox, "POST"), customers(sandbox, **NEW)
            finally:
                await sandbox.__aexit__(None, None, None)
            return counted

    posts, made = asyncio.run(main())
    row("POST, connection refused 3x", "complete", posts)
    assert (posts, made) == (1, 1)


@pytest.mark.parametrize("name", LOST)
def test_a_change_whose_reply_is_lost(lab, row, name):
    """A change by id does no more the second time: it is sent again."""
    fault, _ = LOST[name]

    async def update(client, sandbox):
        key = sandbox.store.keys("customers")[0]
        await client.customers.update(key, {"short_name": "Moved"})
        assert customers(sandbox, short_name="Moved") == 1
        assert sent(sandbox, "PUT") == 2

    error, _, _ = lose(lab, replace(fault, carried_out=True), update)
    assert error is None
    row(f"PUT done, {name}", "complete", 2)


@pytest.mark.parametrize("name", LOST)
def test_a_delete_whose_reply_is_lost(lab, row, name):
    """The second time there is nothing to delete, and that is no error."""
    fault, _ = LOST[name]

    async def delete(client, sandbox):
        key = sandbox.store.keys("customers")[0]
        await client.customers.delete(key)
        assert key not in sandbox.store.keys("customers")
        assert sent(sandbox, "DELETE") == 2

    error, _, _ = lose(lab, replace(fault, carried_out=True), delete)
    assert error is None
    row(f"DELETE done, {name}", "complete", 2)
