"""Made-up values of single fields, by their kind and name."""

from __future__ import annotations

import functools
from decimal import Decimal
from operator import mul
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.data.reference import PREFERRED, REFERENCE, Ref
from sage200_async.sandbox.data.row_templates import below
from sage200_async.sandbox.schema.enums import field_values
from sage200_async.sandbox.schema.naming import referenced_resource, snake
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.store.timestamps import TICKS, timestamp_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sage200_async.query.records import Record
    from sage200_async.sandbox.schema.tables import Table

    Keys = Callable[[str], Sequence[int]]
    """Returns ids of records of a resource."""

FIRST_TICK: Final = 1704183436 * TICKS
"""2 January 2024, 08:17:16: before any made-up record was created."""
_ABSENT_PROBABILITY: Final = 0.3
_ALWAYS_TRUE: Final = ("is_active", "_enabled", "active", "allow_sales_order")
_RARE: Final = ("is_to_", "has_", "on_hold", "_on_hold")
# Ends of switches that are on in a company that uses its Sage 200.
_PRICES: Final = ("price", "cost", "value", "credit_limit", "overdraft_limit")
_PHONE_AREAS: Final = ("0113", "0117", "0121", "0131", "0191", "020", "028", "029")


class ValueGenerator:
    """Makes values up.

    Args:
        tables: Every resource, for ids and enums that refer to one.
        keys: Returns ids of records of a resource.
    """

    def __init__(self, tables: Mapping[str, Table], keys: Keys) -> None:
        self._tables = tables
        self._keys = keys
        self._writers: dict[str, Callable[[str, Random], Any]] = {
            "text": _text,
            "integer": self._integer,
            "number": _number,
            "boolean": _boolean,
            "datetime": _datetime,
            "enum": self._enum,
        }

    def value(self, name: str, kind: str, random: Random) -> Any:
        """Return a plausible value of a field; None for null."""
        writer = self._writers.get(kind)
        return None if writer is None else writer(name, random)

    def names(
        self, path: str, scalars: Mapping[str, str], index: int
    ) -> dict[str, Any]:
        """Return the fields that tell records apart, codes and names."""
        letters = "".join(word[0] for word in path.split("_")).upper()[:3]
        code = f"{letters}{index + 1:04d}"
        thing = wordlists.THINGS[index % len(wordlists.THINGS)]
        town = wordlists.TOWNS[index % len(wordlists.TOWNS)][0]
        first = wordlists.FIRST_NAMES[index % len(wordlists.FIRST_NAMES)]
        person = wordlists.SURNAMES[index % len(wordlists.SURNAMES)]
        values = {
            "reference": code,
            "code": code,
            "document_no": f"{index + 1:010d}",
            "name": f"{person} {town}",
            "first_name": first,
            "last_name": person,
            "description": f"{thing}, {town}",
            "email": f"{letters.lower()}{index + 1}@example.test",
        }
        return {
            name: text for name, text in values.items() if scalars.get(name) == "text"
        }

    def record(self, record: type[Record], seed: str, index: int) -> dict[str, Any]:
        """Return a made-up record, without related records."""
        path = snake(record.__name__)
        return self.fields(
            path, shape_of(record).served, Random(f"{seed}/{index}"), index
        )

    def fields(
        self, path: str, scalars: Mapping[str, str], random: Random, index: int
    ) -> dict[str, Any]:
        """Return made-up plain fields, in the order in which they are served."""
        known = self.names(path, scalars, index)
        values = {
            name: known.get(name) or self.value(name, kind, random)
            for name, kind in scalars.items()
        }
        return {name: value for name, value in values.items() if value is not None}

    def reference(self, path: str, index: int) -> dict[str, Any]:
        """Return the fields of a record of the reference data; none beyond it."""
        rows = REFERENCE.get(path, ())
        row = rows[index] if index < len(rows) else {}
        return {
            name: self._key(*value) if isinstance(value, Ref) else value
            for name, value in row.items()
        }

    def _integer(self, name: str, random: Random) -> int:
        resource = referenced_resource(name, self._tables)
        if resource:
            return self._referenced(name, resource, random)
        days = name.endswith(("_days", "_time_to_pay"))
        if name == "months_to_keep_transactions":
            return 36
        return random.choice((0, 7, 14, 30, 60)) if days else 0

    def _referenced(self, name: str, resource: str, random: Random) -> int:
        words = name.removesuffix("_id").split("_")
        for start in range(len(words)):
            preferred = PREFERRED.get("_".join(words[start:]))
            if preferred is not None:
                return self._key(*preferred)
        keys = self._keys(resource)
        if resource.endswith("_types"):
            return 0
        return random.choice(keys) if keys else 0

    def _key(self, path: str, index: int) -> int:
        keys = self._keys(path)
        return keys[min(index, len(keys) - 1)] if keys else 0

    def _enum(self, name: str, random: Random) -> str:
        return random.choice(field_values(name, self._tables))


