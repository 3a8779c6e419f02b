"""Insert: each row becomes a document, found again by a marker that is put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from sage200_async.write.decisions import UNPROVED, End, Later, Send
from sage200_async.write.documents import is_document_of
from sage200_async.write.keys import key_in
from sage200_async.write.upsert import read_body, wanted_by

if TYPE_CHECKING:
    from sage200_async.wire.json_types import Untyped
    from sage200_async.write.journal_rows import JournalRow
    from sage200_async.write.look_up import Found, Wanted
    from sage200_async.write.target import Target

_ONCE: Final = (
    "it was sent once, and whether it was written is not known; nothing finds it again, "
    "so that it is not sent a second time: look for it in Sage"
)
_OF_ANOTHER: Final = (
    "the text in its {} is that of the document {}, which is of another account or kind, "
    "or does not show of which: give this row a text that no other document has, or none"
)


class InsertRules:
    """Sends each row; one that may have been written is looked for first.

    Args:
        target: Where documents are created, and where they are found.
        token: What the markers that are made begin with.
        is_new: Whether the journal began with this run. One that was there before may
            be a copy that is older than what was sent.
    """

    def __init__(self, target: Target, token: str, *, is_new: bool) -> None:
        self._target = target
        self._token = token
        self._is_new = is_new

    def wanted(self, row: JournalRow) -> Wanted | None:
        """Return the marker of *row*; None where nothing can have it yet."""
        maybe_there = row.in_doubt or self._is_own(row) or not self._is_new
        if not self._target.by or not maybe_there:
            return None
        return wanted_by(self._target, row)

    def _is_own(self, row: JournalRow) -> bool:
        """Return whether the marker is the caller's own, not one that was made."""
        own = {name: marker_of(self._token, row.row) for name in self._target.by}
        return key_in(own, self._target.by) != row.key

    def decide(self, row: JournalRow, answer: Found | None) -> End | Send | Later:
        """Decide whether *row* is sent."""
        if answer is not None and (answer.records or answer.others):
            return self._known(row, answer)
        if row.in_doubt and answer is None:
            return End("unknown", reason=_ONCE)
        if row.in_doubt and answer is not None and not answer.proved:
            return UNPROVED
        if row.lacks:
            return End("refused", reason=row.lacks)
        # Where nothing is looked up, there is nothing to wait for.
        settles = bool(self._target.by)
        return Send("POST", self._target.path, row.body, settles=settles)

    def not_as_sent(self, send: Send, record: Untyped) -> str:  # noqa: ARG002
        """Return nothing: documents are not updated."""
        return ""

    def _known(self, row: JournalRow, answer: Found) -> End:
        """Decide about a row whose marker is there: whose document is it?"""
        own, values = self._is_own(row), read_body(row)
        for record in answer.records:
            if own and not is_document_of(self._target, values, record):
                continue  # a marker that was made is nobody else's
            if row.in_doubt or not own:
                return End("created", self._id_of(record))
            reason = "a document with this marker is there already"
            return End("unchanged", self._id_of(record), reason)
        there = self._id_of((answer.records or answer.others)[0])
        kind: Literal["unknown", "refused"] = "unknown" if row.in_doubt else "refused"
        return End(kind, None, _OF_ANOTHER.format(", ".join(self._target.by), there))

    def _id_of(self, record: Untyped) -> Any:
        return record.get("urn") or record.get(self._target.key)


def marker_of(token: str, row: int) -> str:
    """Return the marker that is made for a row: 18 characters for a million rows.

    Example:
        >>> marker_of("GE2DQMRQGM", 17)
        'GE2DQMRQGM-17'
    """
    return f"{token}-{row}"
