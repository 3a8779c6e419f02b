"""Forms: what the page pipeline makes of a page, such as records or their bytes.

The pipeline cuts a page into slices, checks the keys of each, and hands on those
records that are wanted. A form says how a slice is decoded and how part of it is
taken; the checks are the same for all.

Form      opens a reader for each page
Reader    returns the slices of one page
Slice     some records, with their keys
"""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sage200_async.errors import QueryError
from sage200_async.limits import MAX_RECORD_BYTES
from sage200_async.wire.constructed import handing_on, unchanged
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.decoders import decoders_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from sage200_async.errors import DecodeError
    from sage200_async.wire.messages import ChunkedBody
    from sage200_async.wire.wrappers import PageNotes

    Quarantine = Callable[[DecodeError], None] | None
    """Called with the error of each record that does not fit; without it the error is
    raised."""

R = TypeVar("R")
S = TypeVar("S")
B_co = TypeVar("B_co", covariant=True)


class Slice(Protocol[B_co]):
    """Some records of a page that are not checked yet, in one form."""

    @property
    def keys(self) -> Sequence[Any] | None:
        """Their keys as they came, None included; None where records have no key."""
        ...

    @property
    def rows(self) -> B_co:
        """The records in their form; asked for once they are checked."""
        ...

    @property
    def last(self) -> object:
        """The last record, as a record; asked for only where records have no key."""
        ...

    def __len__(self) -> int:
        """How many records there are."""
        ...

    def part(self, start: int, end: int) -> Self:
        """Return the records from *start* up to *end*, as slices of a list do."""
        ...

    def pick(self, indices: Sequence[int]) -> Self:
        """Return the records at *indices*, which ascend."""
        ...


class Reader(Protocol[B_co]):
    """Reads one page in a form."""

    @property
    def notes(self) -> PageNotes:
        """What the page says of the collection, once its slices are read."""
        ...

    async def next(self) -> Slice[B_co] | None:
        """Return the next slice of the page, or None after the last one.

        The quarantine is called between the slices where its record was. Other tasks
        get their turn between slices.

        Raises:
            DecodeError: The page is no JSON array, or a record does not fit and there
                is no quarantine for it: what came before it was returned.
        """
        ...


class Form(Protocol[B_co]):
    """What the records of a reading are turned into; shared by its workers."""

    def open(
        self,
        body: bytes | ChunkedBody,
        key: str | None,
        quarantine: Quarantine,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> Reader[B_co]:
        """Return a reader for one page.

        Args:
            body: The page; a chunked body is used up.
            key: The field by which records are read, or None. Without a key, an object
                with none of the record's fields is an error.
            quarantine: Takes the errors of records that do not fit.
            max_record_bytes: Bytes of one record at most; a larger one does not fit.
        """
        ...

    def empty(self) -> Slice[B_co]:
        """Return no records in this form."""
        ...


class ListSlice(Generic[R]):
    """Some records as a list, with their keys."""

    __slots__ = ("_handing_on", "_records", "keys")

    def __init__(
        self,
        records: list[Any],
        keys: Sequence[Any] | None,
        handing_on: Callable[[list[Any]], list[R]] = unchanged,
    ) -> None:
        self._records = records
        self._handing_on = handing_on
        self.keys = keys

    @property
    def rows(self) -> list[R]:
        """The records as they are handed on: as the consumer's own type, if any."""
        return self._handing_on(self._records)

    @property
    def last(self) -> object:
        """The last record."""
        return self._records[-1]

    def __len__(self) -> int:
        return len(self._records)

    def part(self, start: int, end: int) -> ListSlice[R]:
        """Return the records from *start* up to *end*."""
        keys = None if self.keys is None else self.keys[start:end]
        return ListSlice(self._records[start:end], keys, self._handing_on)

    def pick(self, indices: Sequence[int]) -> ListSlice[R]:
        """Return the records at *indices*."""
        records, keys = self._records, self.keys
        picked = None if keys is None else [keys[index] for index in indices]
        return ListSlice(
            [records[index] for index in indices], picked, self._handing_on
        )


class RecordForm(Generic[R]):
    """Records, decoded as *model*, and handed on as the consumer's own type if any.

    Args:
        model: What each record is.
    """

    def __init__(self, model: type[R]) -> None:
        self.model = model
        self._handing_on = handing_on(model)

    def open(
        self,
        body: bytes | ChunkedBody,
        key: str | None,
        quarantine: Quarantine,
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> RecordReader[R]:
        """Return a reader for one page."""
        reader = SliceReader(
            self.model,
            quarantine,
            needs_fields=key is None,
            max_record_bytes=max_record_bytes,
        )
        key_of = key_getter(self.model, key)
        return RecordReader(reader, self.model, body, key_of, self._handing_on)

    def empty(self) -> ListSlice[R]:
        """Return no records."""
        return ListSlice([], [], self._handing_on)


class SlicedReader(Generic[S]):
    """Reads one page slice by slice, with turns for other tasks between them.

    Args:
        reader: Cuts and decodes.
        model: What each record is; its decoders are built first, one in a turn.
        body: The page.
    """

    def __init__(
        self, reader: SliceReader[Any], model: type[Any], body: bytes | ChunkedBody
    ) -> None:
        self._model = model
        self._reader = reader
        self._slices = reader.slices(body)
        self._started = False

    @property
    def notes(self) -> PageNotes:
        """What the page says of the collection, once its slices are read."""
        return self._reader.notes

    async def next(self) -> S | None:
        """Return the next slice of the page, or None after the last one."""
        for _ in () if self._started else decoders_for(self._model):
            await asyncio.sleep(0)
        if self._started and not self._reader.over:
            await asyncio.sleep(0)
        self._started = True
        records = next(self._slices, None)
        return None if records is None else self._slice_of(records)

    def _slice_of(self, records: list[Any]) -> S:
        raise NotImplementedError


class RecordReader(SlicedReader[ListSlice[R]], Generic[R]):
    """Reads one page as records; made by `RecordForm.open`."""

    def __init__(
        self,
        reader: SliceReader[R],
        model: type[R],
        body: bytes | ChunkedBody,
        key_of: Callable[[Any], Any] | None,
        handing_on: Callable[[list[Any]], list[R]],
    ) -> None:
        super().__init__(reader, model, body)
        self._handing_on = handing_on
        self._key_of = key_of

    def _slice_of(self, records: list[Any]) -> ListSlice[R]:
        key_of = self._key_of
        keys = None if key_of is None else list(map(key_of, records))
        return ListSlice(records, keys, self._handing_on)


def key_getter(model: type, key: str | None) -> Callable[[Any], Any] | None:
    """Return what reads the key of a record of *model*; None where there is none."""
    if key is None:
        return None
    if hasattr(model, "__struct_fields__"):
        return attrgetter(key)
    return lambda record: record.get(key)


class FormChoice:
    """The form of a reading that may start before the consumer has chosen one."""

    def __init__(self) -> None:
        self._form: Form[Any] | None = None
        self._chosen = asyncio.Event()

    def choose(self, form: Form[Any]) -> None:
        """Set the form, once.

        Raises:
            QueryError: It was another one before.
        """
        if self._form not in {None, form}:
            message = (
                "this read is under way in another form: call read() again for records "
                "and for columns, and iterate over each once"
            )
            raise QueryError(message)
        self._form = form
        self._chosen.set()

    async def form(self) -> Form[Any]:
        """Wait until the form is chosen, and return it."""
        while self._form is None:
            await self._chosen.wait()
        return self._form
