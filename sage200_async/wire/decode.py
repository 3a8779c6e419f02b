"""Page bytes to records, a slice at a time.

A page is one JSON array of up to 16 MB. Decoding it in one call would stop the
event loop for 50 ms and more, so it is cut near every 128 KB at a place where
one record ends and the next begins. A cut is right if the slice, closed with
``]``, decodes: the parser is the proof, since a cut inside a string or a
nested array never does.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from sage200_async.errors import DecodeError
from sage200_async.units import SLICE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

R = TypeVar("R")

_BLANKS: Final = b" \t\r\n"
_TRIES: Final = 3
# Cuts that are tried for one slice before the rest is split record by record:
# nested rows may begin like the records do, and text may look like a border.
_SHOWN: Final = 300

UNFIT: Final = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    InvalidOperation,  # an exponent past what Decimal holds
    RecursionError,  # brackets nested past what the parser follows
)
"""What decoding may raise."""

_DECODERS: Final[dict[object, msgspec.json.Decoder[Any]]] = {}


def decoder_for(model: Any) -> msgspec.json.Decoder[Any]:
    """Give the decoder of *model*, built once: building is slow."""
    if model not in _DECODERS:
        _DECODERS[model] = msgspec.json.Decoder(model, float_hook=Decimal)
    return _DECODERS[model]


def decode_one(body: bytes | bytearray, model: type[R]) -> R:
    """Decode a reply that is one record.

    Raises:
        DecodeError: It is not.
    """
    try:
        record: R = decoder_for(model).decode(body)
    except UNFIT as error:
        raise _unfit(error, model, body) from error
    return record


class SliceReader(Generic[R]):
    """Cuts a page into slices and decodes each.

    Args:
        model: What each record is.
        quarantine: Called with the error of each record that does not fit, so
            that the rest goes on; without it the error is raised.
        slice_bytes: Bytes of a slice, about.
    """

    def __init__(
        self,
        model: type[R],
        quarantine: Callable[[DecodeError], None] | None = None,
        slice_bytes: int = SLICE_BYTES,
    ) -> None:
        self._model = model
        self._quarantine = quarantine
        self._slice_bytes = slice_bytes

    @property
    def _decoder(self) -> msgspec.json.Decoder[list[R]]:
        """The decoder of a slice, built once a page is there: that takes 3 ms."""
        return decoder_for(list[self._model])  # type: ignore[name-defined]

    def slices(self, body: bytes | bytearray) -> Iterator[list[R]]:
        """Yield the records of a page, a slice at a time.

        Raises:
            DecodeError: The page is no JSON array, or a record does not fit
                and there is no quarantine for it.
        """
        body = unwrapped(body)
        start, end = _bounds(body)
        border = _border(body, start)
        whole = memoryview(body)
        done = 0
        while start < end:
            cut, records = self._cut(body, whole, start, end, border)
            if records is None:
                raws = self._split(whole[start:cut])
                yield from self._one_by_one(raws, done)
                done += len(raws)
            else:
                yield records
                done += len(records)
            start = cut + 1

    def _cut(
        self,
        body: bytes | bytearray,
        whole: memoryview,
        start: int,
        end: int,
        border: bytes,
    ) -> tuple[int, list[R] | None]:
        """Find a right cut; give it with the slice's records.

        The records are None where one of them does not fit, or where no cut
        was found and what is left has to be split record by record.
        """
        mark = start + self._slice_bytes
        for _ in range(_TRIES):
            mark = body.find(border, mark, end)
            cut = end if mark < 0 else mark + 1
            piece = _closed(whole[start:cut])
            try:
                return cut, self._decoder.decode(piece)
            except UNFIT:
                if mark < 0 or _is_array(piece):
                    return cut, None
            mark += 1
        return end, None

    def _split(self, piece: memoryview) -> list[msgspec.Raw]:
        try:
            return _RAWS.decode(_closed(piece))
        except UNFIT as error:
            raise _unfit(error, self._model, bytes(piece)) from error

    def _one_by_one(self, raws: list[msgspec.Raw], done: int) -> Iterator[list[R]]:
        """Decode record by record, in slices of the usual size."""
        decoder = decoder_for(self._model)
        batch: list[R] = []
        size = 0
        for index, raw in enumerate(map(bytes, raws), done):
            try:
                batch.append(decoder.decode(raw))
            except UNFIT as error:
                unfit = _unfit(error, self._model, raw, index)
                if self._quarantine is None:
                    yield batch
                    raise unfit from error
                self._quarantine(unfit)
            size += len(raw)
            if size >= self._slice_bytes:
                yield batch
                batch, size = [], 0
        yield batch


_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def _closed(piece: memoryview) -> bytes:
    return b"".join((b"[", piece, b"]"))


def _is_array(piece: bytes) -> bool:
    try:
        _RAWS.decode(piece)
    except UNFIT:
        return False
    return True


class _Wrapped(msgspec.Struct):
    value: msgspec.Raw


def unwrapped(body: bytes | bytearray) -> bytes | bytearray:
    """Take the array out of ``{"value": [...]}``.

    Source: hotgluexyz/target-sage-200 meets the wrapper "depending on endpoint
    and query"; Sage documents bare arrays.
    """
    solid = _first_solid(body)
    if body[solid : solid + 1] != b"{":
        return body
    try:
        return bytes(decoder_for(_Wrapped).decode(body).value)
    except UNFIT:
        return body


def _bounds(body: bytes | bytearray) -> tuple[int, int]:
    """Find where the array's first record starts and its last one ends."""
    start = _first_solid(body)
    end = len(body)
    while end > start and body[end - 1] in _BLANKS:
        end -= 1
    if body[start : start + 1] != b"[" or body[end - 1 : end] != b"]":
        raise DecodeError(
            f"expected a JSON array of records, got {_shown(body)}", where="$"
        )
    inside = start + 1 + _first_solid(body[start + 1 : start + 65])
    return (start + 1, end - 1) if inside < end - 1 else (end, end - 1)


def _first_solid(body: bytes | bytearray) -> int:
    return next((i for i, byte in enumerate(body) if byte not in _BLANKS), len(body))


def _border(body: bytes | bytearray, start: int) -> bytes:
    """Guess what stands between two records, from how the first one begins."""
    quote = body.find(b'"', start)
    close = body.find(b'"', quote + 1)
    head = bytes(body[start : close + 1])
    spaced = b"}, " + head
    near = start + 4 * SLICE_BYTES
    return spaced if body.find(spaced, start, near) >= 0 else b"}," + head


def _unfit(
    error: Exception, model: Any, raw: bytes | bytearray, index: int | None = None
) -> DecodeError:
    text = str(error)
    _, found, where = text.rpartition(" - at `")
    path = where.rstrip("`") if found else "$"
    if index is not None:
        path = f"$[{index}]{path.removeprefix('$')}"
    name = getattr(model, "__name__", str(model))
    what = text.partition(" - at `")[0]
    one = bytes(raw[: SLICE_BYTES * 8]) if index is not None else b""
    shown = "" if index is not None else f", got {_shown(raw)}"
    return DecodeError(
        f"{name} at {path}: {what}{shown}", where=path, model=name, raw=one
    )


def _shown(body: bytes | bytearray) -> str:
    text = bytes(body[:_SHOWN]).decode(errors="replace")
    return repr(text) if len(body) <= _SHOWN else f"{text!r}... ({len(body)} bytes)"
