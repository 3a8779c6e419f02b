"""Made-up values of single fields, by their kind and name."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.data import wordlists
from sage200_async.sandbox.schema.enums import field_values
from sage200_async.sandbox.schema.naming import referenced_resource, snake
from sage200_async.sandbox.schema.tables import CONTROLS, shape_of
from sage200_async.sandbox.store.rows import decode, encode
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
_ALWAYS_TRUE: Final = ("is_active", "_enabled")
# Ends of switches that are on in a company that uses its Sage 200.


class ValueGenerator:
    """Makes values up.

    Args:
        tables: Every resource, for ids and enums that refer to one.
        keys: Returns ids of records of a resource.
    """

    def __init__(self, tables: Mapping[str, Table], keys: Keys) -> None:
        self._tables = tables
        self._keys = keys
        self._writers: dict[str, Callable[[str, Random], str]] = {
            "text": _text,
            "integer": self._integer,
            "number": _number,
            "boolean": _boolean,
            "datetime": _datetime,
            "enum": self._enum,
        }

    def json(self, name: str, kind: str, random: Random) -> str:
        """Return a plausible value of a field as JSON, or ``""`` for null."""
        writer = self._writers.get(kind)
        return "" if writer is None else writer(name, random)

    def names(
        self, path: str, scalars: Mapping[str, str], index: int
    ) -> dict[str, str]:
        """Return the fields that tell records apart, codes and names, as JSON."""
        letters = "".join(word[0] for word in path.split("_")).upper()[:3]
        code = f"{letters}{index + 1:04d}"
        thing = wordlists.THINGS[index % len(wordlists.THINGS)]
        town = wordlists.TOWNS[index % len(wordlists.TOWNS)][0]
        person = wordlists.SURNAMES[index % len(wordlists.SURNAMES)]
        values = {
            "reference": code,
            "code": code,
            "document_no": f"{index + 1:010d}",
            "name": f"{person} {town}",
            "first_name": wordlists.FIRST_NAMES[index % len(wordlists.FIRST_NAMES)],
            "last_name": person,
            "description": f"{thing}, {town}",
            "email": f"{letters.lower()}{index + 1}@example.test",
        }
        return {
            name: encode(text).decode()
            for name, text in values.items()
            if scalars.get(name) == "text"
        }

    def record(self, record: type[Record], seed: str, index: int) -> dict[str, Any]:
        """Return a made-up record, without related records."""
        shape, random = shape_of(record), Random(f"{seed}/{index}")
        values = self.names(snake(record.__name__), shape.scalars, index)
        for name, kind in shape.scalars.items():
            if name not in CONTROLS and name not in values:
                values[name] = self.json(name, kind, random)
        return {
            name: decode(values[name]) for name in shape.scalars if values.get(name)
        }

    def _integer(self, name: str, random: Random) -> str:
        resource = referenced_resource(name, self._tables)
        if resource:
            keys = self._keys(resource)
            return str(random.choice((0, *keys, *keys, *keys)))
        days = name.endswith(("_days", "_period", "_time_to_pay"))
        return str(random.choice((0, 7, 14, 30, 60) if days else (0, 0, 1)))

    def _enum(self, name: str, random: Random) -> str:
        return encode(random.choice(field_values(name, self._tables))).decode()


def _text(name: str, random: Random) -> str:
    town = random.choice(wordlists.TOWNS)
    by_name = {"city": town[0], "county": town[1], "country": "United Kingdom"}
    return encode(by_name.get(name) or random.choice(wordlists.CODES)).decode()


def _number(name: str, random: Random) -> str:
    if name.startswith("spare_"):
        return f"{random.randrange(10**9) / 10**5:.5f}"
    return f"{random.randrange(9999) / 100:.2f}"


def _boolean(name: str, random: Random) -> str:
    if name.endswith(_ALWAYS_TRUE):
        return "true"
    return random.choice(("true", "false", "false"))


def _datetime(name: str, random: Random) -> str:
    del name
    day = FIRST_TICK + random.randrange(-900, 300) * 86_400 * TICKS
    absent = random.random() < _ABSENT_PROBABILITY
    return "" if absent else f'"{timestamp_at(day)[:10]}T00:00:00Z"'
