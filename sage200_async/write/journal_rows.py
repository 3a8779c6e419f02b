"""The rows of a journal, and what identifies the job that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import DECODING_ERRORS, Untyped
from sage200_async.write.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS: Final = """
    CREATE TABLE {} (
        row INTEGER PRIMARY KEY, key TEXT, body BLOB, lacks TEXT, state TEXT,
        ready_at REAL DEFAULT 0, in_doubt INTEGER DEFAULT 0, tries INTEGER DEFAULT 0,
        settles INTEGER DEFAULT 0, method TEXT DEFAULT '', path TEXT DEFAULT '',
        sent BLOB, id TEXT, reason TEXT DEFAULT ''
    )"""
"""The table of rows."""
COLUMNS: Final = (
    "row, key, body, lacks, state, in_doubt, method, path, sent, id, reason"
)
"""The columns of a `JournalRow`."""
_KINDS: Final = {
    "invalid": "refused",  # before anything was sent, and for good
    "held": "unknown",  # sent, and never to be sent again
    "open": "unknown",
    "sending": "unknown",
}
# How rows of states that are no outcomes are reported.


class JobIdentity(msgspec.Struct, frozen=True):
    """What a journal is for: rows of another job do not belong in it."""

    operation: str
    resource: str
    by: tuple[str, ...]
    nested_by: dict[str, tuple[str, ...]]
    base_url: str
    site: str
    company: str

    def __str__(self) -> str:
        by = f" by {', '.join(self.by)}" if self.by else ""
        into = f"company {self.company} of site {self.site} at {self.base_url}"
        return f"{self.operation} of {self.resource}{by} into {into}"


class NewRow(NamedTuple):
    """A row as it came."""

    row: int
    key: str | None
    body: bytes
    lacks: str
    """What it lacks to become a new record; empty where it lacks nothing."""
    fault: str
    """Why it is refused at once; empty where it is not."""


class JournalRow(NamedTuple):
    """A row of the journal."""

    row: int
    key: str
    body: bytes
    lacks: str
    state: str
    in_doubt: bool
    """Whether something was sent that may have been done."""
    method: str
    path: str
    sent: bytes
    id: int | str | None
    reason: str

    def outcome(self, by: Sequence[str]) -> Outcome:
        """Return how the row ended, whose key is in the fields *by*."""
        kind: Any = _KINDS.get(self.state, self.state)
        return Outcome(
            row=self.row,
            key=_shown_key(self.body, by),
            kind=kind,
            id=self.id,
            reason=self.reason,
            method=self.method,
            path=self.path,
            body=self.sent,
        )


def journal_row(row: tuple[Any, ...]) -> JournalRow:
    """Return a row as the database has it."""
    number, key, body, lacks, state, in_doubt, method, path, sent, id_, reason = row
    record_id = None if id_ is None else msgspec.json.decode(id_)
    return JournalRow(
        number,
        key or "",
        body,
        lacks,
        state,
        bool(in_doubt),
        method,
        path,
        sent or b"",
        record_id,
        reason,
    )


def _shown_key(body: bytes, by: Sequence[str]) -> str:
    """Return the key of a row as it is written there."""
    try:
        values = decoder_for(Untyped).decode(body)
    except DECODING_ERRORS:
        return ""
    return " ".join(str(values[name]) for name in by if values.get(name) is not None)
