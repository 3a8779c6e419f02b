"""Writes whose reply is lost: done once or not at all, and never sent twice."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

SHORT = 0.3
HTML = {"Content-Type": "text/html"}
NEW = {"reference": "NEW", "name": "New"}
LOST = {
    "reset before any byte": (Fault(cut=0, then="reset"), errors.BrokenReply),
    "closed before any byte": (Fault(cut=0, then="close"), errors.BrokenReply),
    "closed in the head": (Fault(cut=25, then="close"), errors.BrokenReply),
    "reset in the body": (Fault(cut=0.5, then="reset"), errors.BrokenReply),
    "cut in the body": (Fault(cut=-9, then="close"), errors.BrokenReply),
    "cut, no length": (Fault(cut=-9, length=None, then="close"), errors.BrokenReply),
    "stalled before the head": (Fault(cut=0, then="stall"), errors.TimedOut),
    "stalled in the body": (Fault(cut=-9, then="stall"), errors.TimedOut),
    "500": (Fault(status=500), errors.ServerError),
    "502": (Fault(status=502, headers=HTML, body=b"<html>"), errors.ServerError),
    "503": (Fault(status=503), errors.ServerError),
    "504": (Fault(status=504, headers=HTML, body=b"<html>"), errors.ServerError),
    "another protocol": (Fault(raw=b"SSH-2.0\r\n", then="close"), errors.BrokenReply),
}


async def create(sandbox, client):
    """Create a customer; give the error that came instead, if one did."""
    try:
        await client.customers.create(NEW)
    except errors.Sage200Error as error:
        return error
    return None


def rows(sandbox):
    """Count the customers of that reference."""
    return sum(
        sandbox.store.get("customers", key)["reference"] == "NEW"
        for key in sandbox.store.keys("customers")
    )


def with_done(fault):
    """Carry the request out before the fault."""
    from msgspec.structs import replace

    return replace(fault, carried_out=True)


@pytest.mark.parametrize("name", LOST)
def test_a_reply_to_a_create_that_is_lost(lab, row, name):
    """The error says that it may have been done; one POST was sent, one row is there."""
    fault, kind = LOST[name]

    async def main():
        async with Sandbox(records={"customers": 3}) as sandbox:
            async with lab.connected(sandbox, read_timeout=timeout(fault)) as client:
                sandbox.faults = [with_done(fault)]
                error = await create(sandbox, client)
                posts = [seen for seen in sandbox.requests if seen.method == "POST"]
                return error, len(posts), rows(sandbox)

    error, posts, made = asyncio.run(main())
    row(f"POST done, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, made) == (1, 1)


@pytest.mark.parametrize("name", LOST)
def test_a_create_that_may_not_have_been_done(lab, row, name):
    """Where nobody can know, it is not sent again either: no row, one POST."""
    fault, kind = LOST[name]
    if fault.truthful:
        pytest.skip("it is done where a part of its reply comes")

    async def main():
        async with Sandbox(records={"customers": 3}) as sandbox:
            async with lab.connected(sandbox, read_timeout=timeout(fault)) as client:
                sandbox.faults = [fault]
                error = await create(sandbox, client)
                posts = [seen for seen in sandbox.requests if seen.method == "POST"]
                return error, len(posts), rows(sandbox)

    error, posts, made = asyncio.run(main())
    row(f"POST not done, {name}", type(error).__name__, posts)
    assert type(error) is kind
    assert (posts, made) == (1, 0)


def timeout(fault):
    """Give the seconds to wait for bytes."""
    return SHORT if fault.then == "stall" else 60.0


@pytest.mark.parametrize("method", ["update", "delete"])
def test_a_write_that_may_be_sent_twice(lab, row, method):
    """A change by id does no more when it is done twice: it is sent again."""
