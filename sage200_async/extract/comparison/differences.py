"""What differs between a copy and its source, and how it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from sage200_async.extract.comparison.canonical import (
    FOREIGN_JSON_ERRORS,
    canonical,
    decode_json,
    encode_value,
)
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sage200_async.extract.tables import Column, Row, Table

DifferenceKind = Literal["changed", "missing", "extra", "marked deleted"]


class Change(Struct, frozen=True, kw_only=True):
    """One value that differs."""

    column: str
    """The column, or a value inside of related records as JSON: ``lines[2].price``."""
    source: Any
    """What the source has."""
    copy: Any
    """What the copy has."""
    detail: str = ""
    """How lists differ as a whole: in their lengths, or only in their order."""


class Difference(Struct, frozen=True, kw_only=True):
    """One row that differs."""

    table: str
    kind: DifferenceKind
    """``missing``: only the source has the row. ``extra``: only the copy has it, or
    has it more often; it was deleted at the source, or never was there. ``marked
    deleted``: the source has the row, the copy says that it is deleted."""
    key: tuple[int, ...]
    """The key of the record, and in a table of related records the position in its
    list; empty if the resource has no unique key."""
    changes: tuple[Change, ...] = ()
    """The values that differ. Without a unique key: the values of the row."""
    behind: bool | None = None
    """Whether the stamp of the record's last change differs too: the source has changed
    since, and the next sync reads the record. If not, no sync of changes would see it.
    None where that is unknown: only one side has the row, or there is no stamp."""


class TableCounts(Struct, frozen=True, kw_only=True):
    """How many rows of one table there are, and how many of them differ."""

    name: str
    source: int
    """Rows of the source."""
    copy: int
    """Rows of the copy, without those marked as deleted."""
    changed: int = 0
    missing: int = 0
    extra: int = 0
    marked_deleted: int = 0
    """Rows of the source that the copy has marked as deleted."""

    @property
    def differences(self) -> int:
        """Rows that differ."""
        return self.changed + self.missing + self.extra + self.marked_deleted


def changes_of(table: Table, source: Row, copy: Row) -> tuple[Change, ...]:
    """Return the values in which two rows differ."""
    values = zip(table.columns, source, copy, strict=True)
    return tuple(change for one in values for change in _column_changes(*one))


def values_of(table: Table, row: Row, *, at_source: bool) -> tuple[Change, ...]:
    """Return the values of a row that only one side has, without nulls."""
    pairs = zip(table.columns, row, strict=True)
    return tuple(
        Change(
            column=column.name,
            source=value if at_source else None,
            copy=None if at_source else value,
        )
        for column, value in pairs
        if value is not None
    )


def _column_changes(column: Column, source: Any, copy: Any) -> Iterator[Change]:
    forms = [encode_value(canonical(column.kind, one)) for one in (source, copy)]
    if forms[0] == forms[1]:
        return
    if column.kind == "json":
        both = _decoded(source), _decoded(copy)
        yield from _nested_changes(column.name, *both)
    else:
        yield Change(column=column.name, source=source, copy=copy)


def _nested_changes(path: str, source: Any, copy: Any) -> Iterator[Change]:
    """Yield the innermost values that differ."""
    if is_object(source) and is_object(copy):
        for name in dict.fromkeys([*source, *copy]):
            pair = source.get(name, _ABSENT), copy.get(name, _ABSENT)
            yield from _nested_changes(f"{path}.{name}", *pair)
    elif is_array(source) and is_array(copy):
        if detail := _list_detail(source, copy):
            yield Change(column=path, source=source, copy=copy, detail=detail)
            return
        for number, pair in enumerate(zip(source, copy, strict=True)):
            yield from _nested_changes(f"{path}[{number}]", *pair)
    elif encode_value(source) != encode_value(copy):
        yield Change(column=path, source=source, copy=copy)


def _list_detail(source: Sequence[Any], copy: Sequence[Any]) -> str:
    if len(source) != len(copy):
        return f"{len(source)} at the source, {len(copy)} in the copy"
    forms = [list(map(encode_value, items)) for items in (source, copy)]
    same = forms[0] != forms[1] and sorted(forms[0]) == sorted(forms[1])
    return "the same in another order" if same else ""


_ABSENT: Final = "(absent)"
# Stands for a value that an object does not have, which is not the same as null.


def _decoded(text: Any) -> Any:
    try:
        return decode_json(text) if isinstance(text, str) else text
    except FOREIGN_JSON_ERRORS:
        return text
