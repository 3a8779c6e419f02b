"""The sandbox as its users hold it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import web

from sage200_async.errors import ClientClosed
from sage200_async.sandbox.behaviour import Behaviour
from sage200_async.sandbox.data.company import COMPANY, SITE
from sage200_async.sandbox.data.seed import open_store
from sage200_async.sandbox.oauth.identity import CLIENT_ID, CLIENT_SECRET, Identity
from sage200_async.sandbox.server.server import BASES, Server
from sage200_async.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sage200_async.sandbox.oauth.identity import TokenRequest, TokenStatus
    from sage200_async.sandbox.server.faults import Fault
    from sage200_async.sandbox.server.server import RecordedRequest, RequestHook
    from sage200_async.sandbox.store.store import Store

_LONGEST_LINE = 64 * 1024
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound


class Sandbox:
    """A Sage 200 server: sign-in, sites, and every resource of the catalog.

    It speaks real HTTP, keeps its records in SQLite, and reads ``$filter`` with
    a parser that shares nothing with this library's printer: a judge, not an
    echo.

    Records are made up when a resource is first asked for, so that starting
    costs nothing. Those below a parent refer to one that is there.

    Args:
        records: How many made-up records of each resource. Of those left out
            there are three, or as many as there are literals; but no customers,
            products and orders, unless nothing is asked for at all: then there
            is a small company.
        seed: Another seed, another company; the same seed, the same records,
            however many of them.
        data: A folder with a file ``<resource>.ndjson`` for each resource,
            instead of made-up records.
        database: A file to keep the records in, or ``":memory:"``. A file that
            holds records already is served as it is.
        host: The address to listen at.
        port: The port to listen at; 0 for one that is free.
        behaviour: How to play what is unknown of the service, and its faults.

    Raises:
        SettingsError: On entering: *records* names an unknown resource, or a
            file of *data* is missing or malformed.

    Example:
        >>> import asyncio
        >>> async def count() -> int:
        ...     async with Sandbox(records={"customers": 3}) as sandbox:
        ...         return sandbox.store.count("customers")
        >>> asyncio.run(count())
        3
    """

    def __init__(
        self,
        records: Mapping[str, int] | None = None,
        *,
        seed: int = 1,
        data: str | Path | None = None,
        database: str | Path = ":memory:",
        host: str = "127.0.0.1",
        port: int = 0,
        behaviour: Behaviour | None = None,
    ) -> None:
        self._records = records
        self._seed = seed
        self._data = data
        self._database = database
        self._host = host
        self._port = port
        self._behaviour = behaviour or Behaviour()
        self._identity = Identity(self._behaviour)
        self._store: Store | None = None
        self._server: Server | None = None
        self._runner: web.AppRunner | None = None
        self._before: RequestHook | None = None

    async def __aenter__(self) -> Self:
        """Fill the store and listen."""
        store = await asyncio.to_thread(
            open_store, self._database, self._records, self._seed, self._data
        )
        server = Server(store, self._identity, self._behaviour)
        server.before = self._before
        runner = web.AppRunner(
            server.application(),
            access_log=None,
            shutdown_timeout=0.2,
            max_line_size=_LONGEST_LINE,
        )
        try:
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException:
            await runner.cleanup()
            store.close()
            raise
        self._store, self._server, self._runner = store, server, runner
        self._port = int(runner.addresses[0][1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and close the store."""
        if self._runner is not None and self._store is not None:
            await self._runner.cleanup()
            self._store.close()
        self._runner = None

    @property
    def settings(self) -> Settings:
        """Settings of a client of this sandbox. Each reading signs in anew."""
        return Settings(
            edition=self._behaviour.edition,
            base_url=self.url + BASES[self._behaviour.edition],
            token_url=f"{self.url}/oauth/token",
            authorization_url=f"{self.url}/authorize",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            refresh_token=self._identity.sign_in(),
            site=SITE,
            company=COMPANY,
        )

    @property
    def url(self) -> str:
        """Where the sandbox listens: scheme, host and port."""
        host = "127.0.0.1" if self._host in _EVERYWHERE else self._host
        return (
            f"http://[{host}]:{self._port}"
            if ":" in host
            else f"http://{host}:{self._port}"
        )

    @property
    def behaviour(self) -> Behaviour:
        """How it plays what is unknown, and its faults. May be replaced."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = self._identity.behaviour = behaviour
        if self._server is not None:
            self._server.behaviour = behaviour

    @property
    def before(self) -> RequestHook | None:
        """Awaited before each API request; what it gives, if anything, is the answer."""
        return self._before

    @before.setter
    def before(self, hook: RequestHook | None) -> None:
        self._before = hook
        if self._server is not None:
            self._server.before = hook

    @property
    def faults(self) -> deque[Fault | None]:
        """What goes wrong with the API requests to come, one entry for each.

        None lets a request be answered truly, as do all after the last entry.
        May be set, and added to while the sandbox runs.

        Example:
            >>> from sage200_async.sandbox import Fault
            >>> sandbox.faults = [Fault(status=503)]
            >>> run(client.customers.first()) is None
            False
            >>> [seen.status for seen in sandbox.requests[-2:]]
            [503, 200]
        """
        return self._running.faults

    @faults.setter
    def faults(self, script: Iterable[Fault | None]) -> None:
        self._running.faults = deque(script)

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every API request so far, in order of arrival. May be cleared."""
        return self._running.seen

    @property
    def token_requests(self) -> list[TokenRequest]:
        """Every call of the token endpoint so far. May be cleared."""
        return self._identity.requests

    @property
    def in_flight(self) -> int:
        """API requests that are being handled now."""
        return self._running.in_flight

    @property
    def connections(self) -> int:
        """Connections that clients hold open now."""
        server = None if self._runner is None else self._runner.server
        return 0 if server is None else len(server.connections)

    @property
    def store(self) -> Store:
        """The records, for oracles and other writers."""
        if self._store is None:
            raise ClientClosed("the sandbox is not running: use it in 'async with'")
        return self._store

    def token_status(self, refresh_token: str) -> TokenStatus:
        """Tell what became of a refresh token: a used one in a store is a lost one."""
        return self._identity.token_status(refresh_token)

    def expire_tokens(self) -> None:
        """Reject every access token issued so far."""
        self._identity.expire_tokens()

    def revoke(self) -> None:
        """Kill every refresh token issued so far: someone has to sign in again."""
        self._identity.revoke()

    @property
    def _running(self) -> Server:
        if self._server is None:
            raise ClientClosed("the sandbox is not running: use it in 'async with'")
        return self._server
