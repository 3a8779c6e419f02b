"""The rows of a job, from whatever holds them: one after the other, as mappings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from sage200_async._optional import load
from sage200_async.errors import QueryError
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

R = TypeVar("R")

Rows = Iterable[R] | AsyncIterable[R]
"""Rows, in a list, a generator, an asynchronous generator; or an Arrow stream."""


class ArrowTable(Protocol):
    """What exports an Arrow stream: tables of pyarrow, polars, pandas and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the stream, as a capsule."""
        ...


_ARROW_ROWS: Final = 1000
# Rows of Arrow that are Python objects at a time.


def require_rows(rows: object) -> None:
    """Raise a QueryError unless *rows* are such that can be read."""
    if not _is_rows(rows):
        message = (
            "rows: expected a list of mappings, a generator or an Arrow table, one "
            f"row for each record, got {shown(rows)}"
        )
        raise QueryError(message)


def _is_rows(rows: object) -> bool:
    if isinstance(rows, Mapping | str | bytes):
        return False
    is_iterable = isinstance(rows, Iterable | AsyncIterable)
    return is_iterable or hasattr(rows, "__arrow_c_stream__")


async def each_row(rows: object) -> AsyncIterator[object]:
    """Yield *rows* one by one."""
    if hasattr(rows, "__arrow_c_stream__"):
        async for values in _arrow_rows(rows):
            yield values
    elif isinstance(rows, AsyncIterable):
        async for row in cast("AsyncIterable[object]", rows):
            yield row
    else:
        for one in cast("Iterable[object]", rows):
            yield one


async def _arrow_rows(stream: object) -> AsyncIterator[dict[str, Any]]:
    """Yield the rows of an Arrow stream; a null is a field that a row lacks."""
    await load("writing an Arrow table", "arrow", "pyarrow")
    from sage200_async.arrow.libraries import pa  # noqa: PLC0415 - optional

    reader = await asyncio.to_thread(pa.RecordBatchReader.from_stream, stream)
    while (batch := await asyncio.to_thread(_next, reader)) is not None:
        for start in range(0, batch.num_rows, _ARROW_ROWS):
            part = batch.slice(start, _ARROW_ROWS)
            for row in await asyncio.to_thread(part.to_pylist):
                yield {name: value for name, value in row.items() if value is not None}


def _next(reader: Any) -> Any:
    """Return the next batch, or None: a thread cannot raise `StopIteration`."""
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
