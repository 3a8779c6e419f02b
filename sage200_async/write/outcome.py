"""What became of a row."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["created", "updated", "unchanged", "refused", "unknown"]
"""How a row ended."""

KINDS: Final = ("created", "updated", "unchanged", "refused", "unknown")


class Outcome(Struct, frozen=True, kw_only=True):
    """How one row ended.

    Of a dry run, ``created`` and ``updated`` are what would happen, and ``method``,
    ``path`` and ``body`` what would be sent.
    """

    row: int
    """The number of the row in the input, from 1."""
    key: str
    """What the record is looked up by, as text; empty where the row has none."""
    kind: Kind
    id: int | str | None = None
    """The id of the record, or the URN of a document, where it is known."""
    reason: str = ""
    """Why it was refused, or is unknown: Sage's words, where they are known. Of an
    update, which fields the service shows otherwise than they were sent."""
    method: str = ""
    """POST, PUT, or nothing where nothing was sent."""
    path: str = ""
    """Below the base URL, percent-encoded."""
    body: bytes = b""
    """What was sent: JSON."""
    dry_run: bool = False

    @property
    def done(self) -> bool:
        """Whether the service has what the row says."""
        return self.kind in {"created", "updated", "unchanged"}
