"""The protocol of copies that are read, and not written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from sage200_async.extract.tables import Row, Table


class CopyContent(Protocol):
    """One state of a copy, while it is read."""

    tables: tuple[Table, ...]
    """The tables that were asked for, with those columns that the copy has."""
    problems: tuple[str, ...]
    """What is wrong with the tables themselves: columns that are missing or differ."""
    query: str | None
    """Of what it is the copy, as the text of an `Identity`; None where it does not say."""

    def rows(self, table: Table) -> Iterator[Sequence[Row]]:
        """Yield the rows of one of `tables`, some hundred at a time.

        Rows that are marked as deleted are left out. A value that is none of its
        column's kind is yielded as it is.
        """
        ...

    def marked_deleted(self) -> Iterator[int]:
        """Yield the keys of the records that are marked as deleted."""
        ...


class CopyReader(Protocol):
    """Reads a copy of one resource, without writing to it.

    Its methods block, as those of sinks do. They raise `SinkError` if they fail.
    """

    def reading(self, tables: Sequence[Table]) -> AbstractContextManager[CopyContent]:
        """Open the copy; the content is for use inside of the ``with`` block.

        Raises:
            SinkError: There is no copy, or it cannot be read.
        """
        ...

    def as_stored(self, table: Table, rows: Sequence[Row]) -> Sequence[Row]:
        """Return *rows* of the source as the copy has to hold them."""
        ...


class ReadableCopy(Protocol):
    """A destination of `export` or `sync` whose rows can be read again."""

    def reader(self) -> CopyReader:
        """Return a reader of what it holds; nothing is opened yet."""
        ...
