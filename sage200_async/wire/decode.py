"""Page bytes to records, a slice at a time.

A page is one JSON array of up to 16 MB. Decoding it in one call would stop the
event loop for 50 ms and more, so it is cut about every 128 KB, where one record
ends and the next begins. A cut is right if the slice, closed with ``]``,
decodes: the parser is the proof, since a cut inside a string or a nested array
never does.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from sage200_async.errors import DecodeError
from sage200_async.limits import SLICE_BYTES
from sage200_async.wire.json_types import BYTE_ORDER_MARK, DECODING_ERRORS, is_array
from sage200_async.wire.messages import ChunkedBody
from sage200_async.wire.related import with_related
from sage200_async.wire.rest_of_page import Rest, boundary_in
from sage200_async.wire.splitting import split, split_or_none
from sage200_async.wire.times import (
    has_any_offset,
    has_offset,
    starts_with_offset,
    with_utc_times,
)
from sage200_async.wire.wrappers import NO_NOTES, unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

R = TypeVar("R")
T = TypeVar("T")

_BLANKS: Final = b" \t\r\n"
PROXY_HINT: Final = "check base_url, and the proxy between this machine and Sage 200"
"""What to do about a response that is not JSON, and so not Sage's."""
_NEAR: Final = 4096
# Bytes at either end of a page in which its brackets are searched.
_TRIES: Final = 3
# Cuts that are tried for one slice before the rest is split record by record:
# nested rows may begin as the records do, and text may look like a boundary.
_SHOWN: Final = 300
_ADVICE: Final = (
    "Sage200Client(..., quarantine=function) passes such errors to the function and "
    "reads on"
)

_DECODERS: Final[dict[object, msgspec.json.Decoder[Any]]] = {}


