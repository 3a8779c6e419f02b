"""Nobody listens, nobody knows the name, or the line was closed while it lay idle."""

import asyncio
import contextlib
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
            lab.connected(sandbox, max_connections=1) as client,
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
            lab.connected(sandbox, max_connections=1) as client,
        ):
            sandbox.faults = [Fault(then="close")] * 20
            for _ in range(20):
                assert await client.customers.first()
                await lab.until(lambda: not sandbox.connections)
            return len(sandbox.requests)

    requests = asyncio.run(main())
    row("idle connections closed, 20 GETs", "complete", requests)
    assert requests == 20


def test_a_create_after_an_idle_connection_was_closed(lab, row):
    """A create goes out on a new line where the old one is known to be closed: once."""

    async def main():
        async with (
            Sandbox(records={"customers": 3}) as sandbox,
            lab.connected(sandbox, max_connections=1) as client,
        ):
            sandbox.faults = [Fault(then="close")]
            assert await client.customers.first()
            await lab.until(lambda: not sandbox.connections)
            await client.customers.create({"reference": "NEW", "name": "New"})
            return [seen.method for seen in sandbox.requests]

    methods = asyncio.run(main())
    row("idle connection closed before, POST", "complete", len(methods) - 1)
    assert methods == ["GET", "POST"]


UNASKED = {
    "another reply": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[666]",
    "408": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    "the rest of a reply": b'"}]',
}


class Talkative:
    """A server that numbers its replies, and says more on a line that lies idle."""

    def __init__(self, more):
        self._more = more
        self._idle = asyncio.Event()
        self.heads = 0
        self.lines = 0
        self.open = 0

    async def talk(self, reader, writer):
        self.lines += 1
        self.open += 1
        while await self._asked(reader):
            self.heads += 1
            body = b"[%d]" % self.heads
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + body)
            await self._idle.wait()
            writer.write(self._more if self.heads == 1 else b"")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.open -= 1

    async def _asked(self, reader):
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def say_more(self):
        """Let the rest be said, and arrive."""
        self._idle.set()
        for _ in range(20):
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("what", UNASKED)
def test_what_nobody_asked_for(lab, row, what):
    """A line on which something came by itself is closed: no reply answers another."""

    async def main():
        server = Talkative(UNASKED[what])
        listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        given = lab.Settings(
            base_url=f"http://127.0.0.1:{port}/", access_token="t", site="s", company=1
        )
        async with lab.Client(given, clock=lab.Clock()) as client:
            bodies = [(await client.request("GET", "customers")).body]
            await server.say_more()
            for _ in range(3):
                bodies.append((await client.request("GET", "customers")).body)
        await lab.until(lambda: not server.open)
        listening.close()
        return bodies, server.lines

    bodies, lines = asyncio.run(main())
    row(f"unasked on an idle line: {what}", "complete", len(bodies))
    assert bodies == [b"[1]", b"[2]", b"[3]", b"[4]"]
    assert lines == 2
