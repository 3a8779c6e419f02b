"""Page bytes to records, a slice at a time.

A page is one JSON array of up to 16 MB. Decoding it in one call would stop the
event loop for 50 ms and more, so it is cut near every 128 KB at a place where
one record ends and the next begins. A cut is right if the slice, closed with
``]``, decodes: the parser is the proof, since a cut inside a string or a
nested array never does.
"""

from __future__ import annotations

import re
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from sage200_async.errors import DecodeError
from sage200_async.limits import SLICE_BYTES
from sage200_async.wire.messages import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

R = TypeVar("R")

_BLANKS: Final = b" \t\r\n"
_NEAR: Final = 4096
# Bytes at either end of a page in which its brackets are looked for.
_TRIES: Final = 3
# Cuts that are tried for one slice before the rest is split record by record:
# nested rows may begin like the records do, and text may look like a border.
_SHOWN: Final = 300
_WORD: Final = re.compile(r"\w+")

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


def decoders_for(model: Any) -> Iterator[None]:
    """Build the decoders of *model*, those of its members first, one at a step.

    A decoder knows those of its members once they are there. All at once, the 36
    of a customer would stop the event loop for 4 ms and more, each for 0.1 or 1.
    """
    if model in _DECODERS:
        return
    for each in _with_members(model, set()):
        decoder_for(each)
        yield
    decoder_for(list[model])


def _with_members(model: Any, seen: set[Any]) -> Iterator[Any]:
    """Give *model* after the records that its fields hold, where they are known."""
    seen.add(model)
    names = getattr(sys.modules.get(model.__module__), "__dict__", {})
    told: dict[str, Any] = getattr(model, "__annotations__", {})
    texts = " ".join(each for each in told.values() if isinstance(each, str))
    for name in _WORD.findall(texts):
        found = names.get(name)
        record = isinstance(found, type) and issubclass(found, Struct)
        if record and found not in seen:
            yield from _with_members(found, seen)
    yield model


def decode_one(body: bytes | ChunkedBody, model: type[R]) -> R:
    """Decode a reply that is one record.

    Raises:
        DecodeError: It is not.
    """
    try:
        record: R = decoder_for(model).decode(bytes(body))
    except UNFIT as error:
        raise _unfit(error, model, bytes(body)) from error
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
        """The decoder of a slice, built on first use."""
        return decoder_for(list[self._model])  # type: ignore[name-defined]

    def slices(self, body: bytes | ChunkedBody) -> Iterator[list[R]]:
        """Yield the records of a page, a slice at a time; pieces are taken away.

        Raises:
            DecodeError: The page is no JSON array, or a record does not fit
                and there is no quarantine for it.
        """
        pieces = unwrapped(body)
        _require_array(pieces)
        border = _border(pieces.first(SLICE_BYTES))
        rest = _Rest(pieces)
        done = 0
        while not rest.over:
            records, piece = self._next(rest, border)
            if records is None:
                raws = self._split(piece)
                yield from self._one_by_one(raws, done)
                done += len(raws)
            else:
                yield records
                done += len(records)

    def _next(self, rest: _Rest, border: bytes) -> tuple[list[R] | None, bytes]:
        """Find a right cut; give the records before it, and the slice that they are.

        The records are None where one of them does not fit, or where no cut
        was found and what is left has to be split record by record.
        """
        mark = self._slice_bytes
        for _ in range(_TRIES):
            mark = rest.find(border, mark)
            piece = rest.all() if mark < 0 else rest.upto(mark + 1)
            records = self._decoded(piece)
            if records is not None or mark < 0 or _is_array(piece):
                rest.drop(mark + 2)
                return records, piece
            mark += 1
        return None, rest.all()

    def _decoded(self, piece: bytes) -> list[R] | None:
        try:
            return self._decoder.decode(piece)
        except UNFIT:
            return None

    def _split(self, piece: bytes) -> list[msgspec.Raw]:
        try:
            return _RAWS.decode(piece)
        except UNFIT as error:
            raise _unfit(error, self._model, piece[1:]) from error

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


