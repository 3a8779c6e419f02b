"""Records of the general documents: declarations only."""

from __future__ import annotations

from typing import ClassVar

from sage200_async.odata.fields import (
    Fields,
    IntegerField,
    TextField,
)
from sage200_async.records import Record


class SiteFields(Fields):
    """Fields of `Site`."""

    company_id: IntegerField
    tenant_id: IntegerField
    company_name: TextField
    site_id: TextField
    site_name: TextField
    site_short_name: TextField


class Site(Record, frozen=True):
    """Sage's `site`."""

    fields: ClassVar[SiteFields] = SiteFields()

    company_id: int | None = None
    """Whole number, read-only."""
    tenant_id: int | None = None
    """Whole number; older documents and some replies leave it out."""
    company_name: str | None = None
    """Text, 100 at most."""
    site_id: str | None = None
    """Text, 36 at most, read-only."""
    site_name: str | None = None
    """Text, 100 at most, read-only."""
    site_short_name: str | None = None
    """Text, 50 at most, read-only."""
