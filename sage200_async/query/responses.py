"""What is made of the responses to requests about single records."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from sage200_async.errors import DecodeError, NotFound, QueryError, Sage200Error
from sage200_async.odata.plain_values import plain, shown
from sage200_async.wire.constructed import handing_on
from sage200_async.wire.json_types import Untyped
from sage200_async.wire.single_record import read_many, read_one

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sage200_async.odata.options import QueryOptions
    from sage200_async.query.bound_endpoint import BoundEndpoint
    from sage200_async.wire.messages import Response

R = TypeVar("R")


def require_same_key(
    key: str | None, asked: object, changes: Mapping[str, Any]
) -> None:
    """Raise a QueryError where *changes* have the key of another record."""
    theirs = changes.get(key or "")
    if theirs is not None and str(plain(theirs)) != str(plain(asked)):
        message = (
            f"update({shown(asked)}) has {key}={shown(theirs)} among its changes: it "
            f"would change another record, or none; leave {key} out"
        )
        raise QueryError(message)


def is_page(error: NotFound) -> bool:
    """Return whether a 404 is a page of a gateway: it says nothing of the record."""
    response = error.response
    return response is not None and "html" in response.headers.get("content-type", "")


def handed_on(record: R, model: Any) -> R:
    """Return *record* as the consumer asked for it."""
    alone: R = handing_on(model)([record])[0]
    return alone


def reply_model(resource: BoundEndpoint) -> Any:
    """Return what the responses to writes hold."""
    endpoint = resource.endpoint
    return endpoint.reply_record or endpoint.record or Untyped


def created_in(resource: BoundEndpoint, response: Response) -> Any:
    """Return the record, or the records, in the response to a create."""
    endpoint = resource.endpoint
    model, key = reply_model(resource), endpoint.key
    if endpoint.creates_many:
        return read_many(response, model, key)
    most = resource.context.max_record_bytes
    return read_one(response, model, key, max_bytes=most)


async def read_again(resource: BoundEndpoint, id: object) -> Any:  # noqa: A002
    """Return a record after an update whose response has no content.

    Raises:
        DecodeError: It cannot be read by id.
        Sage200Error: Reading it failed.
    """
    if id is None or "get" not in resource.endpoint.verbs:
        raise DecodeError(
            f"{resource.endpoint.path}: the update was done, but the response has no "
            "record, and it cannot be read by id",
            json_path="$",
        )
    reader: Any = resource
    try:
        return await reader.get(id)
    except Sage200Error as error:
        error.add_note("the update was done: only reading the record again failed")
        raise


def with_key(options: QueryOptions, key: str | None) -> QueryOptions:
    """Select the key as well, so that the response shows whose record it is."""
    if key is None or not options.select or key in options.select:
        return options
    return replace(options, select=(key, *options.select))


@contextmanager
def unknown_outcome() -> Generator[None, None, None]:
    """Mark errors about the response to a write: it may have been done or not."""
    try:
        yield
    except DecodeError as error:
        error.outcome_unknown = True
        error.add_note(
            "the response does not show whether the write was done: look for it before "
            "you send it again"
        )
        raise
