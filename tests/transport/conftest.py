"""A clock that does not wait, a service in memory, and a misbehaving server."""

import asyncio
import socket
import struct
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.auth.token_endpoint import token_refresher
from sage200_async.auth.token_manager import TokenManager
from sage200_async.settings import Settings
from sage200_async.transport.auth import Auth, Bearer
from sage200_async.transport.base import Clock
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Request, Response
from sage200_async.wire.status import check

SETTINGS = Settings(
    client_id="client",
    client_secret="hush-secret",
    refresh_token="hush-refresh-0",
    access_token="hush-access-0",
    subscription_key="hush-key",
    site="guid",
    company=7,
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


async def turns(count):
    """Let the other tasks run for *count* turns of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


class Service:
    """The API and its token endpoint, as one transport.

    The token endpoint rotates refresh tokens and accepts each of them once. A
    request is recorded before `meanwhile` is awaited, and answered after.
    """

    def __init__(self, clock, meanwhile=turns, life=28_800):
        self.clock = clock
        self.meanwhile = meanwhile
        self.life = life
        self.access, self.refresh = "hush-access-0", "hush-refresh-0"
        self.bearers = []
        self.headers = []
        self.asked = []
        self.log = []
        self.forbids = False
        self.token_response = None

    async def send(self, request):
        to_tokens = request.base_url == SETTINGS.token_url
        respond = self._token if to_tokens else self._api
        return check(request, await respond(request), self.clock.now())

    async def _api(self, request):
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        self.bearers.append(bearer)
        self.headers.append(request.headers)
        self.log.append(("used", bearer))
        await self.meanwhile(1)
        forbids = self.forbids
        forbidden = forbids(request) if callable(forbids) else forbids
        valid = bearer == self.access and not forbidden
        return reply([]) if valid else Response(401)

    async def _token(self, request):
        refresh_token = parse_qs(request.body.decode())["refresh_token"][0]
        self.asked.append(refresh_token)
        await self.meanwhile(1)
        if self.token_response is not None:
            return self.token_response()
        if refresh_token != self.refresh:
            error = {"error": "invalid_grant", "error_description": "Unknown or used."}
            return reply(error, 403)
        number = len(self.asked)
        self.access, self.refresh = f"hush-access-{number}", f"hush-refresh-{number}"
        return reply(
            {
                "access_token": self.access,
                "refresh_token": self.refresh,
                "expires_in": self.life,
            }
        )

    def expire(self):
        """Reject every access token issued so far."""
        self.access = "hush-nobody-has-this"

    def auth(self, store=None, seed=None):
        """Return the policy around this service, and its token manager."""
        seed = Tokens("hush-access-0", "hush-refresh-0") if seed is None else seed
        store = MemoryStore() if store is None else store
        refresher = token_refresher(SETTINGS, self, self.clock)
        manager = TokenManager(store, seed, refresher, self.clock)
        return Auth(Bearer(self, manager), manager, self.clock), manager


class RawServer:
    """A server that sends exactly the bytes it is given.

    Args:
        answer: Takes the number of the request, from 1, and its head; returns
            bytes and what happens after them: keep, close, reset or stall.
        tls: An `ssl.SSLContext`, for TLS.
    """

    def __init__(self, answer, tls=None):
        self._answer = answer
        self._tls = tls
        self._over = asyncio.Event()
        self._busy = set()
        self.connections = 0
        self.heads = []
        self.bodies = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(
            self._talk, "127.0.0.1", 0, ssl=self._tls
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{port}/v1/"
        return self

    async def __aexit__(self, *_):
        self._over.set()
        self._server.close()
        if self._busy:
            await asyncio.wait(self._busy)

    async def _talk(self, reader, writer):
        self._busy.add(task := asyncio.current_task())
        task.add_done_callback(self._busy.discard)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        _, _, length = head.partition("content-length: ")
        size = int(length.split("\r\n")[0]) if length else 0
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(size))
        data, then = self._answer(len(self.heads), head)
        writer.write(data)
        await writer.drain()
        if then == "stall":
            await self._over.wait()
        if then == "reset":
            connection = writer.get_extra_info("socket")
            at_once = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.transport.abort()
        return then == "keep"


def http(body=b"[]", status="200 OK", *lines):
    """Return an HTTP response with the right length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


def ask(path="customers", method="GET", **fields):
    """Return a request to the API."""
    fields = {"base_url": SETTINGS.base_url, **fields}
    return Request(method=method, path=path, **fields)


@pytest.fixture(scope="session")
def helpers():
    """Return what the tests of this folder share."""
    return SimpleNamespace(
        Clock=FakeClock,
        RawServer=RawServer,
        Service=Service,
        ask=ask,
        http=http,
        settings=SETTINGS,
        turns=turns,
    )
