"""What is selected and expanded for a consumer's own type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import inspect

from sage200_async.query.into_fields import (
    OWN,
    alternatives,
    class_of,
    fields_of,
    item_of,
)
from sage200_async.query.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec.inspect import Type

    from sage200_async.query.into_fields import Own


def selected(node: Own) -> Iterator[str]:
    """Yield what is selected for *node*: names, dotted for those of related records.

    Of related records that hold others, all fields are read: Sage documents no way
    to select deeper.
    """
    for field in fields_of(node):
        related = related_in(field.type)
        fields = [] if related is None else fields_of(related)
        if not fields or any(related_in(inner.type) for inner in fields):
            yield field.encode_name
        else:
            yield from (f"{field.encode_name}.{inner.encode_name}" for inner in fields)


def expanded(node: Own) -> Iterator[str]:
    """Yield the names of what *node* holds that is no single value.

    For a resource that the catalog does not have: these have to be related records.
    """
    for field in fields_of(node):
        for one in alternatives(field.type):
            is_dict = isinstance(one, (inspect.DictType, *OWN))
            if is_dict or item_of(one) is not None:
                yield field.encode_name


def related_in(node: Type) -> Own | None:
    """Return the consumer's type that related records become, or None."""
    for one in alternatives(node):
        item = item_of(one)
        inner = one if item is None else next(iter(alternatives(item)), one)
        if isinstance(inner, OWN) and not is_whole(inner):
            return inner
    return None


def is_whole(node: Own) -> bool:
    """Return whether a type is a record of the catalog, which is read whole."""
    return issubclass(class_of(node), Record)
