"""Page bytes to records, a slice at a time.

A page is one JSON array of up to 16 MB. Decoding it in one call would stop the
event loop for 50 ms and more, so it is cut about every 128 KB, where one record
ends and the next begins. A cut is right if the slice, closed with ``]``,
decodes: the parser is the proof, since a cut inside a string or a nested array
never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import msgspec

from sage200_async.limits import MAX_RECORD_BYTES, SLICE_BYTES
from sage200_async.wire.constructed import empty_of
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import BYTE_ORDER_MARK, DECODING_ERRORS, is_array
from sage200_async.wire.large_records import Element, Scanner, too_large
from sage200_async.wire.not_records import record_error, require_array
from sage200_async.wire.rest_of_page import Rest, boundary_in
from sage200_async.wire.splitting import split, split_or_none
from sage200_async.wire.times import with_utc_times
from sage200_async.wire.value_checks import (
    has_local_times,
    is_nested,
    require_bounded,
)
from sage200_async.wire.wrappers import NO_NOTES, unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sage200_async.errors import DecodeError
    from sage200_async.wire.messages import ChunkedBody

R = TypeVar("R")
T = TypeVar("T")

_SMALL: Final = 16 * 1024
# Bytes of a page that is tried as a bare array at once: some 50 microseconds.
_FEW: Final = 250
# Records that are decoded one by one between two turns of the event loop.
QUARANTINE_ADVICE: Final = (
    "Sage200Client(..., quarantine=function) passes such errors to the function and "
    "reads on"
)
"""The note of an error that a quarantine would have taken."""


def decode_one(body: bytes | ChunkedBody, model: type[R]) -> R:
    """Decode a response that is one record.

    Raises:
        DecodeError: It is not.
    """
    try:
        return decode_plain(bytes(body).removeprefix(BYTE_ORDER_MARK), model)
    except DECODING_ERRORS as error:
        raise record_error(error, model, bytes(body)) from error


def decode_plain(body: bytes, model: type[R]) -> R:
    """Decode a response that is one record, and raise one of `DECODING_ERRORS` if it is not."""
    nested = is_nested(body, 1, model)
    record: R = _in_utc(decoder_for(model), body, model, nested=nested)
    require_bounded((record,), model, nested=nested)
    return record


def _in_utc(
    decoder: msgspec.json.Decoder[R], body: bytes, model: Any, *, nested: bool
) -> R:
    try:
        record = decoder.decode(body)
    except msgspec.ValidationError as error:
        if not _is_about_a_time(error):
            raise
    else:
        if not has_local_times((record,), model, nested=nested):
            return record
    return decoder.decode(with_utc_times(body, model))


def _is_about_a_time(error: msgspec.ValidationError) -> bool:
    """Return whether a time has neither ``Z`` nor an offset, or one without a colon."""
    return "timezone" in str(error) or "RFC3339" in str(error)


class SliceReader(Generic[R]):
    """Cuts a page into slices and decodes each.

    Args:
        model: What each record is.
        quarantine: Called with the error of each record that does not fit, so
            that the rest goes on; without it the error is raised.
        slice_bytes: About how many bytes a slice has.
        needs_fields: Whether an object with none of the record's fields is an error;
            where records have a key, its absence shows that.
        max_record_bytes: Bytes of one record at most; a larger one does not fit.
    """

    max_records: ClassVar[int] = 1000
    """About how many records a slice has at most."""
    tries: ClassVar[int] = 3
    """Cuts that are tried for one slice before its records are scanned one by one: nested
    rows may begin as the records do, and text may look like a boundary."""

    def __init__(
        self,
        model: type[R],
        quarantine: Callable[[DecodeError], None] | None = None,
        slice_bytes: int = SLICE_BYTES,
        *,
        needs_fields: bool = False,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> None:
        self.notes = NO_NOTES
        """What the page says of the collection, once its slices are read."""
        self.over = False
        """Whether the slice that came last is the page's last one, as far as is known."""
        self._model = model
        self._quarantine = quarantine
        self._slice_bytes = slice_bytes
        self._step = slice_bytes
        self._max_bytes = max_record_bytes
        self._tries = self.tries
        names = getattr(model, "__struct_encode_fields__", ()) if needs_fields else ()
        self._names: tuple[str, ...] = names
        self._empty = empty_of(model) if names else None
        self._converts_times = False
        """Whether times came that are not in UTC, so that more are expected."""

    @property
    def _decoder(self) -> msgspec.json.Decoder[list[R]]:
        """The decoder of a slice, built on first use."""
        return decoder_for(list[self._model])  # type: ignore[name-defined]

    def slices(self, body: bytes | ChunkedBody) -> Iterator[list[R]]:
        """Yield the records of a page, a slice at a time; a chunked body is used up.

        Raises:
            DecodeError: The page is no JSON array, or a record does not fit
                and there is no quarantine for it.
        """
        self.over = False
        if isinstance(body, bytes) and len(body) <= min(_SMALL, self._slice_bytes):
            records = self._decoded(body)
            if records is not None:
                self.over = True
                yield records
                return
        page, self.notes = unwrapped(body)
        require_array(page)
        start = page.first(SLICE_BYTES)
        boundary = boundary_in(start)
        size = len(start) // (start.count(boundary) + 1)
        # Of short records there are many in a slice, and each takes its time.
        self._step = min(self._slice_bytes, max(size, 1) * self.max_records)
        rest = Rest(page, boundary)
        done = 0
        while not rest.over:
            records, raws = self._next(rest)
            if records is not None:
                self.over = rest.over
                yield records
                done += len(records)
            elif raws is not None:
                yield from self._one_by_one(raws, done)
                done += len(raws)
            else:
                done = yield from self._scanned(rest, done)
                self._tries = 1  # what follows is likely to be as it was

    def _next(
        self, rest: Rest
    ) -> tuple[list[R] | None, Sequence[bytes | msgspec.Raw] | None]:
        """Find a right cut; return the records before it.

        Where one of them does not fit, or where no cut was found, there are none but
        the bytes of each, up to the cut or to the end. Where the end is far, there is
        neither.
        """
        mark, limit = self._step, self._max_bytes + self._slice_bytes
        for _ in range(self._tries):
            mark = rest.find(mark, limit)
            if mark < 0:
                break
            array = rest.before(mark)
            records = self._decoded(array)
            raws = () if records is not None else split_or_none(array)
            if raws is not None:
                rest.drop_to(mark)
                return records, raws
            mark += 1
        if mark >= 0 or rest.size > limit:
            return None, None
        array = rest.all()
        records = self._decoded(array)
        return records, () if records is not None else self._split(array)

    def _scanned(self, rest: Rest, done: int) -> Generator[list[R], None, int]:
        """Yield the records of what has no boundary for long; return how many came."""
        scanner = Scanner(rest, self._max_bytes, may_be_empty=not done)
        try:
            for element in scanner.elements(self._slice_bytes):
                if element is None:
                    yield []  # a turn for others
                elif element.size > self._max_bytes:
                    self._refuse(too_large(self._model, element, done, self._max_bytes))
                    done += 1
                else:
                    raws = self._split(b"[%b]" % element.raw)
                    yield from self._one_by_one(raws, done)
                    done += len(raws)
        except msgspec.DecodeError as error:
            raise record_error(error, self._model, scanner.unfinished) from error
        rest.over = scanner.closed
        return done

    def _decoded(self, array: bytes) -> list[R] | None:
        if len(array) > self._max_bytes + 2:
            return None  # one of them may be too large
        try:
            return self._read(self._decoder, array)
        except DECODING_ERRORS:
            return None

    def _read(self, decoder: msgspec.json.Decoder[T], array: bytes) -> T:
        """Decode and check; times that are not in UTC are converted."""
        records, nested = self._in_utc(decoder, array)
        rows = _rows(records)
        require_bounded(rows, self._model, nested=nested)
        if self._empty is not None:
            self._require_fields(rows, array)
        return records

    def _require_fields(self, rows: Sequence[Any], array: bytes) -> None:
        """Refuse an object with none of the record's fields, such as an error."""
        if self._empty not in rows:
            return
        values = decoder_for(Any).decode(array)
        names = frozenset(self._names)
        for value in values if is_array(values) else [values]:
            if value and names.isdisjoint(value):
                raise msgspec.ValidationError("Object has none of the record's fields")

    def _in_utc(self, decoder: msgspec.json.Decoder[T], array: bytes) -> tuple[T, bool]:
        """Return what is decoded, and whether any of it holds related records."""
        if not self._converts_times:
            try:
                records = decoder.decode(array)
            except msgspec.ValidationError as error:
                if not _is_about_a_time(error):
                    raise
            else:
                rows = _rows(records)
                nested = is_nested(array, len(rows), self._model)
                if not has_local_times(rows, self._model, nested=nested):
                    return records, nested
        records = decoder.decode(with_utc_times(array, self._model))
        self._converts_times = True
        return records, is_nested(array, len(_rows(records)), self._model)

    def _split(self, array: bytes) -> Sequence[bytes | msgspec.Raw]:
        try:
            return split(array)
        except DECODING_ERRORS as error:
            raise record_error(error, self._model, array[1:]) from error

    def _one_by_one(
        self, raws: Sequence[bytes | msgspec.Raw], done: int
    ) -> Iterator[list[R]]:
        """Decode record by record, in slices of the usual size."""
        decoder = decoder_for(self._model)
        batch: list[R] = []
        size = 0
        for index, raw in enumerate(map(bytes, raws), done):
            failure = self._append(batch, decoder, raw, index)
            if failure is not None:
                if self._quarantine is None:
                    yield batch
                self._refuse(failure)
            size += len(raw)
            if size >= self._slice_bytes or len(batch) >= _FEW:
                yield batch
                batch, size = [], 0
        yield batch

    def _append(
        self, batch: list[R], decoder: msgspec.json.Decoder[R], raw: bytes, index: int
    ) -> DecodeError | None:
        """Append a record to *batch*, or return why it does not fit."""
        if len(raw) > self._max_bytes:
            return too_large(
                self._model, Element(raw, len(raw)), index, self._max_bytes
            )
        try:
            batch.append(self._read(decoder, raw))
        except DECODING_ERRORS as error:
            failure = record_error(error, self._model, raw, index)
            failure.__cause__ = error
            return failure
        return None

    def _refuse(self, failure: DecodeError) -> None:
        """Hand the error of a record to the quarantine, or raise it."""
        if self._quarantine is None:
            failure.add_note(QUARANTINE_ADVICE)
            raise failure
        self._quarantine(failure)


def _rows(records: object) -> Sequence[Any]:
    return records if is_array(records) else (records,)
