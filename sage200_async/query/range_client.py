"""What a client does for processes that share a read: ranges, and a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sage200_async.errors import QueryError
from sage200_async.odata.plain_values import shown
from sage200_async.paging.read_plan import ReadRange
from sage200_async.query.endpoint import load_record
from sage200_async.query.own_request import require_path
from sage200_async.wire.json_types import Untyped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.auth.access_token import AccessToken
    from sage200_async.auth.token_manager import TokenManager
    from sage200_async.errors import DecodeError
    from sage200_async.events import Events
    from sage200_async.paging.parallel import RangeRead
    from sage200_async.paging.read_plan import RangeSource
    from sage200_async.settings import CompanyContext, Settings
    from sage200_async.transport.base import Transport

R = TypeVar("R")


class RangeClient:
    """The part of a client that reads ranges of plans, and hands out a token."""

    settings: Settings
    transport: Transport
    events: Events
    quarantine: Callable[[DecodeError], None] | None
    _context: CompanyContext
    _token_manager: TokenManager

    def read_range(
        self,
        key_range: ReadRange[R],
        *,
        workers: int = 1,
        prefetch: int = 1,
        ordered: bool = False,
    ) -> RangeRead[R]:
        """Read one range of a plan, made in this process or in another.

        Nothing that the plan knows is asked for again. A reading that was interrupted
        is started anew, and its records discarded; then `certify` takes the
        certificate of the new one.

        Args:
            key_range: One of the ``ranges`` of `PlannedQuery.plan`.
            workers: Requests at once, 1 or more.
            prefetch: Pages of records that may wait for the consumer, 0 or more.
            ordered: Whether the records come in the order of their keys.

        Returns:
            An async context manager to iterate over, like that of
            `CollectionQuery.read`. After the end it has a ``certificate``.

        Raises:
            QueryError: The range is of another company or another service.
            LimitError: A number is out of range.
            ExtractError: On iterating: records are missing.

        Example:
            >>> async def sizes():
            ...     plan, sizes = await client.customers.plan(parts=4), []
            ...     for key_range in plan.ranges:
            ...         async with client.read_range(key_range) as part:
            ...             sizes.append(len([customer async for customer in part]))
            ...     return sizes
            >>> run(sizes())
            [12, 13, 12, 13]
        """
        source = _source_of(key_range)
        _require_own(source, self._context)
        from sage200_async.paging.parallel import RangeRead  # noqa: PLC0415 - late

        model: Any = load_record(source.record or None) or Untyped
        return RangeRead(
            self,
            self._context,
            source.plan(self.settings.page_size),
            key_range,
            model,
            workers=workers,
            prefetch=prefetch,
            ordered=ordered,
        )

    async def access_token(self) -> AccessToken:
        """Return an access token that works, for processes that have no other.

        One that expires soon is refreshed first, once for all who share the token
        store. It lives as long as Sage lets it, and no longer: a worker that outlives
        it needs a new one. See `AccessToken.settings_for`.

        Raises:
            TokenError: There is none, and none could be obtained.

        Example:
            >>> token = run(client.access_token())
            >>> token
            AccessToken(expires_at=...)
            >>> async def count():
            ...     async with Sage200Client(token.settings_for(client.settings)) as worker:
            ...         return await worker.customers.count()
            >>> run(count())
            50
        """
        from sage200_async.auth.access_token import access_token  # noqa: PLC0415 - late

        return await access_token(self._token_manager)


def _source_of(key_range: object) -> RangeSource:
    if isinstance(key_range, ReadRange):
        source = key_range.source
        require_path(source.path)
        return source
    message = (
        "read_range takes one of plan.ranges, from await query.plan(), got "
        f"{shown(key_range)}"
    )
    raise QueryError(message)


def _require_own(source: RangeSource, context: CompanyContext) -> None:
    """Raise unless the range is of the client's own company and service."""
    theirs = (source.base_url.rstrip("/"), source.site.lower(), source.company)
    ours = (context.base_url.rstrip("/"), context.site.lower(), context.company)
    if theirs == ours:
        return
    message = (
        f"{source.path}: the range is of company {source.company} of site "
        f"{source.site} at {source.base_url}, and this client is for company "
        f"{context.company} of site {context.site} at {context.base_url}: use a client "
        "with the settings of the one that made the plan, or client.at(site)"
    )
    raise QueryError(message)
