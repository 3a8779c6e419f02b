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
    Fields,
    IntegerField,
    NumberField,
    names_of,
)

PAGE: Final = 5000
# Records of a page: the most that Sage gives, and about 16 MB of them.

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
KINDS: Final = {
    BooleanField: "boolean",
    IntegerField: "integer",
    NumberField: "number",
    DateTimeField: "datetime",
}


def fields() -> dict[str, str]:
    """Name the fields of a customer, and say of which kind each is."""
    return {
        name: next((told for of, told in KINDS.items() if issubclass(kind, of)), "text")
        for name, kind in names_of(type(Customer.fields)).items()
        if not issubclass(kind, Fields)
    }


def customers(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Make *count* customers, about 3.2 KB each."""
    rng, kinds = random.Random(seed), fields()
    return [
        {
            name: number * 7 if name == "id" else value(kind, rng)
            for name, kind in kinds.items()
        }
        for number in range(1, count + 1)
    ]


def wide_customers(count: int, seed: int = 1) -> bytes:
    """Make a page of *count* customers."""
    return msgspec.json.encode(customers(count, seed))


def value(kind: str, rng: random.Random) -> object:
    """Make a value of *kind*."""
    if kind == "boolean":
        return rng.random() < 0.3
    if kind == "integer":
        return rng.randrange(100_000)
    if kind == "number":
        return rng.randrange(-(10**6), 10**7) / 100
    if kind == "datetime":
        return f"2025-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T09:18:30.3Z"
    return " ".join(rng.choices(WORDS, k=2))


def numbered(
    rows: list[dict[str, Any]], pages: int
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Give *rows* as many pages, with ids from 1 on, each with the id before it."""
    for after in range(0, pages * len(rows), len(rows)):
        for key, row in enumerate(rows, after + 1):
            row["id"] = key
        yield after, rows


def as_odata_2(row: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
    """Write a record as OData 2 does: decimals as text, times as milliseconds."""
    return {name: _old(value, kinds[name]) for name, value in row.items()}


def _old(value: Any, kind: str) -> Any:
    if kind == "number":
        return str(value)
    if kind == "datetime":
        moment = datetime.fromisoformat(value).astimezone(UTC)
        return f"/Date({int(moment.timestamp() * 1000)})/"
    return value
