"""`Sandbox`: a Sage 200 server to run a client or tests against."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web

from sage200_async.errors import ClientClosed, SettingsError
from sage200_async.sandbox.arguments import checked_counts, checked_faults
from sage200_async.sandbox.behaviour import Behaviour
from sage200_async.sandbox.companies import Companies, CompanySource
from sage200_async.sandbox.data.company import COMPANIES, COMPANY, SITE
from sage200_async.sandbox.oauth.authorization_server import AuthorizationServer
from sage200_async.sandbox.oauth.requests import CLIENT_ID, CLIENT_SECRET
from sage200_async.sandbox.oauth.state import Grant
from sage200_async.sandbox.server.server import BASES, Server
from sage200_async.sandbox.snapshot import Snapshot, call_in_loop
from sage200_async.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from typing import Self

    from sage200_async.sandbox.oauth.state import TokenRequest, TokenStatus
    from sage200_async.sandbox.server.faults import Fault
    from sage200_async.sandbox.server.server import RecordedRequest, RequestHook
    from sage200_async.sandbox.store.store import Store

T = TypeVar("T")

_MAX_LINE = 64 * 1024
_NOT_RUNNING = "the sandbox is not running: use it in 'async with'"
_MONTH: Final = 30 * 86_400
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ALL_INTERFACES = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound


class Sandbox:
    """A Sage 200 server: sign-in, sites, and every resource of the catalog.

    It speaks real HTTP and stores its records in SQLite. It parses ``$filter``
    independently of the client, so that it notices if the client compiles a
    query wrongly.

    Records are made up when a resource is first used, so that starting is fast.
    Nested records refer to parents that exist. Each company that ``/sites`` lists
    has records of its own; those of `store` and `settings` belong to the first.

    Args:
        records: How many made-up records of each resource. A resource that is
            left out has three, or one for each enum value; customers, products
            and orders have none. Without *records* there is a small company.
        seed: The same seed makes the same records, however many of them.
        data: A folder with a file ``<resource>.ndjson`` for each resource,
            instead of made-up records.
        database: A file for the records, or ``":memory:"``. A file that holds
            records already is served as it is. The second company is beside it, as
            in ``shop-8.db`` beside ``shop.db``.
        host: The address to listen on.
        port: The port to listen on; 0 for any free one.
        public_host: The name by which clients reach it, if that is another than
            *host*, such as the name of a container.
        behaviour: Switches for what is unknown of the service, and for faults.

    Raises:
        SettingsError: *records* are no numbers. On entering: *records* has an unknown resource, *data* is
            missing or malformed, both are given, *database* is none, or *host* or
            *port* cannot be listened on.

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
        public_host: str = "",
        behaviour: Behaviour | None = None,
    ) -> None:
        self._source = CompanySource(
            records=checked_counts(records), seed=seed, data=data, database=database
        )
        self._host = host
        self._port = port
        self._public_host = public_host
        self._behaviour = behaviour or Behaviour()
        self._authorization_server = AuthorizationServer(self._behaviour)
        self._companies: Companies | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._runner: web.AppRunner | None = None
        self._request_hook: RequestHook | None = None

    async def __aenter__(self) -> Self:
        """Fill the store and start to listen."""
        companies, runner = Companies(self._source), None
        try:
            await asyncio.to_thread(companies.store, COMPANY)
            server = Server(companies, self._authorization_server, self._behaviour)
            server.request_hook = self._request_hook
            runner = web.AppRunner(
                server.application({self._host, self._public_host} - {""}),
                access_log=None,
                shutdown_timeout=0.2,
                max_line_size=_MAX_LINE,
            )
            await runner.setup()
            await self._listen(runner)
        except BaseException:
            if runner is not None:
                await runner.cleanup()
            companies.close()
            raise
        self._companies, self._server, self._runner = companies, server, runner
        self._port = int(runner.addresses[0][1])
        self._loop = asyncio.get_running_loop()
        return self

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise SettingsError(
                f"cannot listen on port {self._port} of {self._host!r} ({reason}): "
                "choose another port, or 0 for a free one",
                name="port",
            ) from None

    async def __aexit__(self, *error: object) -> None:
        """Stop listening and close the stores."""
        if self._runner is not None and self._companies is not None:
            await self._runner.cleanup()
            self._companies.close()
        self._runner = None

    @property
    def settings(self) -> Settings:
        """Settings for a client of this sandbox. Each access is a new sign-in."""
        return Settings(
            edition=self._behaviour.edition,
            base_url=self.url + BASES[self._behaviour.edition],
            token_url=f"{self.url}/oauth/token",
            authorization_url=f"{self.url}/authorize",
            allow_insecure_http=self._reachable_host not in _LOOPBACK,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            refresh_token=self._authorization_server.sign_in(),
            site=SITE,
            company=COMPANY,
        )

    @property
    def url(self) -> str:
        """The URL of the sandbox: scheme, host and port."""
        host = self._reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def _reachable_host(self) -> str:
        own = "127.0.0.1" if self._host in _ALL_INTERFACES else self._host
        return self._public_host or own

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
        self._running.faults = deque(checked_faults(script))

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
        """The records of the first company, for tests to read and to write."""
        return self.store_of(COMPANY)

    def store_of(self, company: int) -> Store:
        """Return the records of a company that ``/sites`` lists.

        Raises:
            KeyError: It lists no such company.
        """
        if self._companies is None:
            raise ClientClosed(_NOT_RUNNING)
        if company not in COMPANIES:
            raise KeyError(company)
        return self._companies.store(company)

    def snapshot(self) -> Snapshot:
        """Return all that it holds, for `restore`.

        That is: the records of every company, the next ids, `requests`,
        `token_requests`, `faults`, `behaviour`, `request_hook`, and every code and
        token. Requests that are being carried out are finished first. May be called
        from any thread. The snapshot is kept in memory, whatever *database* is.
        """
        return self._in_loop(
            lambda: Snapshot(
                self._running,
                self._authorization_server.snapshot(),
                self._running.snapshot(),
            )
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot, as often as wanted.

        Requests that are being carried out are finished first; those that have
        arrived and still wait (for a delay, a hook, the rest of their body) are
        refused with 503, and leave no trace. Connections stay open. Tables that were
        first used after the snapshot are made up anew when they are next used; those
        in *records* exist from the beginning. A database on disk is written back: its
        file then holds the records of the snapshot.

        May be called from any thread, but not while another one uses a `store`.

        Raises:
            ValueError: It is a snapshot of another sandbox, or of an earlier run.

        Example:
            >>> before = sandbox.snapshot()
            >>> first = sandbox.store.keys("customers")[0]
            >>> sandbox.store.delete("customers", first)
            >>> sandbox.restore(before)
            >>> sandbox.store.get("customers", first)["id"] == first
            True
        """
        if snapshot.owner is not self._running:
            message = "Expected a snapshot of this sandbox, got one of another"
            raise ValueError(message)

        def restore() -> None:
            self._running.restore(snapshot.server)
            self._authorization_server.restore(snapshot.tokens)
            self._request_hook = self._running.request_hook
            self.behaviour = self._running.behaviour

        self._in_loop(restore)

    def _in_loop(self, function: Callable[[], T]) -> T:
        """Call a function between two steps of the sandbox's event loop."""
        if self._loop is None or self._runner is None:
            raise ClientClosed(_NOT_RUNNING)
        return call_in_loop(self._loop, function)

    def create_access_token(self, seconds: int = _MONTH) -> str:
        """Return an access token of a new sign-in, for tools that cannot refresh.

        Args:
            seconds: How long it is valid: 30 days by default.
        """
        issuer = f"{self.url}/"
        return self._authorization_server.issue_access_token(issuer, Grant(), seconds)

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
