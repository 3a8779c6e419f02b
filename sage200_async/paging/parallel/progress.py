"""How far a parallel read has come, and where it resumes."""

from __future__ import annotations

from msgspec import Struct

from sage200_async.paging.key_ranges import KeyRange, KeyRanges


class Progress(Struct, frozen=True, kw_only=True):
    """How far a reading has come."""

    records: int = 0
    """Records handed to the consumer."""
    requests: int = 0
    """Pages that were requested, in this run and in those that it resumes."""
    rejected: int = 0
    """Records that did not fit and went to the quarantine, in all runs."""
    ranges: int = 0
    """Ranges of keys that are still being read."""
    expected: int | None = None
    """Records in all, as counted at the start; None where nobody knows."""
    seconds: float = 0.0
    """Seconds since the start."""

    @property
    def rate(self) -> float:
        """Records a second so far."""
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, at the rate so far; None where nobody knows."""
        if self.expected is None or not self.rate:
            return None
        return max(0, self.expected - self.records) / self.rate


class ResumePoint(Struct, frozen=True):
    """A reading that was interrupted."""

    bounds: KeyRange | None
    """All keys that there were at its start; None where nothing matched."""
    done: KeyRanges
    """The ranges whose records were stored."""
    started_at: float = 0.0
    """When the first run began, in seconds since 1970; 0 where nobody knows."""
    requests: int = 0
    """Pages that were requested by earlier runs."""
    rejected: int = 0
    """Records that earlier runs set aside."""
    count: int | None = None
    """Records that matched when the first run began; None where nobody knows."""