def decoder_for(model: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of *model*, built once: building is slow."""
    if model not in _DECODERS:
        _DECODERS[model] = msgspec.json.Decoder(model, float_hook=Decimal)
    return _DECODERS[model]


def decoders_for(model: Any) -> Iterator[None]:
    """Build the decoders of *model*, related records first, one at a step.

    A decoder uses those of related records if they exist already. All at once,
    the 36 of a customer would stop the event loop for 4 ms and more; each takes
    0.1 to 1 ms.
    """
    if model in _DECODERS:
        return
    for record in with_related(model, set()):
        decoder_for(record)
        yield
    decoder_for(list[model])


def decode_one(body: bytes | ChunkedBody, model: type[R]) -> R:
    """Decode a response that is one record.

    Raises:
        DecodeError: It is not.
    """
    try:
        return decode_plain(bytes(body).removeprefix(BYTE_ORDER_MARK), model)
    except DECODING_ERRORS as error:
        raise _record_error(error, model, bytes(body)) from error


def decode_plain(body: bytes, model: type[R]) -> R:
    """Decode a response that is one record, and raise one of `DECODING_ERRORS` if it is not."""
    decoder: msgspec.json.Decoder[R] = decoder_for(model)
    if not has_any_offset(body):
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            if not _is_about_a_time(error):
                raise
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
    """

    def __init__(
        self,
        model: type[R],
        quarantine: Callable[[DecodeError], None] | None = None,
        slice_bytes: int = SLICE_BYTES,
        *,
        needs_fields: bool = False,
    ) -> None:
        self.notes = NO_NOTES
        """What the page says of the collection, once its slices are read."""
        self._model = model
        self._quarantine = quarantine
        self._slice_bytes = slice_bytes
        self._names = frozenset[str](getattr(model, "__struct_encode_fields__", ()))
        self._empty = model() if needs_fields and self._names else None
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
        page, self.notes = unwrapped(body)
        _require_array(page)
        start = page.first(SLICE_BYTES)
        self._converts_times = starts_with_offset(start)
        rest = Rest(page, boundary_in(start))
        done = 0
        while not rest.over:
            records, raws = self._next(rest)
            if records is None:
                yield from self._one_by_one(raws, done)
                done += len(raws)
            else:
                yield records
                done += len(records)

    def _next(self, rest: Rest) -> tuple[list[R] | None, Sequence[bytes | msgspec.Raw]]:
        """Find a right cut; return the records before it.

        Where one of them does not fit, or where no cut was found, there are none but
        the bytes of each, up to the cut or to the end.
        """
        mark = self._slice_bytes
        for _ in range(_TRIES):
            mark = rest.find(mark)
            if mark < 0:
                break
            array = rest.before(mark + 1)
            records = self._decoded(array)
            raws = () if records is not None else split_or_none(array)
            if raws is not None:
                rest.drop(mark + 2)
                return records, raws
            mark += 1
        array = rest.all()
        records = self._decoded(array) if mark < 0 else None
        return records, () if records is not None else self._split(array)

    def _decoded(self, array: bytes) -> list[R] | None:
        try:
            return self._read(self._decoder, array)
        except DECODING_ERRORS:
            return None

    def _read(self, decoder: msgspec.json.Decoder[T], array: bytes) -> T:
        """Decode; times that are not in UTC are converted."""
        records = self._converted(decoder, array)
        if self._empty is not None:
            self._require_fields(records, array)
        return records

    def _require_fields(self, records: object, array: bytes) -> None:
        """Refuse an object with none of the record's fields, such as an error."""
        rows = records if is_array(records) else [records]
        if self._empty not in rows:
            return
        values = decoder_for(Any).decode(array)
        for value in values if is_array(values) else [values]:
            if value and self._names.isdisjoint(value):
                raise msgspec.ValidationError("Object has none of the record's fields")

    def _converted(self, decoder: msgspec.json.Decoder[T], array: bytes) -> T:
        if not (self._converts_times or has_offset(array)):
            try:
                return decoder.decode(array)
            except msgspec.ValidationError as error:
                if not _is_about_a_time(error):
                    raise
        records = decoder.decode(with_utc_times(array, self._model))
        self._converts_times = True
        return records

    def _split(self, array: bytes) -> Sequence[bytes | msgspec.Raw]:
        try:
            return split(array)
        except DECODING_ERRORS as error:
            raise _record_error(error, self._model, array[1:]) from error

    def _one_by_one(
        self, raws: Sequence[bytes | msgspec.Raw], done: int
    ) -> Iterator[list[R]]:
        """Decode record by record, in slices of the usual size."""
        decoder = decoder_for(self._model)
        batch: list[R] = []
        size = 0
        for index, raw in enumerate(map(bytes, raws), done):
            try:
                batch.append(self._read(decoder, raw))
            except DECODING_ERRORS as error:
                failure = _record_error(error, self._model, raw, index)
                if self._quarantine is None:
                    yield batch
                    failure.add_note(_ADVICE)
                    raise failure from error
                self._quarantine(failure)
            size += len(raw)
            if size >= self._slice_bytes:
                yield batch
                batch, size = [], 0
        yield batch


def _start_of(page: ChunkedBody) -> bytes:
    """Return the start of *page*, from its first bracket on."""
    return page.first(_NEAR).removeprefix(BYTE_ORDER_MARK).lstrip(_BLANKS)


def _require_array(chunks: ChunkedBody) -> None:
    head = _start_of(chunks)
    tail = chunks.last(_NEAR).rstrip(_BLANKS)
    if not (head.startswith(b"[") and tail.endswith(b"]")):
        hint = "" if head.startswith((b"[", b"{")) else f": {PROXY_HINT}"
        raise DecodeError(
            f"expected a JSON array of records, got {_shown(chunks)}{hint}",
            json_path="$",
        )


def _record_error(
    error: Exception, model: Any, raw: bytes, index: int | None = None
) -> DecodeError:
    text = str(error)
    _, separator, json_path = text.rpartition(" - at `")
    path = json_path.rstrip("`") if separator else "$"
    if index is not None:
        path = f"$[{index}]{path.removeprefix('$')}"
    name = getattr(model, "__name__", str(model))
    what = text.partition(" - at `")[0]
    one = raw if index is not None else b""
    shown = "" if index is not None else f", got {_shown(raw)}"
    return DecodeError(
        f"{name} at {path}: {what}{shown}", json_path=path, model=name, raw=one
    )


def _shown(body: bytes | ChunkedBody) -> str:
    text = ChunkedBody.of(body).first(_SHOWN).decode(errors="replace")
    return repr(text) if len(body) <= _SHOWN else f"{text!r}... ({len(body)} bytes)"
