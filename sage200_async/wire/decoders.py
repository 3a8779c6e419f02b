"""Decoders of records: each is built once, related records first, for all threads."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.wire.related import with_related
from sage200_async.wire.value_checks import bounded_decimal

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECODERS: Final[dict[object, msgspec.json.Decoder[Any]]] = {}
_BUILDING: Final = Lock()
# One thread would decode by what another has built of a record so far: a crash.


def decoder_for(model: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of *model*, built once: building is slow.

    Any thread may call it.
    """
    decoder = _DECODERS.get(model)
    if decoder is None:
        with _BUILDING:
            decoder = _DECODERS.get(model)
            if decoder is None:
                decoder = msgspec.json.Decoder(model, float_hook=bounded_decimal)
                _DECODERS[model] = decoder
    return decoder


def has_decoder(model: Any) -> bool:
    """Return whether the decoders of *model* and of its related records are built."""
    return model in _DECODERS


def decoders_for(model: Any) -> Iterator[None]:
    """Build the decoders of *model*, related records first, one at a step.

    A decoder uses those of related records if they exist already. All at once,
    the 36 of a customer would stop the event loop for 4 ms and more; each takes
    0.1 to 1 ms.
    """
    if model in _DECODERS:
        return
    for record in with_related(model):
        decoder_for(record)
        yield
    decoder_for(list[model])
