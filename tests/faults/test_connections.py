"""Nobody listens, nobody knows the name, or the line was closed while it lay idle."""

import asyncio
import socket

import pytest
from msgspec.structs import replace

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox


async def read_while(lab, database, down):
    """Read while the server is down for so many waits from the second page on."""
    port = lab.free_port()
    clock = lab.Clock()
    async with Sandbox(database=database, port=port) as sandbox:
        keys = sandbox.store.keys("customers")
        async with lab.Client(sandbox.settings, clock=clock) as client:
            pages = client.customers.select("id").page_size(lab.page).pages()
            first = await anext(pages)
            seen = len(sandbox.requests)
            await sandbox.__aexit__(None, None, None)

            async def come_back():
                if len(clock.slept) == down:
                    await sandbox.__aenter__()

            clock.on_sleep = come_back
            reading = lab.Reading(keys, [each.id for each in first.records])
            try:
                async for page in pages:
                    reading.ids += [each.id for each in page.records]
            except errors.Sage200Error as error:
                reading.error = error
            running = sandbox.requests if len(clock.slept) >= down else []
            return reading, seen, len(running)


@pytest.mark.parametrize("down", [1, 4])
def test_refused_for_a_while(lab, row, database, down):
    """Where nobody listens for a while, a reading waits and goes on."""
    reading, seen, later = asyncio.run(read_while(lab, database, down))
    row(f"connection refused, {down}x", reading.outcome, seen + later)
    assert reading.complete
    assert seen + later == lab.fine


def test_refused_for_good(lab, row, database):
    """Where nobody listens, a reading ends after as many attempts as set."""
    reading, seen, later = asyncio.run(read_while(lab, database, down=99))
    row("connection refused, always", reading.outcome, seen + later)
    assert type(reading.error) is errors.ConnectError
    assert (reading.error.attempts, reading.error.never_sent) == (5, True)
    assert reading.error.plan.records == lab.page
    assert seen + later == 1


@pytest.fixture
def names(monkeypatch):
    """Know ``sage.test``, but for as many look-ups as are noted as failing."""
    asked = {"failing": 0, "count": 0}

    def install():
        loop = asyncio.get_running_loop()

        async def look_up(host, port, **_):
            asked["count"] += 1
            if asked["failing"]:
                asked["failing"] -= 1
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")
            stream = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*stream, ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        return asked

    return install


@pytest.mark.parametrize("failing", [1, 4, 99])
def test_names_that_are_not_found(lab, row, database, names, failing):
    """A name that is not found for a while is looked up again with each attempt."""

    async def main():
        asked = names()
        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            settings = sandbox.settings
            there = replace(
                settings, base_url=settings.base_url.replace("127.0.0.1", "sage.test")
            )
            async with lab.Client(there, clock=lab.Clock()) as client:
                asked["failing"] = failing
                reading = await lab.read(client, keys)
                reading.seen = list(sandbox.requests)
                asked["failing"] = 0
                assert await client.customers.first()
            return reading, asked["count"]

    reading, looked_up = asyncio.run(main())
    row(f"name not found, {failing}x", reading.outcome, len(reading.seen))
    if failing < 5:
        assert reading.complete
        assert len(reading.seen) == lab.fine
        assert looked_up == failing + 1
    else:
        assert type(reading.error) is errors.ConnectError
        assert reading.error.never_sent
        assert reading.seen == []


GONE = {"closed": Fault(cut=0, then="close"), "reset": Fault(cut=0, then="reset")}


@pytest.mark.parametrize("how", GONE)
def test_an_idle_connection_that_was_closed_meanwhile(lab, row, database, how):
    """Of a read on a line that was just closed, one more is sent, on a new line."""

    async def main():
        async with (
            Sandbox(database=database) as sandbox,
            lab.connected(sandbox, pool_size=1) as client,
        ):
            assert sandbox.connections == 1
            sandbox.faults = [GONE[how]]
            assert await client.customers.first()
            return len(sandbox.requests)

    requests = asyncio.run(main())
    row(f"idle connection {how}, GET", "complete", requests)
    assert requests == 2


def test_an_idle_connection_that_was_closed_before(lab, row, database):
    """A line that is known to be closed is not used: nothing is sent in vain."""

    async def main():
        async with (
            Sandbox(database=database) as sandbox,
            lab.connected(sandbox, pool_size=1) as client,
        ):
            sandbox.faults = [Fault(then="close")] * 20
            for _ in range(20):
                assert await client.customers.first()
                await lab.until(lambda: not sandbox.connections)
            return len(sandbox.requests)

    requests = asyncio.run(main())
    row("idle connections closed, 20 GETs", "complete", requests)
    assert requests == 20
