"""Deletes: rows of a copy that the company no longer has.

Sage has no feed of deletes, so they are found by reading all keys. A row counts as
deleted only where that read is certified, the row is asked for once more and does
not come in a response that shows rows known to exist, and fewer rows are absent
than the limit allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import ExtractError
from sage200_async.extract.key_pieces import by_keys, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.client import Sage200Client
    from sage200_async.extract.reconcile import Differences
    from sage200_async.query.collection import CollectionQuery

_FEW: Final = 3
# Deletes that are believed in a small table, where one row is more than a tenth.
_EDGE: Final = 2
# Rows at either end of the table that are known to exist.
_AGAIN: Final = 2
# Times that it is asked again, since others may delete those rows meanwhile.


class DeletePolicy(Struct, frozen=True, kw_only=True):
    """How many deletes are believed at once."""

    max_fraction: float = 0.1
    """The share of all rows that may be marked at once; 1 for any number, 0 for none.

    More looks like an incomplete listing: a tunnel that is down, a role that
    hides rows. Three rows are believed in a table of any size, as long as the
    company still lists others.
    """

    def believes(self, differences: Differences) -> bool:
        """Return whether as many rows may be deleted as are absent.

        Records that did not fit were not listed, but are there.
        """
        absent = len(differences.absent) - differences.rejected
        if absent <= 0 or self.max_fraction >= 1:
            return True
        allowed = max(_FEW, self.max_fraction * differences.held)
        return bool(differences.listed and self.max_fraction and absent <= allowed)


async def deleted_keys(
    client: Sage200Client,
    query: CollectionQuery[Any],
    differences: Differences,
    policy: DeletePolicy,
) -> list[int]:
    """Return the keys of the copy that the company no longer has.

    Args:
        client: The company.
        query: The records of the copy; only their keys are read.
        differences: A listing that is certified, compared with the copy.
        policy: How many are believed.

    Raises:
        ExtractError: There are more than is believed, or the company cannot be
            shown to be reachable.
    """
    absent = sorted(differences.absent)
    if not absent:
        return []
    if not policy.believes(differences):
        raise ExtractError(_too_many(query, differences))
    await _require_company(client, query)
    return await proved_gone(query, absent, differences)


async def proved_gone(
    query: CollectionQuery[Any], keys: Sequence[int], differences: Differences
) -> list[int]:
    """Ask for *keys* once more; return those that the company does not have.

    Each response has to show rows known to exist, beyond the keys in its own
    direction: one that was cut short lacks them. The rows known to exist may be deleted
    meanwhile: then the lowest and the highest rows are read anew, and it is asked again.

    Raises:
        ExtractError: A response lacks the rows known to exist, each time.
    """
    known = sorted({*differences.lowest, *differences.highest} - set(keys))
    if not differences.listed:  # nothing is known to exist
        cut = pieces(query, query.endpoint.key or "", sorted(keys))
        there = {one for piece in cut for one in await _returned(query, piece, [])}
        return sorted(set(keys) - there)
    return await _gone(query, keys, known, _AGAIN)


async def _gone(
    query: CollectionQuery[Any], keys: Sequence[int], known: list[int], again: int
) -> list[int]:
    """Return those of *keys* that do not come, though *known* rows do."""
    if keys and not known:
        raise ExtractError(_not_again(query))
    below = sorted(one for one in keys if one < known[-1])
    above = sorted(one for one in keys if one > known[-1])
    gone: list[int] = []
    for part in (below, above):  # asked for in different directions
        for piece in pieces(query, query.endpoint.key or "", part, known):
            returned = await _returned(query, piece, known)
            if any(map(returned.isdisjoint, _sides(piece, known))):
                gone += await _gone_again(query, piece, known, again)
            else:
                gone += [absent for absent in piece if absent not in returned]
    return gone


def _sides(piece: Sequence[int], known: Sequence[int]) -> list[Sequence[int]]:
    """Return rows known to exist, of each of which one has to come with *piece*.

    They are those at both ends of the table, and those on either side of the piece: a
    key may lie between the two last rows, and a response end there.

    Example:
        >>> _sides([8], [1, 2, 7, 9])
        [[1, 2], [7, 9], [1, 2, 7], [9]]
    """
    below = [one for one in known if one < piece[0]]
    above = [one for one in known if one > piece[-1]]
    sides = known[:_EDGE], known[-_EDGE:], below, above
    return [side for side in sides if side]


async def _returned(
    query: CollectionQuery[Any], piece: Sequence[int], known: Sequence[int]
) -> set[int]:
    """Ask for a piece and the known rows, which come last on one side of it."""
    key = query.endpoint.key or ""
    rows = by_keys(query, key, [*piece, *known])
    if known and piece[0] > known[-1]:
        rows = rows.order_by(f"{key} desc")
    return {getattr(row, key) async for row in rows}


async def _gone_again(
    query: CollectionQuery[Any], piece: Sequence[int], known: list[int], again: int
) -> list[int]:
    """Ask for a piece beside the rows that are the lowest and the highest by now.

    Those known before have to be gone as well, where they are not among them: what
    shows them after all shows that a response was cut.
    """
    if not again:
        raise ExtractError(_not_again(query))
    key = query.endpoint.key or ""
    edges = [query.order_by(f"{key}{order}").top(_EDGE) for order in ("", " desc")]
    now = {getattr(row, key) for edge in edges for row in [one async for one in edge]}
    now -= set(piece)
    vanished = set(known) - now
    gone = await _gone(query, [*piece, *vanished], sorted(now), again - 1)
    if not vanished.issubset(gone):
        raise ExtractError(_not_again(query))
    return [one for one in gone if one not in vanished]


def _not_again(query: CollectionQuery[Any]) -> str:
    return (
        f"{query.endpoint.path}: rows that were listed a moment ago did not come "
        "again; no row was marked as deleted. Sync again later"
    )


def _too_many(query: CollectionQuery[Any], differences: Differences) -> str:
    return (
        f"{query.endpoint.path}: {len(differences.absent):,} of {differences.held:,} rows seem to be "
        f"deleted, and {differences.listed:,} are listed; no row was marked. The "
        "listing looks incomplete (a tunnel that is down, a role that hides rows); if "
        "they are deleted indeed, raise --max-deleted (max_deleted= of a feed, "
        "DeletePolicy(max_fraction=) of a sync)"
    )


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
