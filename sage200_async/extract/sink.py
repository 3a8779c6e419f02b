"""The protocols of sinks: what rows are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from msgspec import Struct

from sage200_async.extract.identity import Identity
from sage200_async.extract.tables import Row

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.tables import Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange


SinkForm = Literal["rows", "columns", "lines"]
"""What a sink takes: rows as tuples of Python's values, columns of Arrow, or the JSON of
each record as it came."""

Rows = Mapping[str, Sequence[Row]]
"""Rows of each table by its name, in the order of their keys."""
Written = Rows | Sequence[bytes] | Any
"""Rows; or, where a sink says so, the JSON of records, each on one line, or a
``pyarrow.RecordBatch`` with the columns of its table."""


class OpenOptions(Struct, frozen=True, kw_only=True):
    """What a sink is opened for."""

    identity: Identity | None = None
    """What is copied; None to take any."""
    replace: bool = False
    """Whether a copy of something else in a database is replaced when the read is
    committed, rather than refused."""
    restart: bool = False
    """Whether an unfinished read is dropped, whatever it is of."""
    drop_columns: bool = False
    """Whether columns and tables that a copy in a database has, and the tables do not
    have, are dropped rather than refused."""


DEFAULTS: Final = OpenOptions()
"""Of `Sink.open`."""


class Copy(Struct, frozen=True, kw_only=True):
    """The copy that a target holds, as it was opened."""

    is_new: bool
    """Whether nothing was committed yet.

    So it is after a table was dropped or emptied by hand, too: what was stored
    about it is gone with it.
    """
    unfilled: tuple[str, ...] = ()
    """Columns and tables of related records that rows have no values in yet.

    ``customers.balance`` or ``customers__contacts``: newly added, or lost by
    hand. The next commit fills them.
    """


class Sink(Protocol):
    """Stores the rows of one resource, and with them how far the read has come.

    Sinks are synchronous, as their libraries are: they are called in a thread,
    one call at a time. Every method raises `SinkError` if it fails. Whatever
    happens, the checkpoint that the next `open` returns names exactly the
    ranges whose rows are stored.

    A sink takes rows. One that can do without Python's values has an attribute
    ``form``, as `FormedSink` has it, and takes the other form as well.
    """

    def open(
        self,
        tables: Sequence[Table],
        options: OpenOptions = DEFAULTS,
    ) -> Checkpoint | None:
        """Create what is missing; return the checkpoint to resume from.

        It is None if there was no read, or the last one was committed. A sink
        that is open drops what it has not stored, and begins anew.

        Args:
            tables: The resource's own table first.
            options: What it is opened for.

        Raises:
            SinkConflict: The destination holds something else, and nothing was
                changed.
            SinkError: It is not available.
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
        self,
        key_range: KeyRange | None,
        rows: Mapping[str, Sequence[Row]],
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Store the rows of *key_range*, and that it is done: both or neither.

        A sink may gather several writes; what is not stored yet is not in the
        checkpoint that the next `open` returns. Nothing is visible before
        `commit`.

        Args:
            key_range: The range in which these are all rows there are. Ranges
                come in any order. None for a resource without a unique key.
            rows: The rows of each table by its name, in the order of their
                keys.
            requests: Pages that all runs have requested so far.
            rejected: Records that all runs have rejected so far.

        Raises:
            SinkConflict: A row is outside of the range, or some of the range
                was written before.
        """
        ...

    def commit(self, certificate: Certificate) -> Certificate:
        """Store what was gathered; make everything visible, with *certificate*.

        Returns:
            The certificate that is stored: records that the sink set aside
            count as rejected in it.
        """
        ...

    def close(self) -> None:
        """Store what was gathered, and free all resources.

        What is not committed can be resumed.
        """
        ...


class FormedSink(Sink, Protocol):
    """A sink that takes columns, or the JSON of records, as well as rows."""

    @property
    def form(self) -> SinkForm:
        """The form that it is written to the fastest; known once it is open."""
        ...

    @property
    def sets_aside(self) -> bool:
        """Whether it sets aside records with a value that does not fit it.

        Where columns are read, such a value is an error of decoding, and goes to the
        client's ``quarantine``.
        """
        ...

    def write(
        self,
        key_range: KeyRange | None,
        rows: Written,
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Store what is in *key_range*, in that form or as rows."""
        ...


class SyncTarget(Sink, Protocol):
    """A sink that can be kept in step: a database."""

    @property
    def rows_written(self) -> int:
        """Rows of all tables that were inserted, really altered or removed since `open`."""
        ...

    @property
    def keys_set_aside(self) -> frozenset[object]:
        """Keys of the records that did not fit when they were last merged since `open`."""
        ...

    def copy(self) -> Copy:
        """Return what is there."""
        ...

    def commit(
        self, certificate: Certificate, *, keep_absent: bool = False
    ) -> Certificate:
        """Make the rows that were written visible, with *certificate*.

        Args:
            certificate: Why they are complete.
            keep_absent: Whether rows that were not written stay as they are,
                rather than being deleted. The first commit of a copy keeps none.

        Returns:
            The certificate that is stored.

        Raises:
            SinkError: Rows are missing; nothing was changed.
        """
        ...

    def merge(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Insert or replace whole records, whatever was read before.

        They may be gathered: any other call stores them before it does its own.

        Args:
            rows: Rows of each table by its name: those of the resource's own in
                any order, those of related records in the order of their lists.

        Raises:
            SinkError: A read is unfinished: resume or `discard` it.
        """
        ...

    def discard(self) -> None:
        """Drop an unfinished read, if there is one. The copy stays as it is."""
        ...

    def keys(self) -> Iterable[int]:
        """Return the keys of the rows that are not marked as deleted."""
        ...

    def stamps(
        self, column: str | None, low: int, high: int
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return key, stamp in UTC, and whether it is marked as deleted, of each row.

        Args:
            column: The column of the stamp; None if there is none.
            low: The keys are above it.
            high: The keys are at most this. They come in ascending order.
        """
        ...

    def stamps_of(
        self, column: str | None, keys: Sequence[int]
    ) -> Sequence[tuple[int, datetime | None, bool]]:
        """Return the same for those of *keys* that the copy has."""
        ...

    def rows(self, table: str) -> Iterable[Row]:
        """Return the rows of one table that are not marked as deleted.

        They are in the order of their keys, with values as they were written,
        but for the order of names in JSON and zeros at the end of decimals. The
        target can be used meanwhile.

        Args:
            table: The name of the table, without a prefix.
        """
        ...

    def mark_deleted(self, keys: Sequence[int], at: float) -> None:
        """Mark rows as deleted, at a time in seconds since 1970; all or none."""
        ...

    def metadata(self, name: str, value: str | None = None) -> str | None:
        """Store *value* beside the data under *name*; return what is stored.

        Without a value, only return it. Rows that were gathered are stored
        with it or before. While a copy is being replaced, it is about the new
        one.
        """
        ...
