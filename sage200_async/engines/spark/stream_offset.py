"""How far a stream has come: pure.

A record may become visible after others with newer stamps, or with the stamp of one that
was read, since its transaction was committed later. So a window before the newest stamp
is read once more when `overlap` seconds have passed after it, also if nothing is newer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sage200_async.errors import QueryError

Offset = dict[str, str]
"""``stamp``: the newest stamp that was there, in ISO 8601, or empty for none.
``settled``: ``"yes"`` where no record will be committed with that stamp or an older one.
``source``: what is read, since the offset of another source would skip records."""

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def first_offset(source: str) -> Offset:
    """Return the offset before all records of *source*."""
    return {"stamp": "", "settled": "", "source": source}


def require_source(offset: Offset, source: str) -> None:
    """Raise QueryError if *offset*, from a checkpoint, is not one of *source*."""
    theirs = offset.get("source")
    if theirs != source or "stamp" not in offset:
        message = (
            f"the checkpoint is of {theirs or 'something else'}, and this stream reads "
            f"{source}: use another checkpointLocation, which begins with all records"
        )
        raise QueryError(message)


def next_offset(
    start: Offset, newest: datetime | None, now: datetime, overlap: float
) -> Offset:
    """Return where the next micro-batch ends; *start* where there is none to read.

    Args:
        start: Where it begins.
        newest: The newest stamp that is there; None without one.
        now: The clock of the server.
        overlap: Seconds within which a record is committed after it was stamped.
    """
    before = _stamp_of(start)
    stamp = max(before, newest or before)
    if stamp == before and start.get("settled"):
        return start
    is_settled = (now - stamp).total_seconds() >= overlap
    text = "" if stamp == _EARLIEST else stamp.isoformat()
    return {**start, "stamp": text, "settled": "yes" if is_settled else ""}


def oldest_stamp(start: Offset, overlap: float) -> datetime | None:
    """Return the stamp from which a micro-batch reads; None for all records."""
    if not start["stamp"]:
        return None
    stamp = _stamp_of(start)
    seconds = min(overlap, (stamp - _EARLIEST).total_seconds())
    return stamp - timedelta(seconds=seconds)


def _stamp_of(offset: Offset) -> datetime:
    text = offset["stamp"]
    return datetime.fromisoformat(text) if text else _EARLIEST
