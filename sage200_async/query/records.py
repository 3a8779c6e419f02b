"""Records: what the service returns."""

from __future__ import annotations

from reprlib import Repr
from typing import Any, ClassVar, Final

from msgspec import Struct

from sage200_async.wire.json_types import is_array
from sage200_async.wire.times import UtcTime as UtcTime

_SHOWN: Final = 400
# Characters of a record's repr, after which the fields are only counted.
_SHORT: Final = Repr()
_SHORT.maxstring, _SHORT.maxother = 60, 120
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 2


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

    def __repr__(self) -> str:
        r"""Return the fields that are set, shortened where they are long or many.

        Example:
            >>> from sage200_async.catalog import Customer
            >>> Customer(id=5, name="A\x1b[2J", balance=Decimal("1.50"))
            Customer(id=5, name='A\x1b[2J', balance=Decimal('1.50'))
        """
        texts: list[str] = []
        size, fields = 0, self.__rich_repr__()
        for name, value in fields:
            texts.append(f"{name}={_SHORT.repr(value)}")
            size += len(texts[-1])
            left = len(fields) - len(texts)
            if size > _SHOWN and left:
                texts.append(f"... {left} more")
                break
        return f"{type(self).__name__}({', '.join(texts)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields that are set, as rich prints them."""
        return [
            (name, value)
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        ]

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
        return {name: _as_dict(value) for name, value in self.__rich_repr__()}


def _as_dict(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    return [_as_dict(row) for row in value] if is_array(value) else value
