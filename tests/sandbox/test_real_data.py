"""Real records, if available: a client reads exactly what plain Python finds."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sage200_async import Sage200Client
from sage200_async.catalog import Endpoints, Product
from sage200_async.sandbox import Sandbox

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the folder of real records is not beside the project"
)
RECORDS = {
    file.stem: Endpoints.endpoints()[file.stem].record for file in DATA.glob("*.ndjson")
}


def rows_of(resource: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{resource}.ndjson").read_text("utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def on_data(body: Callable[[Sage200Client], Any]) -> Any:
    async def main() -> Any:
        async with (
            Sandbox(data=DATA) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client)

    return asyncio.run(main())


@pytest.mark.parametrize("resource", RECORDS)
def test_every_record_arrives(resource: str) -> None:
    """All records of a file are read, in the order of their keys."""

    async def body(client: Sage200Client) -> list[Any]:
        query = getattr(client, resource)
        key = query.endpoint.key
        return [getattr(record, key) async for record in query]

    key = Endpoints.endpoints()[resource].key
    assert key
    assert on_data(body) == sorted(row[key] for row in rows_of(resource))


def test_there_are_real_records() -> None:
    """The folder holds the data files that these tests read."""
    assert len(RECORDS) == 10
    assert sum(len(rows_of(resource)) for resource in RECORDS) > 5000


@pytest.mark.parametrize("resource", RECORDS)
def test_no_digit_fraction_or_character_is_lost(resource: str) -> None:
    """A record that is decoded and encoded equals its line, value for value."""
    decoder = msgspec.json.Decoder(RECORDS[resource])
    encoder = msgspec.json.Encoder(decimal_format="number")
    for line in (DATA / f"{resource}.ndjson").read_bytes().splitlines():
        again = encoder.encode(decoder.decode(line))
        assert parsed(again) == parsed(line)


def parsed(line: bytes) -> Any:
    """Return a line's values, with fractions of seconds in one form."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            name: value.removesuffix("Z").rstrip("0").rstrip(".")
            if isinstance(value, str) and "date_time" in name
            else value
            for name, value in items
        }

    return json.loads(line, parse_float=Decimal, object_pairs_hook=pairs)


def test_a_chained_query_finds_what_python_finds() -> None:
    """Filters, order and select on real text and money agree with plain Python."""
    p = Product.fields

    async def body(client: Sage200Client) -> list[tuple[Any, ...]]:
        query = (
            client.products.filter(p.name.contains("'") | p.name.contains("&"))
            .filter(p.standard_cost >= Decimal("1.5"))
            .select(p.id, p.name, p.standard_cost)
            .order_by(p.standard_cost.desc())
        )
        return [
            (product.id, product.name, product.standard_cost) async for product in query
        ]

    wanted = [
        (row["id"], row["name"], row["standard_cost"])
        for row in rows_of("products")
        if ("'" in row["name"] or "&" in row["name"]) and row["standard_cost"] >= 1.5
    ]
    wanted.sort(key=lambda row: (-row[2], row[0]))
    assert on_data(body) == wanted
    assert len(wanted) > 10


def test_every_name_finds_its_own_record() -> None:
    """A filter by a customer's name, accents and apostrophes included, finds it."""

    async def body(client: Sage200Client) -> None:
        for row in rows_of("customers"):
            ids = [c.id async for c in client.customers.filter(name=row["name"])]
            assert row["id"] in ids

    on_data(body)


def test_lines_come_when_expanded_only() -> None:
    """An order's lines come only when expanded, with the sums of the file."""

    async def body(client: Sage200Client) -> Decimal:
        bare = await client.sop_orders.first()
        assert bare is not None
        assert bare.lines is None
        total = Decimal(0)
        async for order in client.sop_orders.expand("lines").page_size(200):
            total += sum(line.line_total_value or 0 for line in order.lines or [])
        return total

    wanted = sum(
        line["line_total_value"]
        for row in rows_of("sop_orders")
        for line in row["lines"]
    )
    assert on_data(body) == wanted
