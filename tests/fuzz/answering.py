"""A server that answers anything, and knows which writes it has carried out."""

import asyncio
from dataclasses import dataclass, field

from sage200_async.settings import Settings
from sage200_async.transport.base import Clock

SETTINGS = Settings(
    client_id="client",
    client_secret="hush-secret",
    refresh_token="hush-refresh-0",
    access_token="hush-access-0",
    subscription_key="hush-key",
    site="guid",
    company=7,
    max_attempts=3,
    check_inputs="off",
)


class FakeClock(Clock):
    """Time that passes only by `sleep`, which returns at once and is recorded."""

    def __init__(self):
        self.time = 1_700_000_000.0
        self.slept = []

    def now(self):
        return self.time

    def monotonic(self):
        return self.time

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True, repr=False)
class Answer:
    """What a server sends, and whether it has done what it was asked for."""

    status: int = 200
    body: bytes = b"[]"
    headers: tuple[tuple[str, bytes], ...] = ()
    done: bool = False
    foreign: bool = False
    """Whether no client may take it for a record, nor for a write that was done."""
    right: bool = False
    """Whether every client has to read it."""
    framing: str = "length"
    """Or "chunked", "open" (it ends with the connection), "short" or "long"."""
    then: str = "keep"

    def __repr__(self):
        fields = (
            f"{name}={value!r:.120}" for name, value in vars(self).items() if value
        )
        return f"Answer({', '.join(fields)})"

    @property
    def refuses(self):
        """Whether it says that nothing was done."""
        return self.status // 100 == 4 or self.status in {307, 308}

    @property
    def is_readable(self):
        """Whether a client can read the status, and with it what was done."""
        plain = all(len(value) < 8_000 and value.isascii() for _, value in self.headers)
        return plain and self.then != "reset"

    def wire(self):
        """Return the bytes that go over the wire."""
        sizes = {"length": 0, "short": 7, "long": -min(7, len(self.body))}
        lines = [f"HTTP/1.1 {self.status} Whatever".encode()]
        lines += [f"{name}: ".encode() + value for name, value in self.headers]
        if self.framing in sizes:
            size = len(self.body) + sizes[self.framing]
            lines.append(f"Content-Length: {size}".encode())
        if self.framing == "chunked":
            lines.append(b"Transfer-Encoding: chunked")
        head = b"\r\n".join([*lines, b"", b""])
        if self.framing != "chunked" or not self.body:
            return head + self.body + (b"0\r\n\r\n" * (self.framing == "chunked"))
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.body), self.body)

    @property
    def ends(self):
        """Whether the connection has to be closed after it."""
        return self.then if self.framing in {"length", "chunked"} else "close"


@dataclass
class AnsweringServer:
    """Answers API requests by a script, whose last answer it repeats."""

    script: list[Answer]
    methods: list[str] = field(default_factory=list)
    did: bool = False
    """Whether a write was carried out."""

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1/"
        self._busy = set()
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _talk(self, reader, writer):
        self._busy.add(task := asyncio.current_task())
        task.add_done_callback(self._busy.discard)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        _, _, length = head.partition("content-length: ")
        await reader.readexactly(int(length.split("\r\n")[0]) if length else 0)
        method = head.partition(" ")[0].upper()
        answer = self.script[min(len(self.methods), len(self.script) - 1)]
        self.methods.append(method)
        self.did = self.did or (answer.done and not answer.refuses and method != "GET")
        if answer.then == "reset":
            writer.transport.abort()
            return False
        writer.write(answer.wire())
        await writer.drain()
        return answer.ends == "keep"
