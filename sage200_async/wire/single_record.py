"""Responses that are to be one record, and may be something else.

Behind a gateway or a proxy a request can be answered by a sign-in page, with 200;
ASP.NET sends some errors with 200 as well. Neither may pass for a record of Nones.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from sage200_async.errors import DecodeError
from sage200_async.limits import MAX_RECORD_BYTES
from sage200_async.odata.plain_values import plain
from sage200_async.wire.constructed import empty_of
from sage200_async.wire.decode import decode_one, decode_plain
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.error_details import message_in
from sage200_async.wire.headers import request_id
from sage200_async.wire.json_types import (
    BYTE_ORDER_MARK,
    DECODING_ERRORS,
    is_array,
    is_object,
    is_untyped,
)
from sage200_async.wire.large_records import KEPT_BYTES, Element, too_large
from sage200_async.wire.messages import ChunkedBody
from sage200_async.wire.not_records import PROXY_HINT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from sage200_async.wire.messages import Response

_ERROR_NAMES: Final = frozenset(
    {
        "message",
        "exceptionmessage",
        "error",
        "errors",
        "error_description",
        "odata.error",
    }
)
# Names in lower case that an object with an error has, as `message_in` knows them.
_PROBLEM_NAMES: Final = frozenset({"detail", "status"})
# With "title" and without "id", they make an object problem details (RFC 9457).
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def read_one(
    response: Response,
    model: Any,
    key: str | None = None,
    asked: object = None,
    *,
    max_bytes: int = MAX_RECORD_BYTES,
) -> Any:
    """Read a response that is one *model*: alone, in an array, or in a wrapper.

    Args:
        response: The response.
        model: The record.
        key: The name of its key, or None where it has none.
        asked: The key of the record that was asked for, or None where any is
            right. Text is compared in any case: services may find it in another.
        max_bytes: Bytes of the response at most.

    Raises:
        DecodeError: It is no such record; ``request_id`` says which response it
            was.
    """
    try:
        size = len(response.body)
        if size > max_bytes:
            element = Element(ChunkedBody.of(response.body).first(KEPT_BYTES), size)
            raise too_large(model, element, None, max_bytes)
        record = _decoded(response, model, key)
        _require_key(record, model, key, asked)
    except DecodeError as error:
        error.request_id = request_id(response.headers)
        raise
    return record


def read_many(response: Response, model: Any, key: str | None = None) -> list[Any]:
    """Read the response to a write of several records: an array, bare or wrapped.

    Raises:
        DecodeError: It is none, or one of the records is none.
    """
    try:
        raws = _rows_in(_body_of(response))
        if raws is None:
            return [_decoded(response, model, key)]
        return [_record_in(bytes(raw), model, key, response) for raw in raws]
    except DecodeError as error:
        error.request_id = request_id(response.headers)
        raise


def require_ids(records: list[Any], rows: Sequence[Any], key: str | None) -> None:
    """Check that *records* has each of the *rows* sent that is not to be deleted.

    Raises:
        DecodeError: One with an ``id`` is missing.
    """
    name = key or "id"
    sent = [row[name] for row in rows if not row.get("is_to_delete") and name in row]
    keys = {_comparable(_field(record, name)) for record in records}
    missing = [
        value for value in sent if value is not None and _comparable(value) not in keys
    ]
    if missing:
        text = f"expected the record with {name} {plain(missing[0])}, got none: "
        raise DecodeError(
            f"{text}the response has {len(records)} for {len(rows)} rows",
            json_path="$",
        )


def require_no_error(response: Response, key: str | None = None) -> None:
    """Check a response whose body has no use.

    It may be empty, ``true``, ``null``, or an object or array that is no error.

    Raises:
        DecodeError: It is a page of a gateway, or an error with the status 200.
    """
    if is_empty(response):
        return
    try:
        value = decoder_for(Any).decode(_body_of(response))
    except DECODING_ERRORS:
        text = _not_json("nothing or a value", response)
    else:
        if not _has_error(value, key):
            return
        text = f"expected no content, got an error: {message_in(response)}"
    failure = DecodeError(text, json_path="$")
    failure.request_id = request_id(response.headers)
    raise failure from None


def _has_error(value: Any, key: str | None) -> bool:
    """Return whether the JSON in the response to a delete is an error, or no."""
    if is_object(value):
        return _is_error(value.keys(), key)
    if is_array(value):
        return any(
            is_object(element) and _is_error(element.keys(), key) for element in value
        )
    return value is not None and value is not True


def is_empty(response: Response) -> bool:
    """Return whether a response has no content, such as that to 204."""
    return not _body_of(response).strip()


def _decoded(response: Response, model: Any, key: str | None) -> Any:
    """Return the record of a response; a plain one, the usual case, at once."""
    body = _body_of(response)
    try:
        record = decode_plain(body, model)
    except DECODING_ERRORS:
        record = None
    if record is not None and _shows_itself(record, model, key):
        return record
    raws = _rows_in(body)
    if raws is None:
        return _record_in(body, model, key, response)
    if len(raws) != 1:
        text = f"expected one {_name_of(model)}, got {len(raws)}"
        raise DecodeError(text, json_path="$", model=_name_of(model))
    return _record_in(bytes(raws[0]), model, key, response)


def _shows_itself(record: Any, model: Any, key: str | None) -> bool:
    """Return whether *record* is certainly one, as its key shows."""
    if key is None:
        return isinstance(record, Struct) and record != _empty(model)
    return _field(record, key) is not None


@cache
def _empty(model: Any) -> Any:
    return empty_of(model)


def _record_in(body: bytes, model: Any, key: str | None, response: Response) -> Any:
    """Decode one record, and refuse what has none of its fields.

    Raises:
        DecodeError: It is no record; an error's message is in the message.
    """
    try:
        fields: Mapping[str, msgspec.Raw] = _FIELDS.decode(body)
    except DECODING_ERRORS:
        if not _is_json(body):
            raise DecodeError(
                _not_json(f"one {_name_of(model)}", response),
                json_path="$",
                model=_name_of(model),
            ) from None
        fields = {}
        decode_one(body, model)  # JSON that is no object: its error is the right one
    if _is_record(fields, model, key):
        return decode_one(body, model)
    message = message_in(response)
    text = f"expected a {_name_of(model)}, got an object with none of its fields: "
    raise DecodeError(text + message, json_path="$", model=_name_of(model))


def _is_record(fields: Mapping[str, Any], model: Any, key: str | None) -> bool:
    """Return whether an object has any of the record's fields, and is no error."""
    names: tuple[str, ...] = getattr(model, "__struct_encode_fields__", ())
    if not names:  # `stock_transfer_response` is documented as an object, and no more
        return not _is_error(fields.keys(), key)
    if not fields and key not in names:
        return True  # nulls are omitted, and only a key is never null
    known = fields.keys() & names
    return bool(known) and (key in known or not _is_error(fields.keys() - known, key))


