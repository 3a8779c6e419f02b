"""Records: what the service returns."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from sage200_async.wire.times import UtcTime as UtcTime


class Record(
    Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, rename=None
):
    """One record as the service returned it.

    The service omits nulls, so a field that is absent (a null date, related
    records that are not expanded, a field that is not selected) is None. Money
    is `Decimal`, digit for digit; times are aware and in UTC. Unknown fields are
    ignored: nothing breaks when Sage adds one.
    """

    fields: ClassVar[Any]
    """The record's fields, to build conditions from."""
