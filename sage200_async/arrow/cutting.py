"""Cuts a page into the bytes of its records, some hundreds at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.limits import MAX_RECORD_BYTES, SLICE_BYTES
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.json_types import DECODING_ERRORS
from sage200_async.wire.large_records import Scanner, too_large
from sage200_async.wire.not_records import record_error

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sage200_async.errors import DecodeError
    from sage200_async.paging.page_forms import Quarantine
    from sage200_async.wire.rest_of_page import Rest

_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
COLUMN_SLICE: Final = 8 * SLICE_BYTES
"""Bytes that are parsed in one call: of fewer, the call itself takes most of the time."""


class Cut(list[Any]):
    """The bytes of some records, whether they can be read or not."""

    start = 0
    """The index of the first one in the page."""
    is_json = True
    """Whether they are JSON that is not nested too deeply for a parser's stack."""

    def parts(self, size: int) -> Iterator[Cut]:
        """Yield parts of *size* records, in order."""
        return (self.part(at, at + size) for at in range(0, len(self), size))

    def part(self, start: int, end: int) -> Cut:
        """Return the records from *start* up to *end*."""
        part = Cut(self[start:end])
        part.start, part.is_json = self.start + start, self.is_json
        return part

    def without(self, misfits: Sequence[int]) -> Cut:
        """Return the records whose indices are not among *misfits*."""
        left_out = set(misfits)
        good = Cut(raw for at, raw in enumerate(self) if at not in left_out)
        good.start = self.start
        good.is_json = self.is_json or _raws_in(b"[%b]" % b",".join(good)) is not None
        return good


class Cutter(SliceReader[Any]):
    """Cuts a page; where the records of a slice end is proven by the parser, as ever.

    Args:
        model: What each record is, for errors.
        quarantine: Takes the errors of records that are too large to be read.
        slice_bytes: About how many bytes are cut at once.
        max_record_bytes: Bytes of one record at most.
    """

    max_records = 20_000
    tries = 1  # each one takes some milliseconds

    def __init__(
        self,
        model: type[Any],
        quarantine: Quarantine,
        slice_bytes: int = COLUMN_SLICE,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> None:
        super().__init__(
            model,
            None if quarantine is None else self._set_aside,
            slice_bytes,
            max_record_bytes=max_record_bytes,
        )
        self._take = quarantine
        self._done = 0

    def _decoded(self, array: bytes) -> list[Any] | None:
        raws = _raws_in(array)
        return None if raws is None else self._cut(raws, self._done)

    def _one_by_one(
        self, raws: Sequence[bytes | msgspec.Raw], done: int
    ) -> Iterator[list[Any]]:
        cut = self._cut(raws, done)
        cut.is_json = False
        yield cut

    def _scanned(
        self,
        rest: Rest,
        done: int,
    ) -> Generator[list[Any], None, int]:
        """Yield what has no boundary for long in cuts as large as any other."""
        scanner = Scanner(rest, self._max_bytes, may_be_empty=not done)
        raws: list[bytes | msgspec.Raw] = []
        try:
            for element in scanner.elements(self._slice_bytes):
                if element is None:
                    yield []  # a turn for others
                    continue
                array = b"[%b]" % element.raw
                too_big = element.size > self._max_bytes
                records = None if too_big else _raws_in(array)
                if records is not None:
                    raws += records
                    continue
                yield self._cut(raws, self._done)
                raws = []
                if too_big:
                    error = too_large(self._model, element, self._done, self._max_bytes)
                    self._refuse(error)
                else:
                    yield from self._one_by_one(self._split(array), self._done)
        except msgspec.DecodeError as error:
            yield self._cut(raws, self._done)
            raise record_error(error, self._model, scanner.unfinished) from error
        yield self._cut(raws, self._done)
        rest.over = scanner.closed
        return self._done

    def _cut(self, raws: Sequence[bytes | msgspec.Raw], start: int) -> Cut:
        cut = Cut(raws)
        cut.start, self._done = start, start + len(cut)
        return cut

    def _set_aside(self, error: DecodeError) -> None:
        self._done += 1
        if self._take is not None:
            self._take(error)


def _raws_in(array: bytes) -> list[msgspec.Raw] | None:
    """Return the records of *array*, or None where it is not JSON."""
    try:
        return _RAWS.decode(array)
    except DECODING_ERRORS:
        return None
