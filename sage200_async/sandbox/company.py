"""A made-up company: the same records for the same seed, however many of each.

A record is a template with a few blanks. The wide and dull fields are written
once for each of some variants; names, money, ids and times differ in each.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox import words
from sage200_async.sandbox.lines import sources_of, views_of
from sage200_async.sandbox.literals import ENUMS
from sage200_async.sandbox.moments import TICKS, stamp
from sage200_async.sandbox.people import customer, order, product
from sage200_async.sandbox.rows import Row, decode, encode, row_of
from sage200_async.sandbox.schema import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sage200_async.sandbox.schema import Table

_VARIANTS: Final = 64
_FIRST: Final = 1704183436 * TICKS  # 2 January 2024, 08:17:16
_SPACING: Final = 64
_SLOTS: Final = {"customers": 0, "products": 16, "sop_orders": 32}
_OTHERS: Final = 48
_REFERRED: Final = 100
_ABSENT: Final = 0.3
_GAP: Final = 0.15

Filled = tuple[dict[str, str], dict[str, Any]]
"""Fields of a record as JSON texts, and its members."""


def make(
    tables: Mapping[str, Table], path: str, count: int, seed: int
) -> Iterator[Row]:
    """Make the first *count* records of a resource.

    Args:
        tables: Every resource, for those that refer to one another.
        path: The resource.
        count: How many records.
        seed: Another seed, another company.
    """
    if path == "sop_order_line_views":
        yield from _line_views(tables, count, seed)
        return
    table, random = tables[path], Random(f"{seed}/{path}")
    fill = _filler(path, seed)
    sample, _ = fill(Random(0), 0, 0)
    names = [*sample, table.key, "date_time_created", "date_time_updated"]
    names = [name for name in table.shape.scalars if name in names]
    variants = [_template(table, names, Random(n)) for n in range(_VARIANTS)]
    tick = _FIRST
    for index, key in _numbered(path, count, seed):
        values, members = fill(random, index, key)
        tick += random.randrange(200, 20_000)
        changed = tick + random.choice((0, 0, 0, random.randrange(10**7)))
        values[table.key] = str(key)
        values["date_time_created"] = f'"{stamp(tick)}"'
        values["date_time_updated"] = f'"{stamp(changed)}"'
        body = random.choice(variants) % tuple(values[name] for name in names)
        yield Row(key, body, encode(members).decode() if members else "{}")


def lines_of(tables: Mapping[str, Table], orders: int, seed: int) -> int:
    """Count the lines that the first orders have."""
    rows = make(tables, "sop_orders", orders, seed)
    return sum(len(decode(row.members)["lines"]) for row in rows)


def _numbered(path: str, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Number records as one counter for all tables would: rising, with gaps."""
    random = Random(f"{seed}/{path}/ids")
    step = 16
    for index in range(count):
        step += 1
        if random.random() < _GAP:
            step += random.randrange(1, 30)
        yield index, step * _SPACING + _SLOTS.get(path, _OTHERS)


def _template(table: Table, blanks: list[str], random: Random) -> str:
    parts: list[str] = []
    for name, kind in table.shape.scalars.items():
        if name in CONTROLS:
            continue
        written = (
            "%s" if name in blanks else _dull(name, kind, random).replace("%", "%%")
        )
        if written:
            parts.append(f'"{name}":{written}')
    return "{" + ",".join(parts) + "}"


def _dull(name: str, kind: str, random: Random) -> str:
    """Write a plausible value of a field that no one looks at; ``""`` for null."""
    writer = _DULL.get(kind)
    return "" if writer is None else writer(name, random)


def _dull_text(name: str, random: Random) -> str:
    del name
    return encode(random.choice(words.CODES)).decode()


def _dull_integer(name: str, random: Random) -> str:
    days = name.endswith(("_days", "_period", "_time_to_pay"))
    some = 82009 if name.endswith("_id") else 1
    return str(random.choice((0, 7, 14, 30, 60) if days else (0, 0, some)))


def _dull_number(name: str, random: Random) -> str:
    if name.startswith("spare_"):
        return f"{random.randrange(10**9) / 10**5:.5f}"
    return f"{random.randrange(9999) / 100:.2f}"


def _dull_boolean(name: str, random: Random) -> str:
    del name
    return random.choice(("true", "false", "false"))


def _dull_moment(name: str, random: Random) -> str:
    del name
    day = _FIRST + random.randrange(-900, 300) * 86_400 * TICKS
    absent = random.random() < _ABSENT
    return "" if absent else f'"{stamp(day)[:10]}T00:00:00Z"'


def _dull_enum(name: str, random: Random) -> str:
    return encode(random.choice(ENUMS.get(name, ("EnumNotApplicable",)))).decode()


_DULL: Final[dict[str, Callable[[str, Random], str]]] = {
    "text": _dull_text,
    "integer": _dull_integer,
    "number": _dull_number,
    "boolean": _dull_boolean,
    "moment": _dull_moment,
    "enum": _dull_enum,
}


def _filler(path: str, seed: int) -> Callable[[Random, int, int], Filled]:
    if path == "customers":
        return customer
    if path == "products":
        return product
    if path == "sop_orders":
        customers = [key for _, key in _numbered("customers", _REFERRED, seed)]
        products = [key for _, key in _numbered("products", _REFERRED, seed)]

        def fill(random: Random, index: int, key: int) -> Filled:
            return order(random, index, key, random.choice(customers), products)

        return fill
    return _plain


def _plain(random: Random, index: int, key: int) -> Filled:
    """Fill in nothing but what every record has."""
    del random, index, key
    return {}, {}


def _line_views(tables: Mapping[str, Table], count: int, seed: int) -> Iterator[Row]:
    table, left = tables["sop_order_line_views"], count
    sources = sources_of(table)
    known = {
        path: {row.key: decode(row.body) for row in make(tables, path, _REFERRED, seed)}
        for path in ("customers", "products")
        if path in tables
    }
    for row in make(tables, "sop_orders", count, seed):
        record = decode(row.body) | decode(row.members)
        customer_of = known.get("customers", {}).get(record["customer_id"], {})
        for view in views_of(sources, record, customer_of, known.get("products", {})):
            if not left:
                return
            left -= 1
            yield row_of(table, view)
