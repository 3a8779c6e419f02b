"""``sage200 demo``: run a query on the sandbox, and check the result."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sage200_async import Sage200Client
from sage200_async.catalog import Product
from sage200_async.cli.table import as_mapping, make_table
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sage200_async.query.collection import CollectionQuery

_TOP: Final = 12_000
_PREVIEW: Final = 8
_NAMES: Final = ("id", "code", "name", "standard_cost", "free_stock_quantity")

_CODE: Final = """\
p = Product.fields
expensive = (
    client.products
    .filter((p.standard_cost > 1) & ~p.name.contains("CHRISTMAS"), allow_sales_order=True)
    .select(p.id, p.code, p.name, "standard_cost", p.free_stock_quantity)
    .order_by(p.standard_cost.desc(), "code")
    .top(12_000)
)
async for product in expensive: ..."""


def example_query(client: Sage200Client) -> CollectionQuery[Product]:
    """Return the query that the demo prints."""
    p = Product.fields
    return (
        client.products.filter(
            (p.standard_cost > 1) & ~p.name.contains("CHRISTMAS"),
            allow_sales_order=True,
        )
        .select(p.id, p.code, p.name, "standard_cost", p.free_stock_quantity)
        .order_by(p.standard_cost.desc(), "code")
        .top(_TOP)
    )


def expected_rows(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what the query should find, by plain Python."""
    matches = [
        row
        for row in rows
        if row["standard_cost"] > 1
        and "CHRISTMAS" not in row["name"]
        and row["allow_sales_order"]
    ]
    matches.sort(key=lambda row: (-row["standard_cost"], row["code"], row["id"]))
    return [tuple(row[name] for name in _NAMES) for row in matches[:_TOP]]


async def demo(*, data: Path | None, seed: int, records: int) -> None:
    """Run the query against a sandbox, print the records, and check them.

    Raises:
        Sage200Error: The records are not those that the sandbox holds.
    """
    console = Console()
    counts = None if data else {"products": records}
    async with Sandbox(records=counts, seed=seed, data=data) as sandbox:
        stored = sandbox.store.count("products")
        console.print(f"sandbox    {sandbox.settings.base_url}")
        console.print(f"products   {stored:,}, {_origin(data, seed)}")
        async with Sage200Client(sandbox.settings) as client:
            sites = await client.sites()
            console.print(f"signed in  {sites[0].company_name}")
            console.print(f"\n{_CODE}\n", markup=False, style="cyan", soft_wrap=True)
            query = example_query(client)
            console.print(query.explain().strategy, "paging:", query.explain().why)
            requests_before = len(sandbox.requests)
            products, seconds = await _read(query, console)
            # Without the count for the progress bar.
            requests = len(sandbox.requests) - requests_before - 1
        rows = _ndjson(data) if data else sandbox.store.rows("products")
        wanted = expected_rows(rows)
    rows = [as_mapping(product) for product in products[:_PREVIEW]]
    lines = make_table(_NAMES, rows, console.width).lines
    console.print("\n".join(lines), markup=False, highlight=False)
    console.print(f"... {len(products):,} in all\n")
    rows_read = [tuple(getattr(p, name) for name in _NAMES) for p in products]
    console.print(f"records    {len(products):,}")
    console.print(f"requests   {requests}")
    console.print(f"seconds    {seconds:.2f}")
    if rows_read != wanted:
        raise Sage200Error(
            f"the {len(rows_read):,} records that the query returned differ from the "
            f"{len(wanted):,} that plain Python finds"
        )
    source = "the NDJSON file" if data else "the sandbox"
    console.print(f"checked    the same records, in the same order, as in {source}")


async def _read(
    query: CollectionQuery[Product], console: Console
) -> tuple[list[Product], float]:
    columns = TextColumn("reading"), BarColumn(), MofNCompleteColumn()
    products: list[Product] = []
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("reading", total=await query.count())
        started = time.perf_counter()
        async for page in query.pages():
            products.extend(page.records)
            progress.update(bar, completed=len(products))
        return products, time.perf_counter() - started


def _origin(data: Path | None, seed: int) -> str:
    return f"from {data.name}" if data else f"generated from seed {seed}"


def _ndjson(folder: Path) -> list[Any]:
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    return decoder.decode_lines((folder / "products.ndjson").read_bytes())
