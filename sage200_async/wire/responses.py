"""Small replies whose shape is not certain: a count, one row or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sage200_async.errors import DecodeError
from sage200_async.limits import PAGE_DEFAULT
from sage200_async.wire.decode import UNFIT, decode_one, decoder_for
from sage200_async.wire.headers import request_id
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from sage200_async.wire.messages import Response

R = TypeVar("R")

_SHOWN: Final = 200
_COUNTS: Final = ("count", "@odata.count", "odata.count", "Count")


def read_one(response: Response, model: Any) -> Any:
    """Read a reply that is one *model*.

    Raises:
        DecodeError: It is not; ``request_id`` says which reply it was.
    """
    try:
        return decode_one(response.body, model)
    except DecodeError as error:
        error.request_id = request_id(response.headers)
        raise


def read_count(response: Response, asked: int) -> int | None:
    """Read the reply to ``$count=true``.

    No public source shows its shape, so four are understood: a bare number,
    ``{"count": n}``, ``{"@odata.count": n, "value": [...]}`` and a plain list,
    where the option was ignored.

    Args:
        response: The reply.
        asked: The ``$top`` that was sent along.

    Returns:
        The number of records, or None where the reply may be the size of a
        page rather than of the collection, so that the records themselves
        have to be counted.

    Raises:
        DecodeError: The reply is none of these; the message shows it.

    Example:
        >>> from sage200_async.wire.messages import Response
        >>> read_count(Response(200, {}, b"1234"), asked=5000)
        1234
        >>> read_count(Response(200, {}, b'[{"id": 1}]'), asked=5000)
        1
    """
    reply = _any(response)
    if is_array(reply):
        served = len(reply)
        return served if served < min(asked, PAGE_DEFAULT) else None
    counted = _number_in(reply)
    if counted is None:
        raise _unreadable("a count", response)
    return None if counted in {asked, PAGE_DEFAULT} else counted


def _number_in(reply: Any) -> int | None:
    if is_object(reply):
        reply = next((reply[name] for name in _COUNTS if name in reply), None)
    text = str(reply)
    return int(text) if text.isdecimal() else None


def read_rows(response: Response, model: type[R]) -> list[R]:
    """Read rows that come as an array, wrapped in ``{"value": []}``, or one alone.

    Source:
        ``GET /sites`` is an array in the OpenAPI documents and a bare object
        in the getting-started guide. The wrapper: see `decode.unwrapped`.

    Raises:
        DecodeError: The reply is neither.
    """
    reply = _any(response)
    if is_object(reply) and is_array(reply.get("value")):
        reply = reply["value"]
    rows = reply if is_array(reply) else [reply]
    try:
        return msgspec.convert(rows, list[model])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise _unreadable(f"rows of {model.__name__}", response) from error


def _any(response: Response) -> Any:
    try:
        return decoder_for(Any).decode(bytes(response.body))
    except UNFIT as error:
        raise _unreadable("JSON", response) from error


def _unreadable(expected: str, response: Response) -> DecodeError:
    got = bytes(response.body)[:_SHOWN].decode(errors="replace")
    return DecodeError(f"expected {expected}, got {got!r}", json_path="$")
