"""Types of JSON values, for type checkers, and what reading JSON raises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import InvalidOperation
from typing import Any, Final, TypeGuard

import msgspec

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""What some gateways write before JSON, though RFC 8259 (8.1) forbids it."""
DECODING_ERRORS: Final = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    InvalidOperation,  # an exponent past what Decimal holds
    RecursionError,  # brackets nested past what the parser follows
)
"""What decoding raises for a value that does not fit."""

Untyped = dict[str, Any]
"""A record of a resource that the catalog does not know."""


def is_untyped(value: object) -> TypeGuard[Untyped]:
    """Return whether *value* is a record that the catalog does not know."""
    return type(value) is dict


def is_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether *value* is an array."""
    return isinstance(value, list | tuple)


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether *value* is an object."""
    return isinstance(value, Mapping)
