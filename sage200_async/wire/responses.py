"""Small responses whose form is not certain: a count, a few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sage200_async.errors import DecodeError
from sage200_async.limits import PAGE_DEFAULT
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.headers import request_id
from sage200_async.wire.json_types import (
    BYTE_ORDER_MARK,
    DECODING_ERRORS,
    is_array,
    is_object,
)
from sage200_async.wire.not_records import PROXY_HINT

if TYPE_CHECKING:
    from sage200_async.wire.messages import Response

R = TypeVar("R")

_SHOWN: Final = 200
_DIGITS: Final = 18
# More than any count has.
_COUNTS: Final = ("count", "@odata.count", "odata.count", "Count")


def read_count(response: Response, requested: int) -> int | None:
    """Read the response to ``$count=true``.

    No public source shows its form, so four are understood: a bare number,
    ``{"count": n}``, ``{"@odata.count": n, "value": [...]}`` and a plain list,
    where the option was ignored.

    Args:
        response: The response.
        requested: The ``$top`` that was sent along.

    Returns:
        The number of records, or None where the response does not say: a list, or a
        bare number that may be the size of a page. The records themselves have to be
        counted then.

    Raises:
        DecodeError: The response is none of these; the message shows it.

    Example:
        >>> from sage200_async.wire.messages import Response
        >>> read_count(Response(200, {}, b"1234"), requested=5000)
        1234
        >>> read_count(Response(200, {}, b'[{"id": 1}]'), requested=5000)
    """
    value = _any(response)
    if is_array(value):
        return None
    count = _number_in(value)
    if count is not None:
        may_be_a_page = not is_object(value) and count in {requested, PAGE_DEFAULT}
        return None if may_be_a_page else count
    if is_object(value) and is_array(value.get("value")):
        return None
    raise _unreadable("a count", response)


def _number_in(value: Any) -> int | None:
    if is_object(value):
        value = next((value[name] for name in _COUNTS if name in value), None)
    if type(value) is int:
        return value if 0 <= value < 10**_DIGITS else None
    text = value if isinstance(value, str) else ""
    is_count = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if is_count else None


def read_rows(response: Response, model: type[R]) -> list[R]:
    """Read rows that come as an array, wrapped in ``{"value": []}``, or one alone.

    Source:
        ``GET /sites`` is an array in the OpenAPI documents and a bare object
        in the getting-started guide. The wrapper: see `decode.unwrapped`.

    Raises:
        DecodeError: The response is neither.
    """
    value = _any(response)
    if is_object(value) and is_array(value.get("value")):
        value = value["value"]
    rows = value if is_array(value) else [value]
    names = set(getattr(model, "__struct_encode_fields__", ()))
    if names and any(is_object(row) and names.isdisjoint(row) for row in rows):
        raise _unreadable(f"rows of {model.__name__}", response)
    try:
        return msgspec.convert(rows, list[model])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise _unreadable(f"rows of {model.__name__}", response) from error


def _any(response: Response) -> Any:
    try:
        return decoder_for(Any).decode(
            bytes(response.body).removeprefix(BYTE_ORDER_MARK)
        )
    except DECODING_ERRORS as error:
        raise _unreadable("JSON", response, f": {PROXY_HINT}") from error


def _unreadable(expected: str, response: Response, hint: str = "") -> DecodeError:
    got = bytes(response.body)[:_SHOWN].decode(errors="replace")
    error = DecodeError(f"expected {expected}, got {got!r}{hint}", json_path="$")
    error.request_id = request_id(response.headers)
    return error
