"""Types of JSON values, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

Untyped = dict[str, Any]
"""A record of a resource that the catalog does not know."""


def is_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether *value* is an array."""
    return isinstance(value, list | tuple)


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether *value* is an object."""
    return isinstance(value, Mapping)
