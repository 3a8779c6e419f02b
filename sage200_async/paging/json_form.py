"""The JSON form of plans, ranges and certificates."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from sage200_async.errors import QueryError
from sage200_async.wire.json_types import DECODING_ERRORS

T = TypeVar("T")


def decoded(data: bytes | str, kind: type[T]) -> T:
    """Return the *kind* that *data* holds, as its ``to_json`` has written it.

    Raises:
        QueryError: It holds something else.
    """
    problem: object
    try:
        value: T = msgspec.json.decode(data, type=kind)
    except (*DECODING_ERRORS, TypeError, UnicodeEncodeError) as error:
        problem = error
    else:
        return value
    message = f"expected the JSON of a {kind.__name__}, from its to_json(): {problem}"
    raise QueryError(message)


def encoded(value: Any) -> bytes:
    """Return *value* as JSON."""
    return msgspec.json.encode(value)
