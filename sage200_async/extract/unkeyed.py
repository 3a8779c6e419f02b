"""Resources without a unique key, read twice where that is the only proof."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import ExtractError, QueryError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.sink_thread import SinkThread
    from sage200_async.query.collection import CollectionQuery

_TRIES: Final = 3
_MODULUS: Final = 2**128
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_ONCE: Final = "read in one page"
_TWICE: Final = "read twice, with the same records both times"


class Digest:
    """The records of a read, in any order: their count and the sum of their hashes."""

    def __init__(self) -> None:
        self.records = 0
        self.pages = 0
        self._sum = 0

    def add(self, records: Sequence[Any]) -> None:
        """Add the records of a page."""
        self.pages += 1
        self.records += len(records)
        for record in records:
            encoded = _ENCODER.encode(record)
            hashed = hashlib.blake2b(encoded, digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(hashed)) % _MODULUS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Digest):
            return NotImplemented
        return (self.records, self._sum) == (other.records, other._sum)

    def __hash__(self) -> int:
        return hash((self.records, self._sum))


async def read_unkeyed(
    query: CollectionQuery[Any],
    thread: SinkThread,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource that has no unique key into a sink that is open.

    One page is proof in itself. Several are read twice and must be the same
    both times, as others who write meanwhile would shift them.

    Raises:
        ExtractError: The two reads differ, again and again.
    """
    ordered = _ordered(query)
    for _ in range(_TRIES):
        started_at = time.time()
        written = await _write(ordered, thread, on_progress)
        if written.pages <= 1 or await _digest(ordered) == written:
            certificate = Certificate(
                path=query.endpoint.path,
                proof=_ONCE if written.pages <= 1 else _TWICE,
                query=ordered.url,
                records=written.records,
                requests=written.pages,
                started_at=started_at,
                ended_at=time.time(),
            )
            await thread.commit(certificate)
            return certificate
        await thread.reopen()  # what was written is not the whole
    message = (
        f"{query.endpoint.path}: two reads differed, {_TRIES} times: it has no unique "
        "key, and others write to it; try again when it is quiet"
    )
    raise ExtractError(message)


async def _write(
    query: CollectionQuery[Any],
    thread: SinkThread,
    on_progress: Callable[[Progress], object] | None,
) -> Digest:
    """Write all pages to the sink; return the digest of their records."""
    digest = Digest()
    await thread.begin(Checkpoint(query=query.url, started_at=time.time()))
    async for page in query.pages():
        digest.add(page.records)
        await thread.write(None, page.records)
        if on_progress is not None:
            on_progress(Progress(records=digest.records, requests=digest.pages))
    return digest


async def _digest(query: CollectionQuery[Any]) -> Digest:
    """Read all pages; return the digest of their records."""
    digest = Digest()
    async for page in query.pages():
        digest.add(page.records)
    return digest


def _ordered(query: CollectionQuery[Any]) -> CollectionQuery[Any]:
    """Return *query* with an order that is as total as possible, if it has none.

    Raises:
        QueryError: The record is unknown, so that there is nothing to order by.
    """
    if query.options.order_by:
        return query
    endpoint = query.endpoint
    if endpoint.record is None:
        raise QueryError(
            f"{endpoint.path}: it has no unique key; give the query an order_by"
        )
    namespace: Fields = endpoint.record.fields
    kinds = names_of(type(namespace))
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    ids = [name for name in plain if name.endswith("_id")]
    ordered = {term.partition(" ")[0] for term in endpoint.default_order}
    further = [name for name in (ids or plain[:4]) if name not in ordered]
    return query.order_by(*endpoint.default_order, *further)
