"""How far a read has come: which keys a sink has, of which query, since when."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import SinkConflict
from sage200_async.paging.key_ranges import KeyRange, KeyRanges


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How far a read has come, as its sink stores it.

    It is stored with the data, both or neither. A later run can resume from
    it with other page sizes and workers.
    """

    query: str
    """The company and the query: a checkpoint of another query is not used."""
    layout: str = ""
    """Differs where the tables or their columns do; empty where nobody compares it."""
    bounds: KeyRange | None = None
    """The keys that there were when the read began; None if nothing matched."""
    done: KeyRanges = KeyRanges()
    """The ranges of keys whose records the sink has."""
    started_at: float = 0.0
    """When the first run began, in seconds since 1970, by the client's clock."""
    server_time: float = 0.0
    """The same by the server's clock; 0 where nobody asked."""
    count: int | None = None
    """Records that matched when the first run began; None where nobody knows."""
    requests: int = 0
    """Pages that all runs so far have requested."""
    rejected: int = 0
    """Records that did not fit and went to the quarantine, in all runs so far."""
    set_aside: int = 0
    """Records that did not fit the sink and were set aside, in all runs so far."""

    @property
    def records(self) -> int:
        """Records that the sink has."""
        return self.done.records

    @property
    def missing(self) -> tuple[KeyRange, ...]:
        """The ranges within the bounds that the sink does not have yet."""
        return () if self.bounds is None else self.done.missing(self.bounds)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def add(
        self, key_range: KeyRange, *, requests: int = 0, rejected: int = 0
    ) -> Checkpoint:
        """Return the checkpoint with one more range.

        Args:
            key_range: The range.
            requests: Pages that all runs have requested so far.
            rejected: Records that all runs have rejected so far.

        Raises:
            SinkConflict: Some of the range was written before.
        """
        try:
            done = self.done.add(key_range)
        except ValueError as error:
            message = (
                f"keys above {key_range.low} up to {key_range.high} were written "
                "before, in part or in whole"
            )
            raise SinkConflict(message) from error
        return replace(
            self,
            done=done,
            requests=max(self.requests, requests),
            rejected=max(self.rejected, rejected),
        )
