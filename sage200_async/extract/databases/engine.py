"""What a database has to be able to do, so that rows can be kept in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from sage200_async.extract.databases.sql import Dialect
    from sage200_async.extract.tables import Column, Row


class Engine(Protocol):
    """One connection to one database.

    Its methods raise what the database's library raises; `failures` names that.
    """

    @property
    def where(self) -> str:
        """What and where it is, without passwords."""
        ...

    @property
    def dialect(self) -> Dialect:
        """How it words SQL."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its library raises."""
        ...

    @property
    def schema(self) -> str:
        """The schema that tables are in; known once it is connected."""
        ...

    def connect(self) -> None:
        """Connect."""
        ...

    def disconnect(self) -> None:
        """Let go of the connection, if there is one, and of temporary tables."""
        ...

    def transaction(self, *, making: bool = False) -> AbstractContextManager[object]:
        """Do all that is done inside, or nothing.

        Args:
            making: Whether tables are made: one connection at a time does that.
        """
        ...

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; give the rows that it gives."""
        ...

    def columns(self, name: str) -> dict[str, str]:
        """Give the type of each column of a table; none where there is no table."""
        ...

    def make_schema(self) -> None:
        """Make the schema, where one was asked for that is missing."""
        ...

    def load(self, stage: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Add rows to a temporary table."""
        ...

    def takes(self, column: Column, value: Any) -> str:
        """Say what *column* can hold where *value* is not that; else nothing."""
        ...
