"""What comes back: records."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct


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
