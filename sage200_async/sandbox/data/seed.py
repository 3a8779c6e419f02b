"""Opening a store with a made-up company, or with a folder of data files."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sage200_async.errors import SettingsError
from sage200_async.sandbox.data.company import Company
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.store.rows import row_from_line
from sage200_async.sandbox.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Row


def open_store(
    database: str | Path,
    records: Mapping[str, int] | None,
    seed: int,
    data: str | Path | None,
    *,
    fill: bool = True,
) -> Store:
    """Open a store, and fill it unless it holds records already.

    The resources in *records* are filled at once if *fill* is true, others when
    first used.

    Raises:
        SettingsError: *records* and *data* are both given, *records* has an
            unknown resource, or *data* is missing or malformed.
    """
    if data is not None and records is not None:
        raise SettingsError(
            "records and data cannot both be given: leave one out", name="records"
        )
    catalog = load_catalog()
    _check_resources(catalog.tables, records or {})
    folder = None if data is None else _folder(Path(data))
    company = Company(catalog, records, seed, bare=folder is not None)
    store = Store(database, catalog, company.rows, records or ())
    try:
        if folder is not None:
            _load_files(store, folder)
        for path in (records or ()) if fill else ():
            store.ensure_table(path)
    except BaseException:
        store.close()
        raise
    return store


def _check_resources(tables: Mapping[str, Table], records: Mapping[str, int]) -> None:
    unknown = next((path for path in records if path not in tables), None)
    if unknown is not None:
        matches = difflib.get_close_matches(unknown, tables, n=1)
        hint = f"; did you mean {matches[0]!r}?" if matches else ""
        raise SettingsError(
            f"records: there is no resource {unknown!r}{hint}", name="records"
        )


def _load_files(store: Store, folder: Path) -> None:
    """Load a file for each resource; embedded records after their owners.

    A view that has a file is served as the file says.
    """
    if any(store.has_table(path) for path in store.tables):
        return
    files = {path: folder / f"{path}.ndjson" for path in store.tables}
    files = {path: file for path, file in files.items() if file.is_file()}
    for path in sorted(
        files, key=lambda path: bool(store.embedded_lists.of_child(path))
    ):
        if store.views.has(path):
            store.create_empty(path)
        loaded = set(store.keys(path))  # with their owners
        read = _read_rows(files[path], store.tables[path])
        rows = [row for row in read if row.key not in loaded]
        try:
            store.add_rows(path, rows)
        except ValueError as error:
            raise SettingsError(f"data: {error}", name="data") from error
    for path in files:
        store.views.forget_writes(path)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SettingsError(f"data: {str(path)!r} is not a folder", name="data")
    return path


def _read_rows(file: Path, table: Table) -> Iterator[Row]:
    seen: set[int] = set()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = _check_key(row_from_line(table, line, number), seen)
            except (ValueError, msgspec.MsgspecError) as error:
                raise SettingsError(
                    f"data: each line must be a JSON object of its resource; "
                    f"{file}, line {number}: {error}",
                    name="data",
                ) from error
            yield row


def _check_key(row: Row, seen: set[int]) -> Row:
    if row.key in seen:
        raise ValueError(f"the key {row.key} occurs twice")
    seen.add(row.key)
    return row
