"""Rows as record batches for dlt, and digests of them."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sage200_async.extract.files.arrow_rows import ArrowRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.tables import Row, Table

DELETED: Final = "_deleted"
"""The column that is true in rows that the company no longer has."""
_BYTES: Final = 8
# Of a digest.
_ESCAPE, _NULL, _BETWEEN = "\x1f", "\x1fn", "\x1f,"
# A unit separator within a text is followed by an x.


class Batches:
    """Makes record batches of one table: its columns, and `DELETED` if they are merged.

    Args:
        table: The table.
        marks_deleted: Whether its rows may be marked as deleted.
    """

    def __init__(self, table: Table, *, marks_deleted: bool) -> None:
        self._arrow: Any = import_module("pyarrow")
        self._compute: Any = import_module("pyarrow.compute")
        self._table, self._rows = table, ArrowRows("the dlt source")
        self._marks_deleted = marks_deleted
        self.schema: Any = self._schema()
        """Types from the catalog: they are the same for an empty table."""

    def _schema(self) -> Any:
        fields = [
            field.with_nullable(field.name not in self._table.key)
            for field in self._rows.schema(self._table)
        ]
        if self._marks_deleted:
            fields.append(self._arrow.field(DELETED, self._arrow.bool_()))
        return self._arrow.schema(fields)

    @property
    def form(self) -> SinkForm:
        """The form in which records become batches the fastest."""
        return self._rows.form([self._table])

    def of_rows(self, rows: Sequence[Row]) -> Any:
        """Return *rows* as a batch."""
        if not rows:
            return self.empty()
        return self._batch(self._rows.record_batch(self._table, rows))

    def of_columns(self, batch: Any) -> Any:
        """Return a batch of the table's columns as one for dlt."""
        return self._batch(self._rows.joined(self._table, [batch]))

    def of_deleted(self, keys: Sequence[int]) -> Any:
        """Return rows that have nothing but their keys, and are marked as deleted."""
        values = {self._table.key[0]: keys, DELETED: [True] * len(keys)}
        nothing = [None] * len(keys)
        arrays = [
            self._arrow.array(values.get(field.name, nothing), field.type)
            for field in self.schema
        ]
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def empty(self) -> Any:
        """Return a batch without rows: a table has its columns from the beginning."""
        return self._arrow.RecordBatch.from_pylist([], schema=self.schema)

    def _batch(self, batch: Any) -> Any:
        arrays = list(batch.columns)
        if self._marks_deleted:
            arrays.append(self._arrow.array([False] * len(batch), self._arrow.bool_()))
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def keys(self, batch: Any) -> list[int]:
        """Return the key of each row."""
        keys: list[int] = batch.column(self._table.key[0]).to_pylist()
        return keys

    def stamps(self, batch: Any, column: str) -> list[int | None]:
        """Return the stamp of each row, in microseconds since 1970."""
        stamps = batch.column(column).cast(self._arrow.int64())
        values: list[int | None] = stamps.to_pylist()
        return values

    def digests(self, batch: Any, positions: Sequence[int]) -> list[int]:
        """Return a digest of each of the rows at *positions*: two that differ have two."""
        if not positions:
            return []
        rows = batch if len(positions) == len(batch) else batch.take(positions)
        texts = [self._texts(column) for column in rows.columns]
        joined = self._compute.binary_join_element_wise(*texts, _BETWEEN)
        return [_digest(text) for text in joined.to_pylist()]

    def _texts(self, column: Any) -> Any:
        """Return the values of a column as texts that differ where they do."""
        kinds, text = self._arrow.types, self._arrow.string()
        if kinds.is_nested(column.type):
            column = self._arrow.array(map(repr, column.to_pylist()), text)
        elif kinds.is_timestamp(column.type):
            column = column.cast(self._arrow.int64())
        texts = column.cast(text)
        escaped = self._compute.replace_substring(texts, _ESCAPE, f"{_ESCAPE}x")
        return self._compute.fill_null(escaped, _NULL)


def _digest(text: str) -> int:
    hashed = hashlib.blake2b(text.encode(), digest_size=_BYTES).digest()
    return int.from_bytes(hashed, "little", signed=True)


def kept(batch: Any, positions: Iterable[int]) -> Any:
    """Return the rows at *positions*, in their order."""
    chosen = list(positions)
    return batch if len(chosen) == len(batch) else batch.take(chosen)
