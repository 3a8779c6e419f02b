"""What the service says in the body of an error, whatever its format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors.foreign_text import one_line
from sage200_async.wire.json_types import BYTE_ORDER_MARK, is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.wire.messages import Response

_READ: Final = 64 * 1024
# Bytes of a body that are looked at.
_MAX_DEPTH: Final = 6
_MAX_TEXTS: Final = 20
_SENTENCES: Final = (
    "message",
    "messagedetail",
    "exceptionmessage",
    "title",
    "detail",
    "error_description",
    "value",
)
# Names in lower case: Sage and ASP.NET write "Message", OData "message" (in version
# 3 with a "value"), RFC 9457 "title" and "detail", OAuth "error_description".
_NESTED: Final = ("error", "errors", "modelstate", "details", "innererror")
_TAG: Final = re.compile(
    rb"<(?:\w+:)?(?:message|exceptionmessage|messagedetail|title|detail)\b[^<>]{0,200}>"
    rb"([^<]*)<",
    re.IGNORECASE,
)
_HTML: Final = re.compile(
    rb"\s*<(?:!doctype\s+html|html|head|body|b|p|h\d)\b", re.IGNORECASE
)


def message_in(response: Response) -> str:
    """Return what the service says in the body of an error: one line, or nothing.

    It understands ``{"Message": ...}`` with ``ModelState``, ``ExceptionMessage`` and
    ``MessageDetail``, OData's ``{"error": {"message": ...}}``, problem details, OAuth's
    ``error_description``, lists of these, and the same as XML.

    Source:
        ``Message``: a Django project that calls the API; the others are what its
        hosts, ASP.NET, OData and gateways, are documented to send (RFC 9457).

    Example:
        >>> from sage200_async.wire.messages import Response
        >>> body = b'{"Message": "Invalid.", "ModelState": {"name": ["too long"]}}'
        >>> message_in(Response(400, {}, body))
        'Invalid.; name: too long'
    """
    body = bytes(response.body)[:_READ].removeprefix(BYTE_ORDER_MARK)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return one_line(_text_of(body))
    texts = list(dict.fromkeys(_texts_in(value, "", _MAX_DEPTH)))[:_MAX_TEXTS]
    return one_line("; ".join(texts) or body.decode(errors="replace"))


def _texts_in(value: Any, name: str, depth: int) -> Iterator[str]:
    """Yield the sentences in *value*, those about a field with its *name*."""
    if isinstance(value, str):
        yield f"{name}: {value}" if name else value
    elif is_array(value) and depth:
        for element in value[:_MAX_TEXTS]:
            yield from _texts_in(element, name, depth - 1)
    elif is_object(value) and depth:
        fields = {str(key).lower(): key for key in value}
        known = [fields[key] for key in _SENTENCES if key in fields]
        for key in known:
            yield from _texts_in(value[key], name, depth - 1)
        yield from _nested_texts(
            value,
            fields,
            depth,
            has_sentence=any(isinstance(value[key], str) for key in known),
        )


def _nested_texts(
    value: Any, fields: dict[str, str], depth: int, *, has_sentence: bool
) -> Iterator[str]:
    """Yield the sentences of what lies below *value*."""
    for kind in _NESTED:
        below = value.get(fields.get(kind, ""))
        if is_object(below) and kind in {"errors", "modelstate"}:
            for field, problem in below.items():
                yield from _texts_in(problem, str(field), depth - 1)
        elif not (isinstance(below, str) and has_sentence):  # "error": a mere code
            yield from _texts_in(below, "", depth - 1)


def _text_of(body: bytes) -> str:
    """Return the message of a body that is not JSON."""
    start = body.lstrip()
    if _HTML.match(start):
        return "an HTML page, which comes from a gateway and not from Sage 200"
    if start.startswith(b"<"):
        from html import unescape  # noqa: PLC0415 - a large table, rarely needed

        texts = [match.decode(errors="replace") for match in _TAG.findall(start)]
        messages = [unescape(text) for text in texts if text.strip()]
        return "; ".join(dict.fromkeys(messages)) or "an XML document without a message"
    return start.decode(errors="replace")
