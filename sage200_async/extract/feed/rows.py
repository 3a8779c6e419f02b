"""A record as a row of a feed's copy: key, stamp, version, and all of it as JSON."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sage200_async.extract.rows import json_text
from sage200_async.extract.tables import Column, Table
from sage200_async.wire.decode import decode_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.tables import Row
    from sage200_async.query.endpoint import Endpoint

R = TypeVar("R")

VERSION: Final = "_version"
RECORD: Final = "_record"
_BYTES: Final = 16
# Of a digest: no two records of one key have the same.


def feed_table(endpoint: Endpoint[Any]) -> Table:
    """Return the table of a resource: its columns do not depend on what is selected."""
    key, stamp = endpoint.key or "", endpoint.watermark
    columns = [Column(key, "integer")]
    columns += [Column(stamp, "datetime")] if stamp else []
    columns += [Column(VERSION, "text"), Column(RECORD, "text")]
    return Table(endpoint.path.replace("/", "_"), tuple(columns), (key,))


def feed_rows(tables: Sequence[Table], records: Sequence[Any]) -> dict[str, list[Row]]:
    """Return the rows of *records*, as `sage200_async.extract.rows.rows_of` does."""
    (table,) = tables
    names = [c.name for c in table.columns if c.name not in {VERSION, RECORD}]
    return {table.name: [_row(record, names) for record in records]}


def _row(record: Any, names: Sequence[str]) -> Row:
    text = json_text(record) or ""
    version = hashlib.blake2b(text.encode(), digest_size=_BYTES).hexdigest()
    return (*(getattr(record, name) for name in names), version, text)


def record_of(text: str, model: type[R]) -> R:
    """Return the record that was stored as *text*."""
    return decode_plain(text.encode(), model)
