"""Records on their way to a type of the consumer's own.

They are decoded and checked as structs with the service's names, and become what the
consumer asked for when they are handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable


RECORD = "_record"
"""The attribute of a class with the catalog's record that has its fields, and more."""


class Constructed(Struct):
    """A record as it is decoded; its `_construct` makes the consumer's objects."""


def empty_of(model: Any) -> Any:
    """Return a record without any field, or None where there can be none."""
    try:
        return model()
    except Exception:  # noqa: BLE001 - a field is required, or its author refuses it
        return None


def handing_on(model: Any) -> Callable[[list[Any]], list[Any]]:
    """Return what records of *model* pass through when they are handed on."""
    construct: Callable[[list[Any]], list[Any]]
    construct = getattr(model, "_construct", unchanged)
    return construct


def unchanged(records: list[Any]) -> list[Any]:
    """Return *records* as they are."""
    return records
