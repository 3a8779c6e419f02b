"""The client: it stacks the transports and owns their lifetime."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import asdict, replace

from sage200_async.auth import setup
from sage200_async.catalog.endpoints import Endpoints
from sage200_async.errors import ClientClosed, QueryError
from sage200_async.events import Events
from sage200_async.query.change_feed import FeedClient
from sage200_async.query.company import company_of
from sage200_async.query.endpoint import Bindable
from sage200_async.query.own_request import encode_options, require_path
from sage200_async.query.range_client import RangeClient
from sage200_async.query.resources import UntypedResource, untyped_endpoint
from sage200_async.settings import Settings
from sage200_async.transport.base import Clock
from sage200_async.transport.pool import Pool
from sage200_async.wire.messages import Request, company_request
from sage200_async.wire.responses import read_rows

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Self

    from sage200_async.auth.stores import TokenStore
    from sage200_async.catalog import Site
    from sage200_async.errors import DecodeError
    from sage200_async.events import Event
    from sage200_async.query.schema_diff import SchemaDiff
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Response

Q = TypeVar("Q", bound=Bindable)

_LOAD: Final = Settings()
# Stands for no settings at all: a None that comes of a mistake loads no profile.
_OF_SETTINGS: Final = {"settings", "transport", "_context", "_pool", "_token_manager"}
_NOT_LOADED: Final = (
    "The settings of this client are loaded when it is entered: use `async with "
    "Sage200Client() as client`, or Sage200Client(Settings.load())"
)


class Sage200Client(RangeClient, FeedClient, Endpoints):
    """One Sage 200 company, with an attribute for each of its resources.

    Use it with ``async with``: it holds a pool of connections and the tokens.

    Args:
        settings: How to reach the service; by default what `Settings.load` finds, in
            a thread, when the client is entered.
        quarantine: Called with a `DecodeError` for each record that does not
            fit, and the rest of its page is read; without it the error ends
            the stream.
        ssl_context: Verifies certificates, of the API and of the token endpoint;
            by default what the system trusts, and ``settings.ca_file``.
        transport: Replaces the whole stack of transports, for tests.
        clock: Replaces time, for tests.

    Raises:
        SettingsError: There are no credentials, or *ssl_context* does not verify.
            Without *settings*, on entering.

    Example:
        >>> async def held():
        ...     async with Sage200Client(sandbox.settings) as client:
        ...         return await client.customers.filter(on_hold=False).count()
        >>> run(held()) > 0
        True
    """

    def __init__(
        self,
        settings: Settings = _LOAD,
        *,
        quarantine: Callable[[DecodeError], None] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._owner = True
        self.quarantine = quarantine
        self.events = Events()
        self._clock = clock or Clock()
        self._ssl_context = ssl_context
        self._replaced = transport
        if settings is not _LOAD:
            self._use(setup.require_settings(settings))

    def _use(self, settings: Settings) -> None:
        self.settings = settings
        self._context = settings.context
        self._pool = Pool(settings, self._clock, self.events, self._ssl_context)
        self._token_manager = self._pool.token_manager(settings)
        self.transport = self._replaced or self._pool.transport(self._token_manager)
        if self._replaced is None:
            setup.require_credentials(settings)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in _OF_SETTINGS:
                return super().__getattr__(name)
            raise ClientClosed(_NOT_LOADED)

    async def __aenter__(self) -> Self:
        if "settings" not in vars(self):
            self._use(await asyncio.to_thread(Settings.load))
        if self._owner:
            await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait for token refreshes that are under way, then close every connection.

        On a client returned by `at` or `with_tokens` it closes nothing: the
        connections are not its own.
        """
        if self._owner and "settings" in vars(self):
            await self._pool.close()

    def at(self, site: Site | str, company: int | str | None = None) -> Self:
        """Return a client for another company: the same pool and the same tokens.

        It costs nothing until it is used, and lives as long as this one.

        Args:
            site: A row of `sites`, or a site's GUID with a *company*.
            company: The company's number; a row has its own.

        Raises:
            SettingsError: The site or the company is missing, or *company* is
                not that of the row.

        Example:
            >>> async def names():
            ...     for site in await client.sites():
            ...         async with client.at(site) as other:
            ...             return other.settings.site == site.site_id
            >>> run(names())
            True
        """
        guid, number = company_of(site, company)
        other = copy.copy(self)
        other.settings = replace(self.settings, site=guid, company=number)
        other._context = other.settings.context  # noqa: SLF001 - a copy of this one
        other._owner = False  # noqa: SLF001 - the same
        return other

    def with_tokens(self, store: TokenStore | str) -> Self:
        """Return a client for another person: other tokens, the same connections.

        For services in which many people are signed in. Connections, the limits
        of requests, and the budget of retries are shared; tokens, and what is
        learned of them, are the person's own. Keep it as long as the person is
        active: a new one reads the store again. It lives as long as this one,
        which waits for its refreshes when it is closed, and which needs no tokens
        itself: its ``token_store`` is an empty `MemoryStore` then.

        Args:
            store: The person's tokens, as `exchange_code` has stored them; a
                `TokenStore` or its URL.

        Raises:
            SettingsError: *store* is none, or can have no tokens.

        Example:
            >>> from sage200_async.auth.stores import MemoryStore, Tokens
            >>> store = MemoryStore()  # one for each person
            >>> run(store.save(Tokens(refresh_token=sandbox.settings.refresh_token)))
            >>> other = client.with_tokens(store)
            >>> bool(run(other.customers.first()))
            True
        """
        # Not `replace`, which checks nothing before msgspec 0.20.
        values: dict[str, Any] = asdict(self.settings)
        values |= {"token_store": store, "access_token": "", "refresh_token": ""}
        settings = type(self.settings)(**values)
        other = copy.copy(self)
        other.settings = setup.require_credentials(settings)
        other._owner = False  # noqa: SLF001 - a copy of this one
        tokens = self._pool.token_manager(settings)
        other._token_manager = tokens  # noqa: SLF001 - the same
        other.transport = self._replaced or self._pool.transport(tokens)
        return other

    def subscribe(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call *listener* with each `Event` of this client and of those from `at`.

        The call holds up the work, so it should be quick. An exception in it is
        logged, and the work goes on.

        Returns:
            A function that ends the subscription.

        Example:
            >>> from sage200_async.events import PageRead
            >>> pages = []
            >>> def note(event):
            ...     if isinstance(event, PageRead):
            ...         pages.append(event.records)
            >>> stop = client.subscribe(note)
            >>> _ = run(client.customers.first())
            >>> stop()
            >>> pages
            [1]
        """
        return self.events.subscribe(listener)

    def run(self, query: Q) -> Q:
        """Return *query*, bound to this client: one unpickled, or built elsewhere.

        Example:
            >>> import pickle
            >>> stored = pickle.dumps(client.customers.top(2))
            >>> run(client.run(pickle.loads(stored)).count())
            2
        """
        try:
            bound = query.bound
        except AttributeError:
            message = (
                f"run takes a query, such as Endpoints.customers.query, got {query!r}"
            )
            raise QueryError(message) from None
        return bound(self._context, self, self.settings.page_size)

    def resource(self, path: str, *, key: str | None = None) -> UntypedResource:
        """Return a resource that the catalog does not have, untyped.

        Its records are dicts with numbers as `Decimal`.

        Args:
            path: Below the base URL, such as ``sop_returns``.
            key: Its unique ascending key, if it has one: with it, paging
                misses no record while others write.

        Raises:
            QueryError: *path* is not the path of a resource.

        Example:
            >>> async def codes():
            ...     rows = client.resource("products", key="id").select("code").top(2)
            ...     return [row["code"] async for row in rows]
            >>> len(run(codes()))
            2
        """
        return self.run(untyped_endpoint(path, key).query)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        idempotent: bool | None = None,
    ) -> Response:
        """Send any other request, through the same retries, limits and tokens.

        Args:
            method: GET, POST, PUT or DELETE.
            path: Below the base URL, percent-encoded, without a query.
            query: Query options, not encoded.
            body: JSON.
            idempotent: Whether it may be sent twice; by default every method
                but POST.

        Returns:
            The response, read to its end.

        Raises:
            QueryError: *path* is not a path, or *query* does not map names.
            InvalidValue: A value of *query* is not text.
            StatusError: The response is no success.

        Example:
            >>> reply = run(client.request("GET", "customers", query={"$top": "1"}))
            >>> reply.status
            200
        """
        method = method.upper()
        request = company_request(
            self._context,
            method,
            require_path(path),
            encode_options({} if query is None else query),
            body,
            idempotent=method != "POST" if idempotent is None else idempotent,
        )
        reply = await self.transport.send(request)
        return replace(reply, body=bytes(reply.body))

    async def schema_diff(self, resource: str, *, sample: int = 100) -> SchemaDiff:
        """Compare a record of the catalog with the live service.

        It requests ``$metadata=true``, and some records as they come. Nothing
        breaks when Sage adds a field: this lists such fields.

        Args:
            resource: Its name, as an attribute of the client.
            sample: Records to read, 1 to 5000.

        Raises:
            QueryError: The catalog has no such resource, or it is not listed.
            DecodeError: The response to ``$metadata`` cannot be read.

        Example:
            >>> bool(run(client.schema_diff("customers")))
            False
        """
        from sage200_async.query import schema_diff as diff  # noqa: PLC0415 - late

        endpoint, record = diff.find_listed(self.endpoints(), resource)
        query = {"$metadata": "true", "$top": "1"}
        announced = diff.read_metadata(await self.request("GET", resource, query=query))
        rows = self.resource(endpoint.path, key=endpoint.key).top(sample)
        if endpoint.key is None:
            rows = rows.page_size(sample)
        return diff.compare(record.fields, announced, [row async for row in rows])

    async def sites(self) -> list[Site]:
        """List the companies that the user may use, one row for each.

        It needs no site and no company. An empty list can mean that the
        tunnel to an on-premises server is down.

        Source:
            ``GET /sites``: Sage 200 API guide, "Getting started".

        Example:
            >>> [site.company_name for site in run(client.sites())][:1]
            ['...']
        """
        base_url = self.settings.base_url
        request = Request(method="GET", base_url=base_url, path="sites")
        from sage200_async.catalog import Site  # noqa: PLC0415 - a late import

        return read_rows(await self.transport.send(request), Site)
