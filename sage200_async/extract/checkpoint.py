"""What a sink holds: which keys, up to which max_key, since when."""

from __future__ import annotations

from msgspec import Struct

from sage200_async.paging.key_ranges import KeyRange, KeyRanges


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How far an extraction has come, as its sink has it on disk.

    It is kept with the data: in the same transaction, or renamed into place
    after it. Whoever finds it can go on, with other page sizes and workers.
    """

    query: str
    """What is asked, so that a checkpoint of another question is not used."""
    bounds: KeyRange | None = None
    """The keys that there were when the reading began; None where nothing matched."""
    done: KeyRanges = KeyRanges()
    """The ranges of keys whose records the sink has."""
    started_at: float = 0.0
    """In seconds since 1970, by the client's clock."""

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

    def with_(self, key_range: KeyRange) -> Checkpoint:
        """Add a range that the sink has kept."""
        return Checkpoint(
            query=self.query,
            bounds=self.bounds,
            done=self.done.add(key_range),
            started_at=self.started_at,
        )
