"""Resources without a unique key, read twice: there is no other proof."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from sage200_async.errors import (
    BadRequest,
    DecodeError,
    ExtractError,
    PagingError,
    QueryError,
    RequestError,
)
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.odata.fields import Ordering
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.company import require_company
from sage200_async.paging.parallel import Progress
from sage200_async.query.bound_endpoint import connection_of
from sage200_async.query.keyless_order import order_of_all_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.extract.sink_thread import SinkThread
    from sage200_async.paging.stream import Page
    from sage200_async.query.collection import CollectionQuery

_TRIES: Final = 3
_MODULUS: Final = 2**128
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_PROOF: Final = "read twice, in opposite orders, with the same records both times"
_FEW: Final = 4
# Terms of an order where the server refuses more.
_ROOM: Final = 600
# Bytes of a query that an order leaves to skip, top and what else is asked.


class Digest:
    """The records of a read, in any order: their count and the sum of their hashes."""

    def __init__(self) -> None:
        self.records = self.pages = self.rejected = 0
        self._sum = 0

    def add(self, page: Page[Any]) -> None:
        """Add the records of a page."""
        self.pages += 1
        self.records += len(page.records)
        self.rejected += page.rejected
        for record in page.records:
            encoded = _ENCODER.encode(record)
            hashed = hashlib.blake2b(encoded, digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(hashed)) % _MODULUS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Digest):
            return NotImplemented
        return self._facts == other._facts

    def __hash__(self) -> int:
        return hash(self._facts)

    @property
    def total(self) -> int:
        """The records that arrived, those set aside included."""
        return self.records + self.rejected

    @property
    def _facts(self) -> tuple[int, int, int]:
        return self.records, self.rejected, self._sum


async def read_unkeyed(
    query: CollectionQuery[Any],
    thread: SinkThread,
    name: str,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource that has no unique key into a sink that is open.

    It is read twice, in opposite orders, and the records must be the same both times,
    and as many as the server counts, if it does:
    rows that others insert or delete meanwhile would shift the pages, and rows whose
    order the server leaves open may change places. That is as sure as it gets without
    a key: two changes that hide each other are not seen.

    Args:
        query: The resource, bound to a client.
        thread: The sink.
        name: What the sink's checkpoint calls the query.
        on_progress: Called after each write to the sink.

    Raises:
        ExtractError: The two reads differ, again and again.
    """
    started_at = time.time()
    ordered = await _ordered(query)
    backward = _reversed(ordered)
    for _ in range(_TRIES):
        try:
            written = await _write(ordered, thread, name, on_progress)
            again = await _digest(backward)
        except PagingError:  # rows have moved
            await thread.reopen()
            continue
        if written == again and await _counted(query) in {None, written.total}:
            if not written.records:
                await require_company(connection_of(query).transport, query.context)
            certificate = Certificate(
                path=query.endpoint.path,
                company=f"{query.context.site}/{query.context.company}",
                proof=_PROOF,
                query=ordered.url,
                records=written.records,
                rejected=written.rejected,
                requests=written.pages + again.pages,
                started_at=started_at,
                ended_at=time.time(),
            )
            return await thread.commit(certificate)
        await thread.reopen()  # what was written is not the whole
    message = (
        f"{query.endpoint.path}: two reads in opposite orders differed, {_TRIES} times: "
        "it has no unique key, and others write to it, or the server cuts responses; try "
        "again when it is quiet"
    )
    raise ExtractError(message)


async def _write(
    query: CollectionQuery[Any],
    thread: SinkThread,
    name: str,
    on_progress: Callable[[Progress], object] | None,
) -> Digest:
    """Write all pages to the sink; return the digest of their records."""
    digest = Digest()
    await thread.begin(Checkpoint(query=name, started_at=time.time()))
    async for page in query.pages():
        digest.add(page)
        await thread.write(None, page.records)
        if on_progress is not None:
            on_progress(Progress(records=digest.records, requests=digest.pages))
    return digest


async def _digest(query: CollectionQuery[Any]) -> Digest:
    """Read all pages; return the digest of their records."""
    digest = Digest()
    async for page in query.pages():
        digest.add(page)
    return digest


async def _counted(query: CollectionQuery[Any]) -> int | None:
    """Return how many records the server counts, where nothing is filtered."""
    options = query.options
    if options.filter is not None or options.top is not None or options.skip:
        return None
    try:
        return await query.server_count()
    except (RequestError, DecodeError):
        return None


async def _ordered(query: CollectionQuery[Any]) -> CollectionQuery[Any]:
    """Return *query* with an order that is as total as possible.

    All fields that fit are its last terms; where the server refuses so many, a few.

    Raises:
        QueryError: The record is unknown, so that there is nothing to order by.
    """
    endpoint = query.endpoint
    room = query.context.max_query_bytes - len(query.url) - _ROOM
    order = order_of_all_fields(endpoint, query.options, room)
    if not order:
        raise QueryError(
            f"{endpoint.path}: it has no unique key; give the query an order_by"
        )
    own = query.options.order_by
    every = query.order_by(*order[len(own) :])
    try:
        await every.first()
    except BadRequest:
        return query.order_by(*order[len(own) : len(own) + _FEW])
    return every


def _reversed(query: CollectionQuery[Any]) -> CollectionQuery[Any]:
    """Return *query* in the opposite order."""
    order = [
        Ordering(term.field, descending=not term.descending)
        for term in query.options.order_by
    ]
    options = replace(query.options, order_by=tuple(order))
    return type(query)(query.endpoint, options, query.context, connection_of(query))
