"""Filling a store: with a made-up company, or from a folder of data files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from sage200_async.errors import SettingsError
from sage200_async.sandbox.company import lines_of, make
from sage200_async.sandbox.lines import ORDERS, VIEW
from sage200_async.sandbox.rows import row_from_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.sandbox.rows import Row
    from sage200_async.sandbox.schema import Table
    from sage200_async.sandbox.store import Store

DEFAULT: Final = {"customers": 2_000, "products": 1_000, ORDERS: 500}
"""The made-up company where nothing else is asked for."""


def fill(
    store: Store,
    records: Mapping[str, int] | None,
    seed: int,
    data: str | Path | None,
) -> None:
    """Fill a store, unless it holds records already.

    Raises:
        SettingsError: What was asked for contradicts itself, names an unknown
            resource, or a data file is missing or malformed.
    """
    if data is not None and records is not None:
        raise SettingsError(
            "records: expected records or data, got both", name="records"
        )
    wanted = _wanted(store.tables, records, seed)
    folder = None if data is None else _folder(Path(data))
    if any(store.count(path) for path in store.tables):
        return
    if folder is not None:
        for path, table in store.tables.items():
            file = folder / f"{path}.ndjson"
            if file.is_file():
                store.add_rows(path, list(_read(file, table)))
    else:
        for path, count in wanted.items():
            store.add_rows(path, make(store.tables, path, count, seed))
    store.refresh_ids()


def _wanted(
    tables: Mapping[str, Table], records: Mapping[str, int] | None, seed: int
) -> dict[str, int]:
    wanted = dict(DEFAULT if records is None else records)
    unknown = next((path for path in wanted if path not in tables), None)
    if unknown is not None:
        known = ", ".join(sorted(tables))
        raise SettingsError(
            f"records: expected resources among {known}, got {unknown!r}",
            name="records",
        )
    if wanted.get(ORDERS) and VIEW not in wanted:
        wanted[VIEW] = lines_of(tables, wanted[ORDERS], seed)
    return wanted


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SettingsError(f"data: expected a folder, got {str(path)!r}", name="data")
    return path


def _read(file: Path, table: Table) -> Iterator[Row]:
    seen: set[int] = set()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = _new(row_from_line(table, line), seen)
            except (ValueError, msgspec.MsgspecError) as error:
                raise SettingsError(
                    f"data: expected one JSON object per line in {file}, "
                    f"line {number}: {error}",
                    name="data",
                ) from error
            yield row


def _new(row: Row, seen: set[int]) -> Row:
    if row.key in seen:
        raise ValueError(f"the key {row.key} occurs twice")
    seen.add(row.key)
    return row
