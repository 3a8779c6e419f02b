"""Resources without a unique key: read whole, and twice where that is the only proof."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import ExtractError, QueryError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.rows import rows_of
from sage200_async.odata.fields import Fields, names_of
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.sink import Sink
    from sage200_async.extract.tables import Table
    from sage200_async.query.collection import CollectionQuery

_TRIES: Final = 3
_MODULUS: Final = 2**128
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_ONCE: Final = "one page, which the server gave as it stood"
_TWICE: Final = "read twice, and the same came both times"


class Digest:
    """What was read, whatever its order: a count and a sum of hashes."""

    def __init__(self) -> None:
        self.records = 0
        self.pages = 0
        self._sum = 0

    def add(self, records: Sequence[Any]) -> None:
        """Add the records of a page."""
        self.pages += 1
        self.records += len(records)
        for record in records:
            found = hashlib.blake2b(_ENCODER.encode(record), digest_size=16).digest()
            self._sum = (self._sum + int.from_bytes(found)) % _MODULUS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Digest):
            return NotImplemented
        return (self.records, self._sum) == (other.records, other._sum)

    def __hash__(self) -> int:
        return hash((self.records, self._sum))


async def read_whole(
    query: CollectionQuery[Any],
    sink: Sink,
    tables: Sequence[Table],
    call: Any,
    on_progress: Callable[[Progress], object] | None = None,
) -> Certificate:
    """Read a resource that has no unique key into *sink*.

    One page is proof in itself. Several are read twice, and have to be the
    same: others who write meanwhile would shift them.

    Raises:
        ExtractError: They differ, again and again.
    """
    ordered = _ordered(query)
    for _ in range(_TRIES):
        begun = time.time()
        first = await _kept(ordered, sink, tables, call, on_progress)
        proof = _ONCE if first.pages <= 1 else _TWICE
        if first.pages <= 1 or await _looked(ordered) == first:
            certificate = Certificate(
                path=query.endpoint.path,
                proof=proof,
                query=ordered.url,
                records=first.records,
                requests=first.pages,
                started_at=begun,
                ended_at=time.time(),
            )
            await call(sink.commit, certificate)
            return certificate
        await call(sink.open, tables)  # what was staged is not the whole: again
    message = (
        f"{query.endpoint.path}: expected the same records from two readings, got "
        f"others {_TRIES} times: it has no unique key, and somebody writes to it"
    )
    raise ExtractError(message)


async def _kept(
    query: CollectionQuery[Any],
    sink: Sink,
    tables: Sequence[Table],
    call: Any,
    on_progress: Callable[[Progress], object] | None,
) -> Digest:
    digest = Digest()
    checkpoint = Checkpoint(query=query.url)
    async for page in query.pages():
        digest.add(page.records)
        await call(sink.write, rows_of(tables, page.records), checkpoint)
        if on_progress is not None:
            on_progress(Progress(records=digest.records, requests=digest.pages))
    return digest


async def _looked(query: CollectionQuery[Any]) -> Digest:
    digest = Digest()
    async for page in query.pages():
        digest.add(page.records)
    return digest


def _ordered(query: CollectionQuery[Any]) -> CollectionQuery[Any]:
    """Give *query* an order that is as total as can be, where it has none.

    Raises:
        QueryError: The record is unknown, so that no order can be made up.
    """
    if query.options.order_by:
        return query
    endpoint = query.endpoint
    if endpoint.record is None:
        raise QueryError(f"{endpoint.path}: expected an order_by, got none")
    namespace: Fields = endpoint.record.fields
    kinds = names_of(type(namespace))
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    ids = [name for name in plain if name.endswith("_id")]
    told = [each.partition(" ")[0] for each in endpoint.default_order]
    return query.order_by(
        *dict.fromkeys([*endpoint.default_order, *_rest(told, ids, plain)])
    )


def _rest(told: list[str], ids: list[str], plain: list[str]) -> list[str]:
    """Name further keys: ids, or where there is none, the first fields."""
    return [each for each in (ids or plain[:4]) if each not in told]