def _is_error(names: AbstractSet[str], key: str | None) -> bool:
    """Return whether fields are those of an error rather than of a record."""
    if key in names:
        return False
    lower = {name.lower() for name in names}
    is_problem = "title" in lower and "id" not in lower
    return not lower.isdisjoint(_ERROR_NAMES) or (
        is_problem and not lower.isdisjoint(_PROBLEM_NAMES)
    )


def _require_key(record: Any, model: Any, key: str | None, asked: object) -> None:
    """Raise a DecodeError where *record* has another key than was asked for."""
    if key is None or asked is None:
        return
    # A write may return another record, which has no such field.
    got = _field(record, key, asked)
    if got != asked and _comparable(got) != _comparable(asked):
        text = f"expected the record with {key} {plain(asked)}, got {key} {got!r}"
        raise DecodeError(
            f"{text}: {PROXY_HINT}", json_path=f"$.{key}", model=_name_of(model)
        )


def _field(record: Any, name: str, otherwise: object = None) -> object:
    """Return a field; *otherwise* of a model that has none of that name."""
    if is_untyped(record):
        return record.get(name)
    return getattr(record, name, otherwise)


def _comparable(key: object) -> str:
    """Return *key* as text that is the same for a number, its text, and any case."""
    return str(plain(key)).casefold()


def _rows_in(body: bytes) -> list[msgspec.Raw] | None:
    """Return the elements of an array or of ``{"value": [...]}``, or None."""
    start = body.lstrip()[:1]
    try:
        if start == b"{":
            fields = _FIELDS.decode(body)
            others = [name for name in fields if not name.startswith(("@", "odata."))]
            return _ROWS.decode(fields["value"]) if others == ["value"] else None
        return _ROWS.decode(body) if start == b"[" else None
    except DECODING_ERRORS:
        return None


def _is_json(body: bytes) -> bool:
    try:
        decoder_for(msgspec.Raw).decode(body)
    except DECODING_ERRORS:
        return False
    return True


def _not_json(expected: str, response: Response) -> str:
    got = message_in(response) or "nothing"
    return f"expected {expected} as JSON, got {got}: {PROXY_HINT}"


def _body_of(response: Response) -> bytes:
    return bytes(response.body).removeprefix(BYTE_ORDER_MARK)


def _name_of(model: Any) -> str:
    return str(getattr(model, "__name__", model))
