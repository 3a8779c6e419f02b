"""Rows that wait for the next append to the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sage200_async.extract.key_order import require_count, require_key_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.tables import Table
    from sage200_async.paging.key_ranges import KeyRange


class PendingBlock(Struct):
    """The rows of adjoining ranges, for each table by its name."""

    low: int | None
    """The key below the first of them; None without a unique key."""
    rows: dict[str, list[Any]]
    """Rows, or the JSON of records; or record batches."""


class PendingRows:
    """Rows that were written, but are not in the journal yet.

    Rows of a range that adjoins the one before become part of its block, as a
    few large blocks are encoded faster than many small ones.

    Args:
        tables: The tables that have rows.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.form: SinkForm = "rows"
        """The form of all that waits."""
        self._tables = tables
        self._names = [table.name for table in tables]
        self._clear()

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def count(self) -> int:
        """Rows that wait, of all tables."""
        return self._count

    def checked(
        self, key_range: KeyRange | None, rows: Any
    ) -> tuple[Mapping[str, Sequence[Any]], int]:
        """Return what is written for each table by its name, and how many rows it has.

        Raises:
            SinkConflict: A row is not one of the range.
        """
        if self.form == "rows":
            require_key_order(self._tables, key_range, rows)
            return rows, sum(map(len, rows.values()))
        name = self._tables[0].name
        require_count(name, key_range, rows)
        return {name: rows if self.form == "lines" else [rows]}, len(rows)

    def add(
        self,
        key_range: KeyRange | None,
        rows: Mapping[str, Sequence[Any]],
        count: int,
    ) -> None:
        """Add the rows of a range, *count* of all tables."""
        low, high = (
            (None, None) if key_range is None else (key_range.low, key_range.high)
        )
        block = self._blocks.pop(low, None)
        if block is None:
            block = PendingBlock(low, {name: [] for name in self._names})
        for name in self._names:
            block.rows[name] += rows.get(name, ())
        self._count += count
        self._blocks[high] = block

    def take(self) -> list[PendingBlock]:
        """Return all blocks, and hold none."""
        blocks = list(self._blocks.values())
        self._clear()
        return blocks

    def _clear(self) -> None:
        self._count = 0
        self._blocks: dict[int | None, PendingBlock] = {}
        # By the key at which each ends, where an adjoining range begins.
