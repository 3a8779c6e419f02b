"""A page of a few records, decoded in one step if nothing about it is unusual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from sage200_async.wire.decoders import decoder_for, has_decoder
from sage200_async.wire.json_types import DECODING_ERRORS
from sage200_async.wire.value_checks import (
    has_local_times,
    is_nested,
    require_bounded,
)

if TYPE_CHECKING:
    from sage200_async.wire.messages import ChunkedBody

R = TypeVar("R")

_SMALL: Final = 16 * 1024
# Bytes of a page that is decoded without a turn for other tasks: some 50 microseconds.


def records_at_once(
    body: bytes | ChunkedBody, model: type[R], max_record_bytes: int
) -> list[R] | None:
    """Return the records of a page: what `SliceReader` makes of it.

    Args:
        body: The page; it is not used up.
        model: What each record is.
        max_record_bytes: Bytes of one record at most.

    Returns:
        The records, or None where the page takes a `SliceReader`: it is large, or no
        bare array; a record does not fit; a time is not in UTC; or the decoders are
        not built yet, which takes turns.
    """
    if not isinstance(body, bytes) or len(body) > min(_SMALL, max_record_bytes):
        return None
    if not has_decoder(model):
        return None
    try:
        records: list[R] = decoder_for(list[model]).decode(body)  # type: ignore[valid-type]
        nested = is_nested(body, len(records), model)
        require_bounded(records, model, nested=nested)
    except (*DECODING_ERRORS, msgspec.ValidationError):
        return None
    return None if has_local_times(records, model, nested=nested) else records
