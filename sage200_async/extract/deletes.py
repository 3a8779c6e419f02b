"""Deletes: rows of a copy that the company no longer has.

Sage has no feed of deletes, so they are found by reading all keys. A row counts as
deleted only where that read is certified, the row is asked for once more and does
not come, and fewer rows are absent than the limit allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import ExtractError
from sage200_async.odata.fields import Field, field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.client import Sage200Client
    from sage200_async.extract.sink_thread import SyncTargetThread
    from sage200_async.odata.expressions import Expression
    from sage200_async.query.collection import CollectionQuery

_ALWAYS_BELIEVED: Final = 100
# Deletes that need no share of the rows, once confirmed.
_CHUNK: Final = 20
# Keys in one request that confirms deletes: with the known rows, as many as one
# request takes, so that each response has to show those rows.


class DeletePolicy(Struct, frozen=True, kw_only=True):
    """How many deletes are believed at once."""

    max_fraction: float = 0.1
    """The share of all rows that may be marked at once; 1 for any number.

    More looks like an incomplete listing: a tunnel that is down, a role that
    hides rows. Up to 100 rows are always believed.
    """


async def deleted_keys(
    client: Sage200Client,
    query: CollectionQuery[Any],
    thread: SyncTargetThread,
    *,
    workers: int,
    policy: DeletePolicy,
) -> list[int]:
    """Return the keys of the copy that the company no longer has.

    Raises:
        ExtractError: There are more than is believed, or the company cannot be
            shown to be reachable.
    """
    key = query.endpoint.key
    if key is None:
        return []
    copied = await thread.keys()
    listed = await _listed(query, key, workers)
    absent = sorted(copied - listed)
    if not absent:
        return []
    _require_believable(query, len(absent), len(copied), len(listed), policy)
    await _require_company(client, query)
    present = sorted(listed)
    return await _confirmed(query, key, absent, [*present[:2], *present[2:][-1:]])


async def _listed(query: CollectionQuery[Any], key: str, workers: int) -> set[int]:
    """Read all keys of the company, with a certificate."""
    async with query.select(key).read(workers=workers) as read:
        keys = {getattr(record, key) async for record in read}
    if read.certificate is None:
        raise ExtractError(f"{query.endpoint.path}: the keys were not read to the end")
    return keys


def _require_believable(
    query: CollectionQuery[Any],
    absent: int,
    copied: int,
    listed: int,
    policy: DeletePolicy,
) -> None:
    most = max(_ALWAYS_BELIEVED, policy.max_fraction * copied)
    if policy.max_fraction >= 1 or (listed and absent <= most):
        return
    message = (
        f"{query.endpoint.path}: {absent:,} of {copied:,} rows seem to be deleted, "
        f"and {listed:,} are listed; no row was marked. The listing looks incomplete "
        "(a tunnel that is down, a role that hides rows); if they are deleted "
        "indeed, raise --max-deleted or DeletePolicy(max_fraction=)"
    )
    raise ExtractError(message)


async def _require_company(client: Sage200Client, query: CollectionQuery[Any]) -> None:
    """Refuse deletes while the company is not among the sites.

    Source: realnetintegrations.com: after its tunnel is lost, ``GET /sites``
    of an on-premises server is empty.
    """
    context = query.context
    for site in await client.sites():
        same = (site.site_id or "").lower() == context.site.lower()
        if same and str(site.company_id) == context.company:
            return
    message = (
        f"{query.endpoint.path}: the company {context.company} is not among the "
        "sites; no row was marked as deleted. The tunnel to the server may be down"
    )
    raise ExtractError(message)


async def _confirmed(
    query: CollectionQuery[Any], key: str, absent: Sequence[int], known: Sequence[int]
) -> list[int]:
    """Ask for the absent rows once more, beside some known rows that must come.

    Each request asks for known rows too: no keys are asked for that would be split
    over several requests, since one of them could show nothing.
    """
    confirmed: list[int] = []
    start, size = 0, _CHUNK
    while start < len(absent):
        chunk = absent[start : start + size]
        wanted: Expression = field_named(query, key).in_([*chunk, *known])
        rows = query.filter(wanted).select(key)
        if rows.explain().subqueries > 1:
            if size == 1:
                raise ExtractError(_too_long(query))
            size //= 2
            continue
        returned = {getattr(row, key) async for row in rows}
        if not set(known) <= returned:
            message = (
                f"{query.endpoint.path}: rows that were listed a moment ago did not "
                "come again; no row was marked as deleted. Sync again later"
            )
            raise ExtractError(message)
        confirmed += [absent_key for absent_key in chunk if absent_key not in returned]
        start += size
    return confirmed


def _too_long(query: CollectionQuery[Any]) -> str:
    return (
        f"{query.endpoint.path}: the condition of this query is too long to confirm "
        "deletes with; no row was marked as deleted. Sync with a shorter in_"
    )


def field_named(query: CollectionQuery[Any], name: str) -> Field[Any]:
    """Return a field of the records of *query*."""
    record = query.endpoint.record
    known: Field[Any] = field(name) if record is None else getattr(record.fields, name)
    return known
