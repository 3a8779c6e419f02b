"""Records: what the service returns."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from sage200_async.wire.json_types import is_array
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

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are set as a dict, related records as dicts too.

        Values stay as they are: `Decimal`, `datetime`. What is absent, and so None,
        is left out. ``update`` takes what is to change, which is seldom all of it:
        some fields are read-only.

        Example:
            >>> from sage200_async.catalog import Customer, CustomerContact
            >>> Customer(id=5, contacts=[CustomerContact(id=6)]).to_dict()
            {'id': 5, 'contacts': [{'id': 6}]}
        """
        return {
            name: _as_dict(value)
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }


def _as_dict(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    return [_as_dict(row) for row in value] if is_array(value) else value
