"""What derived views read of the tables that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.database import Database


class StoredTables(Protocol):
    """The tables of one company, as `LazyTables` has them."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """The table of each resource."""
        ...

    @property
    def database(self) -> Database:
        """The database that they are in."""
        ...

    def has_table(self, resource: str) -> bool:
        """Return whether a resource has its records."""
        ...

    def bodies(self, resource: str, keys: Iterable[int]) -> dict[int, bytes]:
        """Return the JSON of some records by their keys."""
        ...

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement, on tables that are filled before."""
        ...
