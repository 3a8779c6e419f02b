"""What a sink holds: which keys, up to which fence, since when."""

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
    fence: int | None = None
    """The highest key when the reading began."""
    read: Intervals = Intervals()
    """The intervals of keys whose records the sink has."""
    begun_at: float = 0.0
    """In seconds since 1970, by the client's clock."""

    @property
    def records(self) -> int:
        """Records that the sink has."""
        return self.read.records

    @property
    def done(self) -> bool:
        """Whether nothing is missing up to the fence."""
        if self.floor is None or self.fence is None:
            return True
        return not self.read.gaps(self.floor, self.fence)

    def with_(self, interval: Interval) -> Checkpoint:
        """Add an interval that the sink has kept."""
        return Checkpoint(
            query=self.query,
            floor=self.floor,
            fence=self.fence,
            read=self.read.add(interval),
            begun_at=self.begun_at,
        )
