"""What comes back: records, and pages of them."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from sage200_async.wire.paging import Plan

R = TypeVar("R")


class Record(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, rename=None
):
    """One record as the service gave it.

    Absent and null are one thing on this wire, so a field that was left out
    (a null date, a member not expanded, a field not selected) is None. Money
    is `Decimal`, digit for digit; times are aware and in UTC. Fields that the
    record does not know are passed over: nothing breaks when Sage adds one.
    """

    fields: ClassVar[Any]
    """The record's fields, to make conditions from."""


class Page(Struct, Generic[R], frozen=True):
    """The records of one request."""

    records: list[R]
    """In the order the service gave them."""
    plan: Plan
    """Where the stream stands after this page."""


Untyped = dict[str, Any]
"""A record of a resource that the catalogue does not know."""
