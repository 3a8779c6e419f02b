"""The companies that a sandbox serves: each with a store of its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.errors import SettingsError
from sage200_async.sandbox.data.company import COMPANIES, COMPANY
from sage200_async.sandbox.data.seed import open_store

if TYPE_CHECKING:
    from sage200_async.sandbox.store.lazy_tables import StoreState
    from sage200_async.sandbox.store.store import Store

_OTHER_SEED: Final = 1_000_003
# Apart from the first company's seeds that people choose: 1, 2, 3.
_OTHER_IDS: Final = 1_000_000
# New records of another company have ids that the first one does not reach.


class CompanySource(Struct, frozen=True, kw_only=True):
    """Where the companies' records come from; see `Sandbox`."""

    records: Mapping[str, int] | None
    seed: int
    data: str | Path | None
    database: str | Path


class Companies:
    """The stores of all companies; each is opened when it is first used.

    Args:
        source: Where their records come from.
    """

    def __init__(self, source: CompanySource) -> None:
        self._source = source
        self._stores: dict[int, Store] = {}
        self._lock = threading.Lock()

    def store(self, company: int) -> Store:
        """Return the records of a company. Safe to call from any thread.

        Raises:
            SettingsError: They cannot be made, or read.
        """
        store = self._stores.get(company)
        if store is None:
            with self._lock:
                store = self._stores.get(company) or self._open(company)
                self._stores[company] = store
        return store

    def _open(self, company: int) -> Store:
        try:
            return _open(self._source, company)
        except sqlite3.DatabaseError as error:
            raise SettingsError(
                f"database: {str(self._source.database)!r} cannot be used as an SQLite "
                f"database ({error}): expected one that a sandbox wrote, or a new name",
                name="database",
            ) from None

    def snapshot(self) -> dict[int, StoreState]:
        """Return all records of all companies."""
        return {company: self.store(company).snapshot() for company in COMPANIES}

    def restore(self, states: Mapping[int, StoreState]) -> None:
        """Return to an earlier state of all companies."""
        for company, state in states.items():
            self.store(company).restore(state)

    def close(self) -> None:
        """Close what was opened."""
        for store in self._stores.values():
            store.close()


def _open(source: CompanySource, company: int) -> Store:
    """Open a company. Another than the first fills its tables when they are used."""
    if company == COMPANY:
        return open_store(source.database, source.records, source.seed, source.data)
    folder = None if source.data is None else Path(source.data) / str(company)
    is_given = folder is not None and folder.is_dir()
    store = open_store(
        _beside(source.database, company),
        None if is_given else source.records,
        source.seed + company * _OTHER_SEED,
        folder if is_given else None,
        fill=False,
    )
    store.skip_ids(company * _OTHER_IDS)
    return store


def _beside(database: str | Path, company: int) -> str | Path:
    """Return where another company's database is: ``shop.db`` has ``shop-8.db``."""
    if str(database) == ":memory:":
        return database
    path = Path(database)
    return path.with_name(f"{path.stem}-{company}{path.suffix}")
