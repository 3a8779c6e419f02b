"""Records of the price_book documents: declarations only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sage200_async.odata.fields import (
    BooleanField,
    Fields,
    IntegerField,
    MomentField,
    OpaqueFields,
)
from sage200_async.records import Record


class CustomerPriceBandFields(Fields):
    """Fields of `CustomerPriceBand`."""

    id: IntegerField
    customer_id: IntegerField
    price_band_id: IntegerField
    is_to_delete: BooleanField
    price_band: OpaqueFields
    date_time_created: MomentField
    date_time_updated: MomentField


class CustomerPriceBand(Record, frozen=True):
    """Sage's `customer_price_band`."""

    fields: ClassVar[CustomerPriceBandFields] = CustomerPriceBandFields()

    id: int | None = None
    """Whole number, read-only."""
    customer_id: int | None = None
    """Whole number, read-only."""
    price_band_id: int | None = None
    """Whole number, read-only."""
    is_to_delete: bool | None = None
    """True or false."""
    price_band: dict[str, Any] | None = None
    """Member, when expanded, read-only."""
    date_time_created: datetime | None = None
    """Time, UTC, read-only."""
    date_time_updated: datetime | None = None
    """Time, UTC, read-only."""
