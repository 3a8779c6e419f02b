"""Copies kept in step: changes since the last time, and deletes.

Sage has no feed of either. Changes are found by the stamp that each write
moves on, read again from some time before where the last sync stood, since a
row can be committed with an older stamp than others that were there already.
DeletePolicy are found by reading all keys; a row is marked as deleted only where
that reading is certified, the row is asked for once more and does not come,
and it is no mass of them.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import ExtractError
from sage200_async.extract.extraction import Extraction, kept, read_into
from sage200_async.odata.fields import Field, field
from sage200_async.paging.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.client import Sage200Client
    from sage200_async.extract.sink import SyncTarget
    from sage200_async.odata.expressions import Expression
    from sage200_async.paging.parallel import Progress
    from sage200_async.query.collection import CollectionQuery

_STANDS: Final = "watermark"
_NEXT: Final = "next watermark"
_FEW: Final = 100
# DeletePolicy that are always believed, once confirmed.
_CHUNK: Final = 500
# Keys that are asked for at once, to confirm that they are gone.


class SyncResult(Struct, frozen=True, kw_only=True):
    """What a sync has done."""

    name: str
    whole: bool
    """Whether everything was read, rather than what has changed."""
    read: int
    """Records read: those changed, and some again because of the overlap."""
    deleted: int
    """Rows newly marked as deleted."""
    watermark: datetime | None
    """Where the next sync begins, less the overlap; None without a stamp."""
    certificate: Certificate


class DeletePolicy(Struct, frozen=True, kw_only=True):
    """What is believed of rows that are not found any more."""

    max_fraction: float = 0.1
    """The share of all rows that may be marked at once; 1 for any number.

    More looks like a listing that is not whole: a tunnel that was lost, a role
    that hides rows. Up to 100 rows are always believed.
    """


async def sync(
    client: Sage200Client,
    extraction: Extraction,
    mirror: SyncTarget,
    *,
    workers: int = 8,
    overlap: float = 3600.0,
    deletes: DeletePolicy | None = None,
    on_progress: Callable[[Progress], object] | None = None,
) -> SyncResult:
    """Bring *mirror* in step with the company.

    The first time everything is read; from then on what has changed, where the
    resource has a stamp that says so. Broken off at any moment, it goes on or
    begins again, and ends the same.

    Args:
        client: The company.
        extraction: What is copied.
        mirror: The copy.
        workers: Requests at once.
        overlap: Seconds before the last stamp seen from which changes are read
            again: longer than any transaction of the server takes.
        deletes: What is believed of rows that are gone.
        on_progress: Called with each step forward.

    Raises:
        ExtractError: A reading cannot be proved complete, or more rows seem
            deleted than is believed: none is marked then.
        SinkError: The mirror failed.
    """
    query: CollectionQuery[Any] = client.run(extraction.query)
    async with kept(mirror) as call:
        found = await call(mirror.open, extraction.tables)
        stands = _moment(await call(mirror.metadata, _STANDS))
        if stands is None:
            work = extraction
            if found is None or found.complete:
                found = None
                await _note(call, mirror, _NEXT, await _highest(query))
            upto = _moment(await call(mirror.metadata, _NEXT))
        else:
            upto = await _highest(query) or stands
            work, found = _changed(extraction, query, stands, overlap), None
        certificate = await read_into(
            client, work, mirror, call, found, workers=workers, on_progress=on_progress
        )
        believed = deletes or DeletePolicy()
        gone = await _gone(
            client, query, mirror, call, workers=workers, believed=believed
        )
        if gone:
            await call(mirror.mark_deleted, gone, time.time())
        await _note(call, mirror, _STANDS, upto)
    return SyncResult(
        name=extraction.name,
        whole=stands is None,
        read=certificate.records,
        deleted=len(gone),
        watermark=upto,
        certificate=certificate,
    )


def _changed(
    extraction: Extraction,
    query: CollectionQuery[Any],
    stands: datetime,
    overlap: float,
) -> Extraction:
    since = _stamp(query) >= stands - timedelta(seconds=overlap)
    return Extraction(
        name=extraction.name, query=query.filter(since), related=extraction.related
    )


def _stamp(query: CollectionQuery[Any]) -> Any:
    """Give the field that moves on with every change."""
    record = query.endpoint.record
    name = query.endpoint.watermark or ""
    return field(name) if record is None else getattr(record.fields, name)


async def _highest(query: CollectionQuery[Any]) -> datetime | None:
    """Ask for the latest stamp; None where there is none, or no such field.

    It is the server's own time: no clock of ours is compared with it.
    """
    name = query.endpoint.watermark
    if name is None or query.endpoint.key is None:
        return None
    latest = query.select(query.endpoint.key, name).order_by(f"{name} desc")
    row = await latest.first()
    return None if row is None else getattr(row, name)


async def _note(call: Any, mirror: SyncTarget, name: str, at: datetime | None) -> None:
    if at is not None:
        await call(mirror.metadata, name, at.astimezone(UTC).isoformat())


def _moment(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text)


async def _gone(
    client: Sage200Client,
    query: CollectionQuery[Any],
    mirror: SyncTarget,
    call: Any,
    *,
    workers: int,
    believed: DeletePolicy,
) -> list[int]:
    """Find the rows of the mirror that the company no longer has.

    Raises:
        ExtractError: They are too many to be believed, or what shows that they
            are gone does not show what is there.
    """
    key = query.endpoint.key
    if key is None:
        return []
    held = await call(lambda: set(mirror.keys()))
    present = await _present(query, key, workers)
    gone = sorted(held - present)
    if not gone:
        return []
    _believe(query, len(gone), len(held), len(present), believed)
    await _require_company(client, query)
    return await _confirmed(query, key, gone, sorted(present & held)[:3])


async def _present(query: CollectionQuery[Any], key: str, workers: int) -> set[int]:
    """Read all keys that there are, with a certificate."""
    async with query.select(key).read(workers=workers) as keys:
        present = {getattr(each, key) async for each in keys}
    if keys.certificate is None:
        raise ExtractError(f"{query.endpoint.path}: the keys were not read to the end")
    return present


def _believe(
    query: CollectionQuery[Any],
    gone: int,
    held: int,
    present: int,
    believed: DeletePolicy,
) -> None:
    if believed.max_fraction >= 1 or (
        present and gone <= max(_FEW, believed.max_fraction * held)
    ):
        return
    message = (
        f"{query.endpoint.path}: expected few deletes, got {gone:,} of {held:,} rows "
        f"gone and {present:,} there: it looks like a listing that is not whole (a "
        "tunnel that is down, a role that hides rows); none was marked. If they are "
        "deleted indeed, allow a larger share"
    )
    raise ExtractError(message)


async def _require_company(client: Sage200Client, query: CollectionQuery[Any]) -> None:
    """Refuse to believe anything while Sage does not name the company.

    Source: realnetintegrations.com: after its tunnel is lost, ``GET /sites``
    of an on-premises server is empty.
    """
    here = query.context
    for site in await client.sites():
        same = (site.site_id or "").lower() == here.site.lower()
        if same and str(site.company_id) == here.company:
            return
    message = (
        f"{query.endpoint.path}: expected the company {here.company} among the sites, "
        "got none: the tunnel to the server may be down; no row was marked as deleted"
    )
    raise ExtractError(message)


async def _confirmed(
    query: CollectionQuery[Any], key: str, gone: Sequence[int], known: Sequence[int]
) -> list[int]:
    """Ask for the rows once more, with some that are there: those have to come."""
    confirmed: list[int] = []
    for start in range(0, len(gone), _CHUNK):
        some = gone[start : start + _CHUNK]
        wanted: Expression = _key(query, key).in_([*some, *known])
        asked = query.filter(wanted).select(key)
        back = {getattr(each, key) async for each in asked}
        if not set(known) <= back:
            message = (
                f"{query.endpoint.path}: expected rows that were there a moment ago, "
                "got none of them: the listing is not whole; no row was marked as "
                "deleted"
            )
            raise ExtractError(message)
        confirmed += [each for each in some if each not in back]
    return confirmed


def _key(query: CollectionQuery[Any], key: str) -> Field[Any]:
    record = query.endpoint.record
    found: Field[Any] = field(key) if record is None else getattr(record.fields, key)
    return found