def _person(random: Random) -> str:
    first = random.choice(wordlists.FIRST_NAMES)
    return f"{first} {random.choice(wordlists.SURNAMES)}"


def vat_number(random: Random) -> str:
    """Return a VAT number with its two check digits: modulo 97, as in Great Britain.

    Source: gov.uk, "VAT registration numbers"; such as GB123 4567 82.
    """
    text = f"{below(random, 10**7):07d}"
    check = 97 - sum(map(mul, map(int, text), range(8, 1, -1))) % 97
    return f"GB{text[:3]} {text[3:]} {check:02d}"


def _phone(random: Random) -> str:
    return f"{random.choice(_PHONE_AREAS)} 496 {random.randrange(10**4):04d}"


def _street(random: Random) -> str:
    return f"{random.randrange(1, 300)} {random.choice(wordlists.STREETS)}"


_TEXTS: Final[tuple[tuple[tuple[str, ...], Callable[[Random], str]], ...]] = (
    (("symbol",), lambda _: "£"),
    (("iso_code",), lambda _: "GBP"),
    (("iso_code_name", "currency_name"), lambda _: "Pound Sterling"),
    (("vat_number", "tax_number", "tax_registration_number"), vat_number),
    (("address_1", "address_line_1"), _street),
    (("city",), lambda random: random.choice(wordlists.TOWNS)[0]),
    (("county",), lambda random: random.choice(wordlists.TOWNS)[1]),
    (("postcode", "post_code"), lambda random: f"LS{random.randrange(1, 29)} 4AP"),
    (("country", "country_name"), lambda _: "Great Britain"),
    (("telephone_country_code", "fax_country_code"), lambda _: "44"),
    (("telephone_area_code", "fax_area_code", "area_code"),
     lambda random: random.choice(_PHONE_AREAS)),
    (("subscriber_number",), lambda random: f"496 {random.randrange(10**4):04d}"),
    (("telephone", "telephone_number", "fax", "fax_number", "full_number"), _phone),
    (("email", "email_address"), lambda random: f"office{random.randrange(999)}@example.test"),
    (("website",), lambda random: f"www.example-{random.randrange(999)}.test"),
    (("user_name", "created_by", "originator_name", "contact_name", "contact",
      "friendly_name", "updated_by"), _person),
    (("document_no", "urn"), lambda random: f"{random.randrange(1, 10**5):010d}"),
    (("reference", "second_reference"), lambda random: f"R{random.randrange(10**5):05d}"),
    (("unit_description", "unit_name"), lambda _: "Each"),
    (("description", "narrative"), lambda random: random.choice(wordlists.THINGS)),
    (("name",), lambda random: random.choice(wordlists.TOWNS)[0]),
    (("analysis_code_1", "analysis_code_2", "analysis_code_3"),
     lambda random: random.choice(wordlists.CODES)),
)  # fmt: skip
# Ends of names, with what such a field says. Others are blank.


def _text(name: str, random: Random) -> str:
    return _text_maker(name)(random)


@functools.cache
def _text_maker(name: str) -> Callable[[Random], str]:
    """Return what makes the text of a field of this name."""
    for ends, make in _TEXTS:
        if any(name == end or name.endswith(f"_{end}") for end in ends):
            return make
    return lambda _: ""


def _number(name: str, random: Random) -> Decimal:
    if name.startswith("spare_"):
        return Decimal(random.randrange(10**9)).scaleb(-5)
    if name.endswith(("_rate", "_multiple")):
        return Decimal("1.000000")
    return Decimal(random.randrange(9999) if name.endswith(_PRICES) else 0).scaleb(-2)


def _boolean(name: str, random: Random) -> bool:
    if name.startswith(_RARE) or name.endswith("on_hold"):
        return False
    return name.endswith(_ALWAYS_TRUE) or random.random() < _ABSENT_PROBABILITY


def _datetime(name: str, random: Random) -> str | None:
    if name.startswith("spare_"):
        return None
    day = FIRST_TICK + random.randrange(-900, 300) * 86_400 * TICKS
    absent = random.random() < _ABSENT_PROBABILITY
    return None if absent else f"{timestamp_at(day)[:10]}T00:00:00Z"
