"""Values of our own beside the data, in the table ``_sage200``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout

T = TypeVar("T")
METADATA: Final = "metadata "
"""Before the names of what others store beside the copy."""
PENDING: Final = "pending metadata "
"""The same for the copy that is to replace it."""
_UNFINISHED: Final = ("checkpoint", "staged", "replacing")
# What there is to say of a read that is not committed.


class KnownTable(Struct, frozen=True, kw_only=True):
    """What is known of a table that was created here."""

    key: tuple[str, ...]
    """The columns of its primary key."""
    columns: tuple[str, ...]
    """The columns that are ours; others were added by hand."""
    mark: str
    """What lies in the table itself too: without it, it is another table."""
    filled: bool = False
    """Whether it had rows when it was last written."""


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

    def all(self) -> dict[str, str]:
        """Return all values by name."""
        statement = sql.select_state(self._layout)
        return dict(self._engine.execute(statement, (self._resource,)))

    def get(self, name: str) -> str | None:
        """Return a value, or None."""
        return self.all().get(name)

    def set(self, values: Mapping[str, str | None]) -> None:
        """Store values; delete those that are None."""
        for name, value in values.items():
            key = self._resource, name
            if value is None:
                self._engine.execute(sql.delete_state(self._layout), key)
            else:
                self._engine.execute(sql.upsert_state(self._layout), (*key, value))

    def clear(self) -> None:
        """Delete all values but the last writer: the copy is gone."""
        self.set({name: None for name in self.all() if name != "writer"})

    def drop_unfinished(self) -> None:
        """Delete what is known of a read that was not committed."""
        stored = self.all()
        names = [n for n in stored if n in _UNFINISHED or n.startswith(PENDING)]
        self.set(dict.fromkeys(names))

    def committed(self) -> None:
        """Delete what is known of the read; what was pending is in force."""
        stored = self.all()
        if "replacing" in stored:
            old = [name for name in stored if name.startswith(METADATA)]
            self.set(dict.fromkeys(old))
        new = {n: v for n, v in stored.items() if n.startswith(PENDING)}
        self.set({METADATA + n.removeprefix(PENDING): v for n, v in new.items()})
        self.drop_unfinished()

    def tables(self) -> dict[str, KnownTable]:
        """Return what is known of the tables of the resource, by their names."""
        return self._decoded("tables", dict[str, KnownTable]) or {}

    def set_tables(self, known: Mapping[str, KnownTable]) -> None:
        """Store what is known of the tables."""
        self.set({"tables": msgspec.json.encode(known).decode()})

    def checkpoint(self) -> Checkpoint | None:
        """Return how far an unfinished read has come."""
        return self._decoded("checkpoint", Checkpoint)

    def _decoded(self, name: str, kind: type[T]) -> T | None:
        text = self.get(name)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.MsgspecError as error:
            message = (
                f"{self._engine.where}: the {name} of {self._resource} in "
                f"{sql.STATE_TABLE.name} cannot be read: {error}; delete it to begin "
                "anew"
            )
            raise SinkError(message) from error
