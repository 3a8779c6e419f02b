"""Upsert: rows become records, or change those that have their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import InvalidInput
from sage200_async.odata.plain_values import shown
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import Untyped, is_array, is_object
from sage200_async.write.decisions import UNPROVED, End, Later, Send
from sage200_async.write.look_up import Wanted

if TYPE_CHECKING:
    from sage200_async.write.comparison import Comparison
    from sage200_async.write.journal_rows import JournalRow
    from sage200_async.write.look_up import Found
    from sage200_async.write.target import Target

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_NOT_AS_SENT: Final = (
    "the service took it, and shows these fields otherwise: {}; write what it shows if "
    "that means the same, or leave them out: else every run sends them"
)


class UpsertRules:
    """Creates what is missing, and sends of the rest what differs."""

    def __init__(self, target: Target, comparison: Comparison) -> None:
        self._target = target
        self._comparison = comparison

    def wanted(self, row: JournalRow) -> Wanted:
        """Return the key of *row*."""
        return wanted_by(self._target, row)

    def decide(self, row: JournalRow, answer: Found | None) -> End | Send | Later:
        """Decide whether *row* is created, updated, or as it should be."""
        if answer is None:
            raise AssertionError(row.row)
        if len(answer.records) > 1:
            by = " and ".join(self._target.by)
            reason = f"{len(answer.records)} records have the same {by}"
            return End("refused", reason=f"{reason}, so that none can be chosen")
        if answer.records:
            return self._compare(row, answer.records[0])
        if answer.others:
            return _taken_for_another(self._target, answer.others[0])
        if row.in_doubt and not answer.proved:
            return UNPROVED
        if row.lacks:
            return End("refused", reason=row.lacks)
        return Send("POST", self._target.path, row.body)

    def not_as_sent(self, send: Send, record: Untyped) -> str:
        """Return in words what a record shows otherwise than it was sent."""
        sent = decoder_for(Untyped).decode(send.body)
        plain = {
            name: value
            for name, value in sent.items()
            if name in record and not is_object(value) and not is_array(value)
        }
        differing = self._comparison.changes(plain, record).values
        pairs = [
            f"{name} (sent {shown(value)}, shown {shown(record[name])})"
            for name, value in differing.items()
        ]
        return _NOT_AS_SENT.format(", ".join(pairs)) if pairs else ""

    def _compare(self, row: JournalRow, record: Untyped) -> End | Send:
        key = record.get(self._target.key)
        try:
            wanted = read_body(row)
            for name in self._target.by:  # the server takes them for equal
                del wanted[name]
            values, adds_rows = self._comparison.changes(wanted, record)
        except InvalidInput as error:
            return End("refused", key, str(error))
        if values:
            path = self._target.item_path(key)
            return Send("PUT", path, _ENCODER.encode(values), key, settles=adds_rows)
        if not row.in_doubt:
            return End("unchanged", key)
        return End("created" if row.method == "POST" else "updated", key)


def _taken_for_another(target: Target, other: Untyped) -> End:
    """Refuse a row for whose key the server shows a record with another."""
    key = ", ".join(shown(other.get(name)) for name in target.by)
    id_ = other.get(target.key)
    reason = (
        f"for this key the server shows the record {shown(id_)}, whose key is {key}: "
        "if it is meant, write its key as it is there"
    )
    return End("refused", id_, reason)


def read_body(row: JournalRow) -> Any:
    """Return the values of *row*."""
    return decoder_for(Untyped).decode(row.body)


def wanted_by(target: Target, row: JournalRow) -> Wanted:
    """Return what *row* is looked up by."""
    values = read_body(row)
    related = {k for k, value in values.items() if is_object(value) or is_array(value)}
    key = tuple(values.get(name) for name in target.by)
    return Wanted(
        row.key, key, frozenset(related if target.path == target.found_in else ())
    )
