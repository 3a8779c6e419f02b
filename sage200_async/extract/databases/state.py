"""Values of our own beside the data, in the table ``_sage200``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.extract.databases import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout


class State:
    """The values of one resource, by name.

    Args:
        engine: The database, connected.
        layout: The state table.
        resource: The name of the resource's table, with its prefix.
    """

    def __init__(self, engine: Engine, layout: Layout, resource: str) -> None:
        self._engine = engine
        self._layout = layout
        self._resource = resource

    def get(self, name: str) -> str | None:
        """Return a value, or None."""
        key = self._resource, name
        rows = self._engine.execute(sql.select_state(self._layout), key)
        return rows[0][0] if rows else None

    def set(self, values: Mapping[str, str | None]) -> None:
        """Store values; delete those that are None."""
        for name, value in values.items():
            key = self._resource, name
            if value is None:
                self._engine.execute(sql.delete_state(self._layout), key)
            else:
                self._engine.execute(sql.upsert_state(self._layout), (*key, value))
