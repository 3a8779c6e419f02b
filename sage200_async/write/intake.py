"""The intake: all rows go into the journal, checked, before anything is sent."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import InvalidInput, QueryError, UnknownFieldError
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import Untyped
from sage200_async.write.comparison import require_nested_once
from sage200_async.write.input_rows import each_row
from sage200_async.write.insert import marker_of
from sage200_async.write.journal_rows import NewRow
from sage200_async.write.keys import key_in, require_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.write.journal_thread import JournalThread
    from sage200_async.write.target import Target

_ROWS: Final = 500
# Rows that are written to the disk at once.
_TURN: Final = 20
# Rows after which other tasks get their turn: each takes up to 0.2 ms.
_BITS: Final = 256
_NAMES: Final = 100
_LONGEST_REASON: Final = 2000
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


class Intake:
    """Reads the rows of a job into its journal.

    Args:
        target: Checks and encodes them.
        marker: The field that each row gets a marker in, or "".
        thread: The journal.
        nested_by: The fields by which rows of related records are found.
    """

    def __init__(
        self,
        target: Target,
        marker: str,
        thread: JournalThread,
        nested_by: Mapping[str, Sequence[str]],
    ) -> None:
        self._target = target
        self._marker = marker
        self._thread = thread
        self._nested_by = nested_by
        self._sum = 0
        self._unknown: dict[str, str] = {}
        # Names that no field has, with what is said of them: it takes long to find out
        # what is nearest, and a misspelled column is in each row.

    async def take(self, rows: object) -> None:
        """Read all *rows*.

        Raises:
            JournalError: Other rows were sent under the same journal.
        """
        journal, some, count = self._thread.journal, list[NewRow](), 0
        await self._thread.run(journal.begin_input)
        async for row in each_row(rows):
            count += 1
            some.append(self._new_row(count, row))
            if count % _TURN == 0:
                await asyncio.sleep(0)
            if len(some) == _ROWS:
                await self._thread.run(journal.add, some)
                some = []
        await self._thread.run(journal.add, some)
        digest = f"{count}:{self._sum:064x}"
        await self._thread.run(journal.finish_input, digest)

    def _new_row(self, number: int, row: object) -> NewRow:
        """Check one row and encode it."""
        values: Mapping[str, Any] = {}
        key, body, lacks, fault = None, b"", "", ""
        try:
            values = self._target.values_of(row)
            self._count(_best_effort(values))
            self._refuse_unknown(values)
            values = self._marked(number, values)
            body, lacks = self._target.encode(values)
            key = self._key_of(body)
        except InvalidInput as error:
            fault = "; ".join(error.faults) or str(error)
        except UnknownFieldError as error:
            fault = str(error)
            if error.name and len(self._unknown) < _NAMES:
                self._unknown[error.name] = fault
        except QueryError as error:
            fault = str(error)
        body = body or _best_effort(values)
        return NewRow(number, key, body, lacks, fault[:_LONGEST_REASON])

    def _count(self, body: bytes) -> None:
        """Add a row to what is known of the input: its order does not matter."""
        digest = hashlib.blake2b(body, digest_size=_BITS // 8).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % (1 << _BITS)

    def _refuse_unknown(self, values: Mapping[str, Any]) -> None:
        """Raise a QueryError where *values* have a name that was refused before."""
        for name in self._unknown.keys() & values.keys():
            raise QueryError(self._unknown[name])

    def _marked(self, number: int, values: Mapping[str, Any]) -> Mapping[str, Any]:
        marker = self._marker
        if not marker or key_in(values, [marker]) is not None:
            return values
        return {**values, marker: marker_of(self._thread.journal.token, number)}

    def _key_of(self, body: bytes) -> str | None:
        """Return the key of a row, checked with those of its related rows."""
        by, row = self._target.by, decoder_for(Untyped).decode(body)
        require_nested_once(row, self._nested_by)
        return require_key(row, by) if by else None


def _best_effort(values: Mapping[str, Any]) -> bytes:
    """Return *values* as JSON, whatever they are, for the digest and the report."""
    try:
        return msgspec.json.encode(values, enc_hook=_plain, order="deterministic")
    except (TypeError, ValueError, RecursionError):
        return _plain(values).encode("utf-8", "replace")


def _plain(value: object) -> str:
    """Return the repr of *value* without addresses: the next run has others."""
    return _ADDRESS.sub("", repr(value))
