"""What is done about a row, once it is known what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from sage200_async.wire.json_types import Untyped
    from sage200_async.write.journal_rows import JournalRow
    from sage200_async.write.look_up import Found, Wanted


class End(NamedTuple):
    """The row ends without a request."""

    kind: Literal["created", "updated", "unchanged", "refused", "unknown", "held"]
    """``held`` is unknown for good: it is not tried again."""
    id: int | str | None = None
    reason: str = ""


class Send(NamedTuple):
    """A request is sent for the row."""

    method: Literal["POST", "PUT"]
    path: str
    body: bytes
    id: int | str | None = None
    """The id of the record that is updated."""

    settles: bool = True
    """Whether a lost response has to settle before the row is looked at again."""


class Later(NamedTuple):
    """The answer proves too little: the row is looked up again."""

    reason: str


UNPROVED: Final = Later(
    "nothing is there that is known to exist, so that no answer proves that the row was "
    "not written; run the job again once a record is there"
)


class Rules(Protocol):
    """Decides what is done about the rows of a job."""

    def wanted(self, row: JournalRow) -> Wanted | None:
        """Return what *row* is looked up by, or None where it need not be."""
        ...

    def decide(self, row: JournalRow, answer: Found | None) -> End | Send | Later:
        """Decide about *row*.

        Args:
            row: The row.
            answer: What the look-up brought; None where there was none.
        """
        ...

    def not_as_sent(self, send: Send, record: Untyped) -> str:
        """Return in words what a record shows otherwise than it was sent; "" for none."""
        ...
