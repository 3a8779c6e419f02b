"""The client: it stacks the transports and owns their lifetime."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from sage200_async.auth.stores import Tokens, store_at
from sage200_async.auth.token_endpoint import token_refresher
from sage200_async.auth.token_manager import TokenManager
from sage200_async.catalog.endpoints import Endpoints
from sage200_async.errors import QueryError, SettingsError
from sage200_async.events import Events
from sage200_async.odata.encoding import encode_query
from sage200_async.query.endpoint import Bindable, Endpoint
from sage200_async.query.operations import Resource
from sage200_async.query.schema_diff import SchemaDiff, compare, read_metadata
from sage200_async.settings import Settings  # noqa: TC001 - seen by doctests
from sage200_async.transport.auth import Auth
from sage200_async.transport.base import Clock
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.events import EventTransport
from sage200_async.transport.http import HttpTransport
from sage200_async.transport.retry import Retry, RetryPolicy
from sage200_async.transport.subscription import Subscription
from sage200_async.transport.throttle import Throttle
from sage200_async.wire.messages import Request, company_request
from sage200_async.wire.responses import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from sage200_async.catalog import Site
    from sage200_async.errors import DecodeError
    from sage200_async.events import Event
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Response

Q = TypeVar("Q", bound=Bindable)
UntypedResource = Resource[dict[str, Any], dict[str, Any], dict[str, Any]]
"""A resource that the catalog does not know."""


class Sage200Client(Endpoints):
    """One Sage 200 company, with an attribute for each of its resources.

    Use it with ``async with``: it holds a pool of connections and the tokens.

    Args:
        settings: How to reach the service.
        quarantine: Called with a `DecodeError` for each record that does not
            fit, so that the rest of its page goes on; without it the error
            ends the stream.
        transport: Replaces the whole stack of transports, for tests.
        clock: Replaces time, for tests.

    Raises:
        SettingsError: There is nothing to sign in with.

    Example:
        >>> async def held():
        ...     async with Sage200Client(sandbox.settings) as client:
        ...         return await client.customers.filter(on_hold=True).count()
        >>> run(held()) > 0
        True
    """

    def __init__(
        self,
        settings: Settings,
        *,
        quarantine: Callable[[DecodeError], None] | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self._owner = True
        self.quarantine = quarantine
        self.events = Events()
        self._clock = clock or Clock()
        self._http = HttpTransport(settings, self._clock)
        self._watch = EventTransport(self._http, self.events, self._clock)
        self._keeper = _keeper(settings, self._watch, self._clock, self.events)
        self.transport: Transport = transport or self._stack()
        if transport is None:
            _require_credentials(settings)

    def _stack(self) -> Transport:
        settings = self.settings
        throttled = Throttle(self._watch, settings.max_connections, self.events)
        keys = settings.subscription_key, settings.secondary_subscription_key
        authorized = Auth(Subscription(throttled, *keys), self._keeper)
        policy = RetryPolicy(
            max_attempts=settings.max_attempts,
            max_seconds=settings.max_retry_seconds,
            call_seconds=settings.total_timeout,
        )
        budget = RetryBudget(settings.retries_per_second, self._clock)
        return Retry(authorized, policy, self._clock, budget=budget, events=self.events)

    async def __aenter__(self) -> Self:
        if self._owner:
            await self._http.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let a refresh that is under way end, then close every connection.

        A client made by `at` has nothing of its own to close.
        """
        if not self._owner:
            return
        await self._keeper.drain()
        await self._http.close()

    def at(self, site: Site | str, company: int | str | None = None) -> Self:
        """Give a client for another company: the same pool and the same tokens.

        It costs nothing until it is used, and lives as long as this one.

        Args:
            site: A row of `sites`, or a site's GUID with a *company*.
            company: The company's number.

        Raises:
            SettingsError: The site or the company is not given.

        Example:
            >>> async def names():
            ...     for site in await client.sites():
            ...         async with client.at(site) as other:
            ...             return other.settings.site == site.site_id
            >>> run(names())
            True
        """
        guid = site if isinstance(site, str) else site.site_id or ""
        number = company if isinstance(site, str) else site.company_id
        for name, value in (("site", guid), ("company", number)):
            if value in {"", None}:
                message = f"{name}: expected a row of sites() or its number, got none"
                raise SettingsError(message, name=name)
        other = copy.copy(self)
        other.settings = replace(self.settings, site=guid, company=str(number))
        other._owner = False  # noqa: SLF001 - a copy of this one
        return other

    def subscribe(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call *listener* with each `Event` of this client and those made by `at`.

        It is called at once, in the middle of the work: let it be quick. One
        that fails is logged, and the work goes on.

        Returns:
            A function that ends it.

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
        """Bind *query* to this client: one that was pickled, or made elsewhere.

        Example:
            >>> import pickle
            >>> stored = pickle.dumps(client.customers.top(2))
            >>> run(client.run(pickle.loads(stored)).count())
            2
        """
        return query.bound(self.settings.context, self, self.settings.page_size)

    def resource(self, path: str, *, key: str | None = None) -> UntypedResource:
        """Give a resource that the catalog does not know, untyped.

        Records are dicts with numbers as `Decimal`; all else is alike.

        Args:
            path: Below the base URL, such as ``sop_returns``.
            key: Its unique ascending key, if it has one: with it, paging
                loses no record while others write.

        Example:
            >>> async def codes():
            ...     rows = client.resource("products", key="id").select("code").top(2)
            ...     return [row["code"] async for row in rows]
            >>> len(run(codes()))
            2
        """
        return self.run(Endpoint(path.strip("/"), UntypedResource, key=key).query)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        idempotent: bool | None = None,
    ) -> Response:
        """Send a request of your own, through the same policies.

        Args:
            method: GET, POST, PUT or DELETE.
            path: Below the base URL, percent-encoded.
            query: Query options, not encoded.
            body: JSON.
            idempotent: Whether it may be sent twice; by default, unless it
                is a POST.

        Returns:
            The reply, read to its end.

        Raises:
            StatusError: The reply is no success.

        Example:
            >>> reply = run(client.request("GET", "customers", query={"$top": "1"}))
            >>> reply.status
            200
        """
        encoded = encode_query((query or {}).items())
        method = method.upper()
        request = company_request(
            self.settings.context,
            method,
            path,
            encoded,
            body,
            idempotent=method != "POST" if idempotent is None else idempotent,
        )
        reply = await self.transport.send(request)
        return replace(reply, body=bytes(reply.body))

    async def schema_diff(self, resource: str, *, sample: int = 100) -> SchemaDiff:
        """Compare a record of the catalog with the live service.

        It asks for ``$metadata=true``, and for some records as they come.
        Nothing breaks when Sage adds a field: this tells of it.

        Args:
            resource: Its name, as an attribute of the client.
            sample: Records to look at, 1 to 5000.

        Raises:
            QueryError: The catalog has no such resource, or it is not listed.
            DecodeError: The reply to ``$metadata`` cannot be read.

        Example:
            >>> bool(run(client.schema_diff("customers")))
            False
        """
        endpoint = self.endpoints().get(resource)
        if endpoint is None or endpoint.record is None or "list" not in endpoint.verbs:
            raise QueryError(f"expected a resource that is listed, got {resource!r}")
        asked = {"$metadata": "true", "$top": "1"}
        announced = read_metadata(await self.request("GET", resource, query=asked))
        rows = self.resource(endpoint.path, key=endpoint.key).top(sample)
        if endpoint.key is None:
            rows = rows.page_size(sample)
        return compare(endpoint.record.fields, announced, [row async for row in rows])

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


def _keeper(
    settings: Settings, http: Transport, clock: Clock, events: Events
) -> TokenManager:
    seed = Tokens(settings.access_token, settings.refresh_token)
    ask = token_refresher(settings, http, clock)
    store = store_at(settings.token_store)
    return TokenManager(store, seed, ask, clock, events=events)


def _require_credentials(settings: Settings) -> None:
    """Refuse at once what could only fail at the first request."""
    store = settings.token_store
    empty = isinstance(store, str) and store.startswith("memory:")
    if empty and not (settings.access_token or settings.refresh_token):
        message = "expected refresh_token, access_token or a token_store, got none"
        raise SettingsError(message, name="refresh_token")
    if settings.refresh_token and not settings.client_id:
        message = "client_id is missing, and a refresh_token needs it"
        raise SettingsError(message, name="client_id")
