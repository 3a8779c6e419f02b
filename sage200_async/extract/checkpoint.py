"""What a sink holds: which keys, up to which max_key, since when."""

from __future__ import annotations

from msgspec import Struct

from sage200_async.paging.certificate import Interval, Intervals


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How far an extraction has come, as its sink has it on disk.

    It is kept with the data: in the same transaction, or renamed into place
    after it. Whoever finds it can go on, with other page sizes and workers.
    """

    query: str
    """What is asked, so that a checkpoint of another question is not used."""
    floor: int | None = None
    """What lies below every key; None where nothing matched."""
    max_key: int | None = None
    """The highest key when the reading began."""
    read: Intervals = Intervals()
    """The intervals of keys whose records the sink has."""
    started_at: float = 0.0
    """In seconds since 1970, by the client's clock."""

    @property
    def records(self) -> int:
        """Records that the sink has."""
        return self.read.records

    @property
    def done(self) -> bool:
        """Whether nothing is missing up to the max_key."""
        if self.floor is None or self.max_key is None:
            return True
        return not self.read.gaps(self.floor, self.max_key)

    def with_(self, interval: Interval) -> Checkpoint:
        """Add an interval that the sink has kept."""
        return Checkpoint(
            query=self.query,
            floor=self.floor,
            max_key=self.max_key,
            read=self.read.add(interval),
            started_at=self.started_at,
        )
