"""The protocols of sinks: what rows are written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange


class Sink(Protocol):
    """Stores the rows of one resource, and with them how far the read has come.

    Sinks are synchronous, as their libraries are: they are called in a thread,
    one call at a time. Every method raises `SinkError` if it fails. Whatever
    happens, the checkpoint that the next `open` returns names exactly the
    ranges whose rows are stored.
    """

    def open(self, tables: Sequence[Table]) -> Checkpoint | None:
        """Create what is missing; return the checkpoint to resume from.

        It is None if there was no read, or the last one was committed. A sink
        that is open drops what it has not stored, and begins anew.

        Raises:
            SinkError: The destination holds other tables, or is not available.
        """
        ...

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a new read: its query, its bounds, and nothing done yet.

        A read that is resumed needs no `begin`.

        Raises:
            SinkConflict: Another read has to be resumed or discarded first.
        """
        ...

    def write(
        self, key_range: KeyRange | None, rows: Mapping[str, Sequence[Row]]
    ) -> None:
        """Store the rows of *key_range*, and that it is done: both or neither.

        A sink may gather several writes; what is not stored yet is not in the
        checkpoint that the next `open` returns.

        Args:
            key_range: The range in which these are all rows there are. Ranges
                come in any order. None for a resource without a unique key.
            rows: The rows of each table by its name, in the order of their
                keys; rows of an earlier read with the same keys are replaced.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before.
        """
        ...

    def commit(self, certificate: Certificate) -> None:
        """Store what was gathered; make everything visible, with *certificate*."""
        ...

    def close(self) -> None:
        """Store what was gathered, and free all resources.

        What is not committed can be resumed.
        """
        ...


class SyncTarget(Sink, Protocol):
    """A sink that can be kept in step: a database."""

    def keys(self) -> Iterable[int]:
        """Return the keys of the rows that are not marked as deleted."""
        ...

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, at a time in seconds since 1970; all or none."""
        ...

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* beside the data under *name*; return what is stored.

        Without a value, only return it. Rows that were gathered are stored
        with it or before.
        """
        ...
