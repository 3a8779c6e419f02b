"""A comparison as a sink: what an extraction reads is compared, and not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import SinkConflict
from sage200_async.extract.comparison.comparison import Comparison, Outcome, Scope
from sage200_async.extract.sink import DEFAULTS
from sage200_async.extract.sink_thread import SinkThread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.comparison.copy_reader import CopyReader
    from sage200_async.extract.identity import Identity
    from sage200_async.extract.sink import OpenOptions
    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.key_ranges import KeyRange


class ComparisonSink:
    """Compares the rows that are written to it with those of a copy.

    Each `open` reads the copy anew, and begins a new comparison.

    Args:
        reader: The copy.
        stamp: The column with the stamp of the last change; empty without one.
    """

    _comparison: Comparison

    def __init__(self, reader: CopyReader, stamp: str) -> None:
        self.scope = Scope()
        """What the next comparison is about."""
        self.is_stopped = False
        """Whether nobody waits for the rest of the copy."""
        self._reader, self._stamp = reader, stamp

    def open(
        self,
        tables: Sequence[Table],
        options: OpenOptions = DEFAULTS,
    ) -> None:
        """Read the copy.

        Raises:
            SinkConflict: It is the copy of another query than that of *options*.
            SinkError: There is no copy, or it cannot be read.
        """
        identity = options.identity  # all that counts, as nothing is written
        with self._reader.reading(tables) as copy:
            if identity is not None and copy.query not in {None, str(identity)}:
                raise SinkConflict(_another(tables[0].name, copy.query, identity))
            self._comparison = Comparison(tables, self.scope, self._stamp)
            self._comparison.load(copy, lambda: self.is_stopped)

    def begin(self, checkpoint: Checkpoint) -> None:
        """Do nothing: a comparison is not resumed."""

    def write(
        self,
        key_range: KeyRange | None,
        rows: Mapping[str, Sequence[Row]],
        *,
        requests: int = 0,
        rejected: int = 0,
    ) -> None:
        """Compare rows."""
        del key_range, requests, rejected
        self._comparison.add_source(rows, self._reader)

    def commit(self, certificate: Certificate) -> Certificate:
        """Return the certificate; nothing was stored."""
        return certificate

    def close(self) -> None:
        """Do nothing: the copy was closed when it had been read."""

    def outcome(self) -> Outcome:
        """Return what differs."""
        return self._comparison.outcome()


def _another(name: str, query: str | None, identity: Identity) -> str:
    return (
        f"{name}: the copy is that of another query, {query!r}; this one is "
        f"{str(identity)!r}. Verify it with the options that it was made with"
    )


class ComparisonThread(SinkThread):
    """The same in a thread of its own.

    Args:
        sink: The comparison.
    """

    def __init__(self, sink: ComparisonSink) -> None:
        super().__init__(sink)
        self._comparison = sink

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self._comparison.is_stopped = True
        await super().__aexit__(kind, error, trace)

    async def restrict(self, scope: Scope) -> None:
        """Begin a new comparison of a part, with the copy read anew."""
        self._comparison.scope = scope
        await self.reopen()

    async def outcome(self) -> Outcome:
        """Return what differs."""
        return await self._call(self._comparison.outcome)
