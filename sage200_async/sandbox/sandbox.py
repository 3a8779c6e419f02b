"""`Sandbox`: a Sage 200 server to run a client or tests against."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from aiohttp import web

from sage200_async.errors import ClientClosed
from sage200_async.sandbox.behaviour import Behaviour
from sage200_async.sandbox.data.company import COMPANY, SITE
from sage200_async.sandbox.data.seed import open_store
from sage200_async.sandbox.oauth.authorization_server import AuthorizationServer
from sage200_async.sandbox.oauth.requests import CLIENT_ID, CLIENT_SECRET
from sage200_async.sandbox.oauth.state import SignIn
from sage200_async.sandbox.server.server import BASES, Server
from sage200_async.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sage200_async.sandbox.oauth.state import TokenRequest, TokenStatus
    from sage200_async.sandbox.server.faults import Fault
    from sage200_async.sandbox.server.server import RecordedRequest, RequestHook
    from sage200_async.sandbox.store.store import Store

_MAX_LINE = 64 * 1024
_MONTH = 30 * 86_400
_NOT_RUNNING = "the sandbox is not running: use it in 'async with'"
_ALL_INTERFACES = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound


class Sandbox:
    """A Sage 200 server: sign-in, sites, and every resource of the catalog.

    It speaks real HTTP and stores its records in SQLite. It parses ``$filter``
    independently of the client, so that it notices if the client compiles a
    query wrongly.

    Records are made up when a resource is first used, so that starting is fast.
    Nested records refer to parents that exist.

    Args:
        records: How many made-up records of each resource. A resource that is
            left out has three, or one for each enum value; customers, products
            and orders have none. Without *records* there is a small company.
        seed: The same seed makes the same records, however many of them.
        data: A folder with a file ``<resource>.ndjson`` for each resource,
            instead of made-up records.
        database: A file for the records, or ``":memory:"``. A file that holds
            records already is served as it is.
        host: The address to listen on.
        port: The port to listen on; 0 for any free one.
        behaviour: Switches for what is unknown of the service, and for faults.

    Raises:
        SettingsError: On entering: *records* has an unknown resource, *data*
            is missing or malformed, or both are given.

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
        self._authorization_server = AuthorizationServer(self._behaviour)
        self._store: Store | None = None
        self._server: Server | None = None
        self._runner: web.AppRunner | None = None
        self._request_hook: RequestHook | None = None

    async def __aenter__(self) -> Self:
        """Fill the store and start to listen."""
        store = await asyncio.to_thread(
            open_store, self._database, self._records, self._seed, self._data
        )
        server = Server(store, self._authorization_server, self._behaviour)
        server.request_hook = self._request_hook
        runner = web.AppRunner(
            server.application(),
            access_log=None,
            shutdown_timeout=0.2,
            max_line_size=_MAX_LINE,
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
        """Settings for a client of this sandbox. Each access is a new sign-in."""
        return Settings(
            edition=self._behaviour.edition,
            base_url=self.url + BASES[self._behaviour.edition],
            token_url=f"{self.url}/oauth/token",
            authorization_url=f"{self.url}/authorize",
            allow_insecure_http=True,  # it may listen on another address
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            refresh_token=self._authorization_server.sign_in(),
            site=SITE,
            company=COMPANY,
        )

    @property
    def url(self) -> str:
        """The URL of the sandbox: scheme, host and port."""
        host = "127.0.0.1" if self._host in _ALL_INTERFACES else self._host
        return (
            f"http://[{host}]:{self._port}"
            if ":" in host
            else f"http://{host}:{self._port}"
        )

    @property
    def behaviour(self) -> Behaviour:
        """Its switches. May be replaced while it runs."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = self._authorization_server.behaviour = behaviour
        if self._server is not None:
            self._server.behaviour = behaviour

    @property
    def request_hook(self) -> RequestHook | None:
        """Awaited before each API request; a response that it returns is sent instead.

        May be set before and while the sandbox runs; None for no hook.
        """
        return self._request_hook

    @request_hook.setter
    def request_hook(self, hook: RequestHook | None) -> None:
        self._request_hook = hook
        if self._server is not None:
            self._server.request_hook = hook

    @property
    def faults(self) -> deque[Fault | None]:
        """What goes wrong with the next API requests, one entry for each.

        None stands for a true response; requests after the last entry get those,
        too. May be set, and added to, while the sandbox runs.

        Example:
            >>> from sage200_async.sandbox import Fault
            >>> sandbox.faults = [Fault(status=503)]
            >>> run(client.customers.first()) is None
            False
            >>> [request.status for request in sandbox.requests[-2:]]
            [503, 200]
        """
        return self._running.faults

    @faults.setter
    def faults(self, script: Iterable[Fault | None]) -> None:
        self._running.faults = deque(script)

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every API request so far, in order of arrival. May be cleared."""
        return self._running.requests

    @property
    def token_requests(self) -> list[TokenRequest]:
        """Every request to the token endpoint so far. May be cleared."""
        return self._authorization_server.requests

    @property
    def in_flight(self) -> int:
        """Number of API requests that are being handled now."""
        return self._running.in_flight

    @property
    def connections(self) -> int:
        """Number of connections that clients hold open now."""
        server = None if self._runner is None else self._runner.server
        return 0 if server is None else len(server.connections)

    @property
    def store(self) -> Store:
        """The records, for tests to read and to write."""
        if self._store is None:
            raise ClientClosed(_NOT_RUNNING)
        return self._store

    def create_access_token(self, seconds: int = _MONTH) -> str:
        """Return an access token of a new sign-in, for tools that cannot refresh.

        Args:
            seconds: How long it is valid: 30 days by default.
        """
        issuer = f"{self.url}/"
        return self._authorization_server.issue_access_token(issuer, SignIn(), seconds)

    def token_status(self, refresh_token: str) -> TokenStatus:
        """Return the state of a refresh token, to check what a token store holds."""
        return self._authorization_server.token_status(refresh_token)

    def expire_tokens(self) -> None:
        """Reject every access token issued so far."""
        self._authorization_server.expire_tokens()

    def revoke(self) -> None:
        """Revoke every refresh token issued so far: a person has to sign in again."""
        self._authorization_server.revoke()

    @property
    def _running(self) -> Server:
        if self._server is None:
            raise ClientClosed(_NOT_RUNNING)
        return self._server
