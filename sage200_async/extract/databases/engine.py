"""What a database has to be able to do, so that rows can be stored in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from sage200_async.extract.databases.sql import Dialect
    from sage200_async.extract.tables import Column, Kind, Row


class Engine(Protocol):
    """One connection to one database.

    Its methods raise the errors of the database's library, which are `failures`.
    """

    @property
    def where(self) -> str:
        """Its kind and its place, without passwords."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Its words in SQL."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The errors of its library."""
        ...

    @property
    def value_errors(self) -> tuple[type[Exception], ...]:
        """Those of the errors that a value can cause."""
        ...

    @property
    def schema(self) -> str:
        """The schema of the tables; known once it is connected."""
        ...

    def connect(self) -> None:
        """Connect."""
        ...

    def reading(self) -> AbstractContextManager[object]:
        """Connect to read only, and see one state of the database inside."""
        ...

    def blocks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run one query, inside of `reading`; yield its rows, some hundred at a time."""
        ...

    def disconnect(self) -> None:
        """Close the connection, if there is one."""
        ...

    def transaction(self, *, creating: bool = False) -> AbstractContextManager[object]:
        """Do everything inside, or nothing.

        Args:
            creating: Whether tables are created: one connection at a time does that.
        """
        ...

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""
        ...

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; return how many rows it has written or deleted."""
        ...

    def columns(self, name: str) -> dict[str, str]:
        """Return the type of each column of a table; none if there is no table."""
        ...

    def create_schema(self) -> None:
        """Create the schema if one was requested and is missing."""
        ...

    def mark(self, table: str, mark: str) -> None:
        """Keep *mark* with a table that was created just now.

        Args:
            table: Its name with its schema, in SQL.
            mark: Text without quotes.
        """
        ...

    def marker(self, name: str) -> str:
        """Return a text that contains the mark of a table, if it has one."""
        ...

    def load(
        self, staging: str, columns: Sequence[Column], rows: Sequence[Row]
    ) -> None:
        """Insert rows into a staging table.

        Args:
            staging: Its name with its schema, in SQL.
            columns: The columns of the values.
            rows: Their values.
        """
        ...

    def value(self, kind: Kind, stored: Any) -> Any:
        """Return a value that was selected as `Row` has it."""
        ...

    def explain_rejection(self, column: Column, value: Any) -> str:
        """Return what *column* can hold if *value* does not fit; else nothing."""
        ...
