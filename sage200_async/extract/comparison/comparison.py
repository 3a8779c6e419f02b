"""The rows of a source against those of a copy: digests only, and some rows to show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.extract.comparison.canonical import canonical, row_digests
from sage200_async.extract.comparison.differences import (
    Change,
    Difference,
    DifferenceKind,
    TableCounts,
    changes_of,
    values_of,
)
from sage200_async.extract.comparison.digests import Digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.extract.comparison.copy_reader import CopyContent, CopyReader
    from sage200_async.extract.tables import Row, Table

_MODULUS: Final = 1 << 128
_KEYS: Final = range(-(2**63), 2**63)
_ABSENT: Final = frozenset({"missing", "extra", "marked deleted"})


class Scope(Struct, frozen=True):
    """Which records are compared, and which of their rows are stored to be shown."""

    only: Collection[int] | None = None
    """The keys of the records; None for all."""
    shown: Collection[int] = ()
    """The keys of the records whose rows are stored."""


class Outcome(Struct, frozen=True, kw_only=True):
    """The result of one comparison."""

    differing: dict[int, int]
    """For each record that differs, by its key: a number that is the same in a later
    comparison if both sides have the same values then."""
    counts: tuple[TableCounts, ...]
    differences: tuple[Difference, ...]
    """Those of the records that are shown."""
    problems: tuple[str, ...]
    """What is wrong with the copy's tables themselves."""


