"""The first rows of a response, whatever they are called."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sage200_async.wire.decode import SliceReader
from sage200_async.wire.json_types import Untyped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.errors import DecodeError
    from sage200_async.wire.messages import ChunkedBody


async def first_rows(
    body: bytes | ChunkedBody,
    max_record_bytes: int,
    quarantine: Callable[[DecodeError], None] | None = None,
) -> list[Untyped]:
    """Return the rows of the first slice that has any; none where there are none.

    Args:
        body: The page; a chunked body is used up.
        max_record_bytes: Bytes of one record at most.
        quarantine: As `SliceReader` has it.

    Raises:
        DecodeError: It is no page, or a row does not fit and there is no quarantine.
    """
    reader = SliceReader(Untyped, quarantine, max_record_bytes=max_record_bytes)
    for rows in reader.slices(body):
        if rows:
            return rows
        await asyncio.sleep(0)
    return []
