"""Connection refused, name not found, or an idle connection that was closed."""

import asyncio
import contextlib
import socket

import pytest
from msgspec.structs import replace

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox


async def read_while_down(helpers, database, down):
    """Read while the server is down for *down* waits from the second page on."""
    port = helpers.free_port()
    clock = helpers.Clock()
    async with Sandbox(database=database, port=port) as sandbox:
        keys = sandbox.store.keys("customers")
        settings = replace(sandbox.settings, trust_short_pages=True)
        async with helpers.Client(settings, clock=clock) as client:
            pages = client.customers.select("id").page_size(helpers.page).pages()
            first = await anext(pages)
            before = len(sandbox.requests)
            await sandbox.__aexit__(None, None, None)

            async def come_back():
                if len(clock.slept) == down:
                    await sandbox.__aenter__()

            clock.on_sleep = come_back
            result = helpers.ReadResult(
                keys, [customer.id for customer in first.records]
            )
            try:
                async for page in pages:
                    result.ids += [customer.id for customer in page.records]
            except errors.Sage200Error as error:
                result.error = error
            requests = sandbox.requests if len(clock.slept) >= down else []
            return result, before, len(requests)


@pytest.mark.parametrize("down", [1, 4])
def test_refused_for_a_while(helpers, row, database, down):
    """If nothing listens for a while, a read waits and continues."""
    result, before, later = asyncio.run(read_while_down(helpers, database, down))
    row(f"connection refused, {down}x", result.outcome, before + later)
    assert result.complete
    assert before + later == helpers.fault_free_requests


def test_refused_for_good(helpers, row, database):
    """If nothing listens, a read fails after the maximum number of attempts."""
    result, before, later = asyncio.run(read_while_down(helpers, database, down=99))
    row("connection refused, always", result.outcome, before + later)
    assert type(result.error) is errors.ConnectError
    assert (result.error.attempts, result.error.never_sent) == (5, True)
    assert result.error.plan.records == helpers.page
    assert before + later == 1


@pytest.fixture
def names(monkeypatch):
    """Resolve ``sage.test``, except for the number of look-ups set as failing."""
    lookups = {"failing": 0, "count": 0}

    def install():
        loop = asyncio.get_running_loop()

        async def look_up(host, port, **_):
            lookups["count"] += 1
            if lookups["failing"]:
                lookups["failing"] -= 1
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")
            stream = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*stream, ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        return lookups

    return install


@pytest.mark.parametrize("failing", [1, 4, 99])
def test_a_name_that_is_not_found(helpers, row, database, names, failing):
    """A name that is not found is looked up again with each attempt."""

    async def main():
        lookups = names()
        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            settings = sandbox.settings
            by_name = replace(
                settings,
                base_url=settings.base_url.replace("127.0.0.1", "sage.test"),
                allow_insecure_http=True,
            )
            async with helpers.Client(by_name, clock=helpers.Clock()) as client:
                lookups["failing"] = failing
                result = await helpers.read(client, keys)
                result.requests = list(sandbox.requests)
                lookups["failing"] = 0
                assert await client.customers.first()
            return result, lookups["count"]

    result, count = asyncio.run(main())
    row(f"name not found, {failing}x", result.outcome, len(result.requests))
    if failing < 5:
        assert result.complete
        assert len(result.requests) == helpers.fault_free_requests
        assert count == failing + 1
    else:
        assert type(result.error) is errors.ConnectError
        assert result.error.never_sent
        assert result.requests == []


CLOSINGS = {"closed": Fault(cut=0, then="close"), "reset": Fault(cut=0, then="reset")}


@pytest.mark.parametrize("how", CLOSINGS)
def test_an_idle_connection_closed_during_the_request(helpers, row, database, how):
    """A read on a connection that was just closed is repeated once, on a new one."""

    async def main():
        async with (
            Sandbox(database=database) as sandbox,
            helpers.connected(sandbox, max_connections=1) as client,
        ):
            assert sandbox.connections == 1
            sandbox.faults = [CLOSINGS[how]]
            assert await client.customers.first()
            return len(sandbox.requests)

    requests = asyncio.run(main())
    row(f"idle connection {how}, GET", "complete", requests)
    assert requests == 2


def test_an_idle_connection_closed_before_the_request(helpers, row, database):
    """A connection known to be closed is not used: no request is wasted."""

    async def main():
        async with (
            Sandbox(database=database) as sandbox,
            helpers.connected(sandbox, max_connections=1) as client,
        ):
            sandbox.faults = [Fault(then="close")] * 20
            for _ in range(20):
                assert await client.customers.first()
                await helpers.until(lambda: not sandbox.connections)
            return len(sandbox.requests)

    requests = asyncio.run(main())
    row("idle connections closed, 20 GETs", "complete", requests)
    assert requests == 20


def test_a_create_after_an_idle_connection_was_closed(helpers, row):
    """A create after a closed connection is sent once, on a new connection."""

    async def main():
        async with (
            Sandbox(records={"customers": 3}) as sandbox,
            helpers.connected(sandbox, max_connections=1) as client,
        ):
            sandbox.faults = [Fault(then="close")]
            assert await client.customers.first()
            await helpers.until(lambda: not sandbox.connections)
            await client.customers.create({"reference": "NEW", "name": "New"})
            return [request.method for request in sandbox.requests]

    methods = asyncio.run(main())
    row("idle connection closed before, POST", "complete", len(methods) - 1)
    assert methods == ["GET", "POST"]


UNSOLICITED = {
    "another response": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[666]",
    "408": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    "the rest of a response": b'"}]',
}


class UnsolicitedServer:
    """Numbers its responses, and sends more bytes on an idle connection."""

    def __init__(self, extra):
        self._extra = extra
        self._idle = asyncio.Event()
        self.requests = 0
        self.connections = 0
        self.open = 0

    async def handle(self, reader, writer):
        self.connections += 1
        self.open += 1
        while await self._read_request(reader):
            self.requests += 1
            body = b"[%d]" % self.requests
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + body)
            await self._idle.wait()
            writer.write(self._extra if self.requests == 1 else b"")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.open -= 1

    async def _read_request(self, reader):
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def send_extra(self):
        """Send the extra bytes, and wait until they arrive."""
        self._idle.set()
        for _ in range(20):
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("what", UNSOLICITED)
def test_unsolicited_bytes(helpers, row, what):
    """A connection with unsolicited bytes is closed: no request gets another's response."""

    async def main():
        server = UnsolicitedServer(UNSOLICITED[what])
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        settings = helpers.Settings(
            base_url=f"http://127.0.0.1:{port}/", access_token="t", site="s", company=1
        )
        async with helpers.Client(settings, clock=helpers.Clock()) as client:
            bodies = [(await client.request("GET", "customers")).body]
            await server.send_extra()
            for _ in range(3):
                bodies.append((await client.request("GET", "customers")).body)
        await helpers.until(lambda: not server.open)
        listening.close()
        return bodies, server.connections

    bodies, connections = asyncio.run(main())
    row(f"unsolicited on an idle connection: {what}", "complete", len(bodies))
    assert bodies == [b"[1]", b"[2]", b"[3]", b"[4]"]
    assert connections == 2