class TableComparison:
    """One table of the source against that of the copy.

    Args:
        table: The table, with the columns that are compared.
        columns: Which columns of the source's rows those are.
        scope: Which records are compared.
        keyed: Whether the resource has a unique key.
    """

    def __init__(
        self, table: Table, columns: Sequence[int], scope: Scope, *, keyed: bool
    ) -> None:
        self.table = table
        self.held = Digests()
        """Rows of the copy, less those of the source."""
        self.absent = Digests()
        """Rows of the source whose key the copy does not have."""
        self.source = self.copy = 0
        self.strays: dict[DifferenceKind, int] = {"missing": 0, "extra": 0}
        """Rows with keys that no row can have, such as text."""
        self.source_rows: dict[tuple[int, int], Row] = {}
        self.copy_rows: dict[tuple[int, int], Row] = {}
        self._columns, self._scope = columns, scope
        names = [column.name for column in table.columns]
        self._key = [names.index(name) for name in table.key] if keyed else []

    def add_copy(self, rows: Sequence[Row]) -> None:
        """Add rows of the copy."""
        self.copy += len(rows)
        for key, row, digest in self._with_keys(rows):
            if not _is_key(key):
                self.strays["extra"] += 1
                continue
            self.held.add(*key, digest)
            if key[0] in self._scope.shown:
                self.copy_rows[key] = row

    def add_source(self, rows: Sequence[Row]) -> None:
        """Add rows of the source, with the compared columns only."""
        self.source += len(rows)
        for key, row, digest in self._with_keys(rows):
            if not _is_key(key):
                self.strays["missing"] += 1
                continue
            if not self.held.subtract(*key, digest):
                self.absent.add(*key, digest)
            if key[0] in self._scope.shown:
                self.source_rows[key] = row

    def compared_columns(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows of the source without columns that the copy does not have."""
        if all(len(row) == len(self._columns) for row in rows[:1]):
            return rows
        return [tuple(row[n] for n in self._columns) for row in rows]

    def _with_keys(
        self, rows: Sequence[Row]
    ) -> Iterator[tuple[tuple[int, int], Row, bytes]]:
        """Yield the rows of the scope with their keys and digests."""
        only = self._scope.only
        if self._key:
            keys = [self._key_of(row) for row in rows]
            if only is not None:
                chosen = [
                    n
                    for n, key in enumerate(keys)
                    if key[0] in only or not _is_key(key)
                ]
                rows, keys = [rows[n] for n in chosen], [keys[n] for n in chosen]
            yield from zip(keys, rows, row_digests(self.table, rows), strict=True)
            return
        for row, digest in zip(rows, row_digests(self.table, rows), strict=True):
            key = int.from_bytes(digest[:8], signed=True)
            if only is None or key in only:
                yield (key, 0), row, digest

    def _key_of(self, row: Row) -> tuple[Any, Any]:
        first, *rest = self._key
        return row[first], row[rest[0]] if rest else 0


class Comparison:
    """All tables of a source against those of a copy.

    Args:
        tables: The tables of the source, the resource's own first.
        scope: Which records are compared.
        stamp: The column with the stamp of the last change; empty without one.
    """

    def __init__(self, tables: Sequence[Table], scope: Scope, stamp: str = "") -> None:
        self._tables, self._scope, self._stamp = tables, scope, stamp
        self._keyed = bool(tables[0].key)
        self._compared: list[TableComparison] = []
        self._marked: set[int] = set()
        self._problems: tuple[str, ...] = ()

    def load(self, copy: CopyContent, is_stopped: Callable[[], bool]) -> None:
        """Read the copy, until its end or until nobody waits for it."""
        self._problems = copy.problems
        for table, compared in zip(self._tables, copy.tables, strict=True):
            names = [column.name for column in table.columns]
            columns = [names.index(column.name) for column in compared.columns]
            one = TableComparison(compared, columns, self._scope, keyed=self._keyed)
            for rows in copy.rows(compared):
                if is_stopped():
                    return
                one.add_copy(rows)
            self._compared.append(one)
        only = self._scope.only
        marked = copy.marked_deleted() if self._keyed else ()
        self._marked = {key for key in marked if only is None or key in only}

    def add_source(self, rows: Mapping[str, Sequence[Row]], reader: CopyReader) -> None:
        """Compare rows of the source, by the names of their tables."""
        for one in self._compared:
            chosen = one.compared_columns(rows.get(one.table.name, ()))
            one.add_source(reader.as_stored(one.table, chosen))

    def outcome(self) -> Outcome:
        """Return what differs."""
        differing: dict[int, int] = defaultdict(int)
        counts: list[TableCounts] = []
        differences: list[Difference] = []
        whole_rows: set[int] = set()  # of records that only one side has
        for number, one in enumerate(self._compared):
            counter = Counter(one.strays)
            for key, position, kind, rows, digest in self._entries(one):
                if number and key in whole_rows:
                    continue
                counter[kind] += rows
                differing[key] = (differing[key] + digest) % _MODULUS
                if not number and self._keyed and kind in _ABSENT:
                    whole_rows.add(key)
                if key in self._scope.shown:
                    differences += self._shown(one, (key, position), kind, rows)
            counts.append(_counts(one, counter))
        differences.sort(key=lambda difference: difference.key)
        return Outcome(
            differing=dict(differing),
            counts=tuple(counts),
            differences=tuple(differences),
            problems=self._problems,
        )

    def _entries(
        self, one: TableComparison
    ) -> Iterator[tuple[int, int, DifferenceKind, int, int]]:
        """Yield what differs: key, position, kind, rows, and a digest of both sides."""
        for key, position, count, rest in one.held.rest():
            kind: DifferenceKind = "extra" if count > 0 else "missing"
            yield key, position, kind if count else "changed", abs(count) or 1, rest
        own = one is self._compared[0]
        for key, position, count, rest in one.absent.rest():
            marked = own and key in self._marked
            yield key, position, "marked deleted" if marked else "missing", count, rest

    def _shown(
        self,
        one: TableComparison,
        key: tuple[int, int],
        kind: DifferenceKind,
        rows: int,
    ) -> list[Difference]:
        source, copy = one.source_rows.get(key), one.copy_rows.get(key)
        changes: tuple[Change, ...] = ()
        if not self._keyed:
            row = copy if kind == "extra" else source
            if row is not None:
                changes = values_of(one.table, row, at_source=kind != "extra")
        elif kind == "changed" and source is not None and copy is not None:
            changes = changes_of(one.table, source, copy)
        difference = Difference(
            table=one.table.name,
            kind=kind,
            key=key[: len(one.table.key)] if self._keyed else (),
            changes=changes,
            behind=self._is_behind(key[0]) if kind == "changed" else None,
        )
        return [difference] * rows

    def _is_behind(self, key: int) -> bool | None:
        """Return whether the stamps of a record differ; None if there is no stamp."""
        own = self._compared[0]
        source = _stamp_of(own.table, own.source_rows.get((key, 0)), self._stamp)
        copy = _stamp_of(own.table, own.copy_rows.get((key, 0)), self._stamp)
        return None if source is None else source != copy


def _stamp_of(table: Table, row: Row | None, stamp: str) -> Any:
    names = [column.name for column in table.columns]
    if row is None or stamp not in names:
        return None
    return canonical("datetime", row[names.index(stamp)])


def _is_key(key: tuple[Any, Any]) -> bool:
    return all(type(part) is int and part in _KEYS for part in key)


def _counts(one: TableComparison, counter: Counter[DifferenceKind]) -> TableCounts:
    return TableCounts(
        name=one.table.name,
        source=one.source,
        copy=one.copy,
        changed=counter["changed"],
        missing=counter["missing"],
        extra=counter["extra"],
        marked_deleted=counter["marked deleted"],
    )
