"""What a sink is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate


class Sink(Protocol):
    """Keeps the rows of one resource, and with them how far it has come.

    Sinks are synchronous, as their libraries are: they are called in a thread,
    one call at a time. A sink that fails raises `SinkError`, and what it said
    it has kept, it has kept.
    """

    def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Make what is missing; give the checkpoint of a reading to go on with.

        It is None where there was no reading, or the last one was finished.
        A sink that is open forgets what it has not kept, and begins anew.

        Raises:
            SinkError: What is there is not what *tables* say, or is not to be
                had: expected what, got what, where.
        """
        ...

    def write(self, rows: Mapping[str, Sequence[Row]], checkpoint: Checkpoint) -> None:
        """Keep *rows*, for each table by its name, and *checkpoint*: both or neither.

        Rows whose key is there already replace it. KeyRanges may come in any
        order of their keys. They may be gathered, to be kept by a later call:
        what is not kept is not in the checkpoint that the next `open` gives.
        """
        ...

    def commit(self, certificate: Certificate) -> None:
        """Make the whole visible, with *certificate* beside it."""
        ...

    def close(self) -> None:
        """Give back what it holds; what is not finished can be resumed."""
        ...


class SyncTarget(Sink, Protocol):
    """A sink that can be kept in step: a database."""

    def keys(self) -> Iterable[int]:
        """Give the keys of the rows that are there and not marked as deleted."""
        ...

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, at a time in seconds since 1970; all or none."""
        ...

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Keep a small text beside the data under *name*; give what is there.

        Nothing that was gathered is kept later than a note that follows it.
        """
        ...
