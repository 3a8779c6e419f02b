"""Filling a store: with a made-up company, or from a folder of data files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sage200_async.errors import SettingsError
from sage200_async.sandbox.data.company import Company
from sage200_async.sandbox.server.routes import catalog
from sage200_async.sandbox.store.rows import row_from_line
from sage200_async.sandbox.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.sandbox.store.rows import Row
    from sage200_async.sandbox.store.schema import Table


def open_store(
    database: str | Path,
    records: Mapping[str, int] | None,
    seed: int,
    data: str | Path | None,
) -> Store:
    """Open a store, and fill it unless it holds records already.

    What *records* names is made at once, all else when it is first asked for.

    Raises:
        SettingsError: What was asked for contradicts itself, names an unknown
            resource, or a data file is missing or malformed.
    """
    if data is not None and records is not None:
        raise SettingsError(
            "records: expected records or data, got both", name="records"
        )
    known = catalog()
    _check(known.tables, records or {})
    folder = None if data is None else _folder(Path(data))
    company = Company(known, records, seed, bare=folder is not None)
    store = Store(database, known, company.rows)
    try:
        if folder is not None:
            _load(store, folder)
        for path in records or ():
            store.touch(path)
    except BaseException:
        store.close()
        raise
    return store


def _check(tables: Mapping[str, Table], records: Mapping[str, int]) -> None:
    unknown = next((path for path in records if path not in tables), None)
    if unknown is not None:
        known = ", ".join(sorted(tables))
        raise SettingsError(
            f"records: expected resources among {known}, got {unknown!r}",
            name="records",
        )


def _load(store: Store, folder: Path) -> None:
    """Load a file for each resource; parts after the records that own them."""
    if any(store.is_made(path) for path in store.tables):
        return
    found = {path: folder / f"{path}.ndjson" for path in store.tables}
    found = {path: file for path, file in found.items() if file.is_file()}
    for path in sorted(found, key=lambda path: bool(store.parts.holding(path))):
        held = set(store.keys(path))  # inside their owners
        read = _read(found[path], store.tables[path])
        rows = [row for row in read if row.key not in held]
        try:
            store.add_rows(path, rows)
        except ValueError as error:
            raise SettingsError(f"data: {error}", name="data") from error


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
                row = _new(row_from_line(table, line, number), seen)
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
