"""Seeded records in the shape of Sage's: every field filled."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from sage200_async.catalog import Customer
from sage200_async.odata.fields import (
    BooleanField,
    Fields,
    IntegerField,
    MomentField,
    NumberField,
    names_of,
)

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


def wide_customers(count: int, seed: int = 1) -> bytes:
    """Make a page of *count* customers, about 3.2 KB each."""
    rng = random.Random(seed)
    kinds = names_of(type(Customer.fields))
    return msgspec.json.encode(
        [
            {
                name: number * 7 if name == "id" else value(kind, rng)
                for name, kind in kinds.items()
                if not issubclass(kind, Fields)
            }
            for number in range(1, count + 1)
        ]
    )


def value(kind: type[Any], rng: random.Random) -> object:
    """Make a value for a field of *kind*."""
    if issubclass(kind, BooleanField):
        return rng.random() < 0.3
    if issubclass(kind, IntegerField):
        return rng.randrange(100_000)
    if issubclass(kind, NumberField):
        return rng.randrange(-(10**6), 10**7) / 100
    if issubclass(kind, MomentField):
        return f"2025-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T09:18:30.3Z"
    return " ".join(rng.choices(WORDS, k=2))
