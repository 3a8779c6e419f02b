"""Proof that a reading is complete: ranges of keys that leave no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from msgspec import Struct

from sage200_async._notebook import table, utc_text
from sage200_async.paging.json_form import decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sage200_async.paging.key_ranges import KeyRange, KeyRanges


class PlanPart(Struct, frozen=True):
    """Which range of which plan was read."""

    plan_id: str
    """The plan's own name: another plan of the same query has another."""
    number: int
    """The range's position in the plan, from 0."""
    low: int
    """The highest key below the range."""
    high: int
    """The highest key of the range."""


class Certificate(Struct, frozen=True, kw_only=True):
    """Why a reading is complete. Keep it beside the data."""

    path: str
    company: str = ""
    """Whose records they are: the site and the company, ``site/company``."""
    proof: str = "read by key, no gaps, up to the highest key"
    """Why it is complete. By key: every record that existed during the whole read
    came exactly once."""
    key: str = ""
    """The unique ascending key that the reading went by; empty without one."""
    query: str
    """The query of each range, without the range."""
    min_key: int | None = None
    """The lowest key when the reading began; None where nothing matched."""
    max_key: int | None = None
    """The highest key when the reading began; None where nothing matched."""
    records: int
    rejected: int = 0
    """Records that did not fit, and went to the quarantine."""
    count_before: int | None = None
    """Records that matched when the reading began, as the server counts them; None
    where it does not, or where an ``in_`` was split."""
    count_after: int | None = None
    """Records up to the highest key when it ended, where nothing was filtered."""
    lowest: int | None = None
    """The lowest key read."""
    highest: int | None = None
    """The highest key read."""
    requests: int
    """Pages that were requested, by all runs of a reading that was resumed."""
    started_at: float
    """When the first run began, in seconds since 1970, by the client's clock."""
    ended_at: float
    """In seconds since 1970, by the client's clock."""
    part: PlanPart | None = None
    """Which range of a plan was read, and no more than that; `certify` makes one
    certificate of all. None for a whole reading."""

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return encoded(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Return the certificate that *data* holds.

        Raises:
            QueryError: It holds something else.
        """
        return decoded(data, cls)

    def _repr_html_(self) -> str:
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        values |= {name: utc_text(values[name]) for name in ("started_at", "ended_at")}
        return table(f"certificate of {values.pop('path')}", values.items())


def missing(done: Iterable[KeyRanges], bounds: Iterable[KeyRange | None]) -> str:
    """Return what keeps a reading from being complete; empty where nothing does."""
    lacking = [
        f"keys above {gap.low} up to {gap.high} were not read"
        for ranges, whole in zip(done, bounds, strict=True)
        if whole is not None
        for gap in ranges.missing(whole)
    ]
    return "; ".join(lacking)
