"""What an endpoint is to a job that writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sage200_async.wire.messages import company_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sage200_async.odata.namespaces import Fields
    from sage200_async.paging.page_reader import Connection
    from sage200_async.settings import CompanyContext
    from sage200_async.wire.json_types import Untyped
    from sage200_async.wire.messages import Response


class Target(NamedTuple):
    """Where rows are written, and where their records are looked up."""

    connection: Connection
    context: CompanyContext
    path: str
    """Where records are created, below the base URL."""
    found_in: str
    """Where they are looked up; elsewhere than `path` for documents."""
    by: tuple[str, ...]
    """The fields that they are looked up by; empty where nobody knows any."""
    key: str
    """The unique key of the records that are found."""
    fields: type[Fields] | None
    """The fields of the records that are found, or None where they are unknown."""
    values_of: Callable[[object], Mapping[str, Any]]
    """Returns what of a row is written; raises a `QueryError` where it is none."""
    encode: Callable[[Mapping[str, Any]], tuple[bytes, str]]
    """Returns a row as JSON, and what it lacks to be a new record; raises a
    `QueryError` where it breaks rules."""
    item_path: Callable[[object], str]
    """Returns the path of one record."""
    created: Callable[[Response], Untyped]
    """Returns what the response to a create shows; raises a `DecodeError`."""
    updated: Callable[[Response, object], Untyped | None]
    """Returns the record that the response to its update shows, or None where that is
    empty; raises a `DecodeError` where it shows anything else."""
    places: Callable[[type[Fields]], Mapping[str, int]]
    """Returns how many decimal places the fields of a record have."""


class Service:
    """Sends requests about one company, and counts them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.requests = 0

    async def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        *,
        idempotent: bool = True,
    ) -> Response:
        """Send one request, through the retries and limits of the client."""
        self.requests += 1
        request = company_request(
            self._target.context, method, path, query, body, idempotent=idempotent
        )
        return await self._target.connection.transport.send(request)
