"""The path and the query of a request of the caller's own, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import unquote

from sage200_async.errors import InvalidValue, QueryError
from sage200_async.odata.encoding import encode, encode_query
from sage200_async.odata.literals import quoted
from sage200_async.odata.plain_values import plain, shown

_SEGMENT: Final = r"(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+"
_PATH: Final = re.compile(f"/?{_SEGMENT}(?:/{_SEGMENT})*/?", re.ASCII)
# RFC 3986, 3.3, without empty segments.


def require_path(path: object) -> str:
    """Return *path*, which goes out as it is.

    Raises:
        QueryError: It has characters that a path has not, such as those that
            begin a query or a fragment, or it leads above the base URL.
    """
    text = plain(path)
    if type(text) is str and _PATH.fullmatch(text):
        segments = text.split("/")
        if not any(unquote(segment) in {".", ".."} for segment in segments):
            return text
    message = (
        "request takes a path below the base URL, percent-encoded and without a "
        f"query, such as 'customers/5', got {shown(path)}; encode an id with "
        "urllib.parse.quote(id, safe=''), and pass options as query={...}"
    )
    raise QueryError(message)


def encode_options(query: object) -> str:
    """Return *query*, a mapping of names to text, as a query string.

    Raises:
        QueryError: It is no mapping, or a name in it is not text.
        InvalidValue: A value in it is not text.
    """
    if not isinstance(query, Mapping):
        example = "query={'$top': '5'}"
        raise QueryError(f"request takes options as in {example}, got {shown(query)}")
    options = cast("Mapping[object, object]", query).items()
    return encode_query([(_name(name), _value(name, value)) for name, value in options])


def _name(name: object) -> str:
    text = plain(name)
    if type(text) is not str or not text:
        message = "request: query: expected the name of an option, such as '$top'"
        raise QueryError(f"{message}, got {shown(name)}")
    quoted(text)  # refuses what cannot be sent
    return encode(text)


def _value(name: object, value: object) -> str:
    text = plain(value)
    if type(text) is not str:
        message = f"request: query: {shown(name)}: expected text, got {shown(value)}"
        raise InvalidValue(message, value=value)
    quoted(text)  # refuses what cannot be sent
    return text
