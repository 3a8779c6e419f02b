"""Seeded records in the shape of Sage's: every field filled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sage200_async.catalog import Customer
from sage200_async.odata.fields import (
    BooleanField,
    DateTimeField,
    IntegerField,
    NumberField,
)
from sage200_async.odata.namespaces import Fields, names_of

PAGE: Final = 5000
# Records per page: Sage's maximum, about 16 MB.

WORDS = [
    "Ash",
    "Birch",
    "Cedar",
    "&",
    "Sons",
    "O'Brien",
    "Fir",
    "Ltd",
    "Hazel",
    "Kenly",
    "Larch",
    "Oak",
    "Rowan",
]
TEN: Final = (
    *("id", "reference", "name", "short_name", "balance", "credit_limit"),
    *("on_hold", "currency_id", "account_opened", "date_time_updated"),
)
# Fields of a customer that `into` reads: of every kind.
TYPE_NAMES: Final = {
    BooleanField: "boolean",
    IntegerField: "integer",
    NumberField: "number",
    DateTimeField: "datetime",
}


def field_types() -> dict[str, str]:
    """Return the fields of a customer: name and type."""
    return {
        name: type_name(field)
        for name, field in names_of(type(Customer.fields)).items()
        if not issubclass(field, Fields)
    }


def type_name(field: type) -> str:
    """Return the name of a field's type."""
    names = (name for base, name in TYPE_NAMES.items() if issubclass(field, base))
    return next(names, "text")


def customers(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Make *count* customers, about 3.2 KB each."""
    rng, types = random.Random(seed), field_types()
    return [
        {
            name: number * 7 if name == "id" else value(type_name, rng)
            for name, type_name in types.items()
        }
        for number in range(1, count + 1)
    ]


def wide_customers(count: int, seed: int = 1) -> bytes:
    """Make a page of *count* customers."""
    return msgspec.json.encode(customers(count, seed))


def value(type_name: str, rng: random.Random) -> object:
    """Make a random value of a type."""
    if type_name == "boolean":
        return rng.random() < 0.3
    if type_name == "integer":
        return rng.randrange(100_000)
    if type_name == "number":
        return rng.randrange(-(10**6), 10**7) / 100
    if type_name == "datetime":
        return f"2025-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T09:18:30.3Z"
    return " ".join(rng.choices(WORDS, k=2))


def numbered(
    rows: list[dict[str, Any]], pages: int
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield *rows* as *pages* pages, with ids from 1 on, each with the id before it."""
    for after in range(0, pages * len(rows), len(rows)):
        for key, row in enumerate(rows, after + 1):
            row["id"] = key
        yield after, rows


def as_odata_2(row: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    """Return a record in the form of OData 2: decimals as text, times as ``/Date()/``."""
    return {name: _odata_2_value(value, types[name]) for name, value in row.items()}


def _odata_2_value(value: Any, type_name: str) -> Any:
    if type_name == "number":
        return str(value)
    if type_name == "datetime":
        time = datetime.fromisoformat(value).astimezone(UTC)
        return f"/Date({int(time.timestamp() * 1000)})/"
    return value