class _Rest:
    """What of a page is not decoded yet; places are counted from its beginning."""

    def __init__(self, pieces: ChunkedBody) -> None:
        self.over = False
        self._pieces = pieces.taken()
        self._before: list[memoryview] = []
        self._size = 0
        # Bytes before the last piece.
        self._last: bytes | bytearray = b""
        self._at = 0
        self.drop(self.find(b"[", 0) + 1)

    def find(self, border: bytes, start: int) -> int:
        """Find *border* from *start* on, within one piece, or give -1."""
        while True:
            since = self._at + max(0, start - self._size)
            mark = self._last.find(border, since)
            if mark >= 0:
                return self._size + mark - self._at
            piece = next(self._pieces, None)
            if piece is None:
                return -1
            self._before.append(memoryview(self._last)[self._at :])
            self._size += len(self._last) - self._at
            self._last, self._at = piece, 0

    def upto(self, cut: int) -> bytes:
        """Make an array of what stands before *cut*, which is in the last piece."""
        last = memoryview(self._last)[self._at : self._at + cut - self._size]
        return b"".join((b"[", *self._before, last, b"]"))

    def drop(self, cut: int) -> None:
        """Leave out what stands before *cut*."""
        self._at += cut - self._size
        self._before, self._size = [], 0

    def all(self) -> bytes:
        """Make an array of all of it: its end is the page's."""
        self.over = True
        last = memoryview(self._last)[self._at :]
        return b"".join((b"[", *self._before, last, *self._pieces))


def _is_array(piece: bytes) -> bool:
    try:
        _RAWS.decode(piece)
    except UNFIT:
        return False
    return True


class _Wrapped(Struct):
    value: msgspec.Raw


def unwrapped(body: bytes | ChunkedBody) -> ChunkedBody:
    """Take the array out of ``{"value": [...]}``.

    Source: hotgluexyz/target-sage-200 meets the wrapper "depending on endpoint
    and query"; Sage documents bare arrays.
    """
    pieces = ChunkedBody.of(body)
    if not pieces.first(_NEAR).lstrip(_BLANKS).startswith(b"{"):
        return pieces
    whole = b"".join(pieces.taken())
    try:
        return ChunkedBody(bytes(decoder_for(_Wrapped).decode(whole).value))
    except UNFIT:
        return ChunkedBody(whole)


def _require_array(pieces: ChunkedBody) -> None:
    begun = pieces.first(_NEAR).lstrip(_BLANKS)
    ended = pieces.last(_NEAR).rstrip(_BLANKS)
    if not (begun.startswith(b"[") and ended.endswith(b"]")):
        raise DecodeError(
            f"expected a JSON array of records, got {_shown(pieces)}", json_path="$"
        )


def _border(begun: bytes) -> bytes:
    """Guess what stands between two records, from how the first one begins."""
    quote = begun.find(b'"')
    close = begun.find(b'"', quote + 1)
    head = begun[begun.find(b"[") + 1 : close + 1]
    spaced = b"}, " + head
    return spaced if spaced in begun else b"}," + head


def _unfit(
    error: Exception, model: Any, raw: bytes, index: int | None = None
) -> DecodeError:
    text = str(error)
    _, found, where = text.rpartition(" - at `")
    path = where.rstrip("`") if found else "$"
    if index is not None:
        path = f"$[{index}]{path.removeprefix('$')}"
    name = getattr(model, "__name__", str(model))
    what = text.partition(" - at `")[0]
    one = raw[: SLICE_BYTES * 8] if index is not None else b""
    shown = "" if index is not None else f", got {_shown(raw)}"
    return DecodeError(
        f"{name} at {path}: {what}{shown}", json_path=path, model=name, raw=one
    )


def _shown(body: bytes | ChunkedBody) -> str:
    text = ChunkedBody.of(body).first(_SHOWN).decode(errors="replace")
    return repr(text) if len(body) <= _SHOWN else f"{text!r}... ({len(body)} bytes)"
