"""``sage200 demo``: the main job, on the built-in sandbox, checked."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sage200_async import Sage200Client
from sage200_async.catalog import Product
from sage200_async.cli.output import as_mapping, table_of
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sage200_async.query.collection import CollectionQuery

_TOP: Final = 12_000
_SHOWN: Final = 8
_NAMES: Final = ("id", "code", "name", "standard_cost", "free_stock_quantity")

_CODE: Final = """\
p = Product.fields
dear = (
    client.products
    .filter((p.standard_cost > 1) & ~p.name.contains("CHRISTMAS"), allow_sales_order=True)
    .select(p.id, p.code, p.name, "standard_cost", p.free_stock_quantity)
    .order_by(p.standard_cost.desc(), "code")
    .top(12_000)
)
async for product in dear: ..."""


def chained(client: Sage200Client) -> CollectionQuery[Product]:
    """Make the query that the demo shows."""
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


def expected(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Answer the same question in plain Python."""
    found = [
        row
        for row in rows
        if row["standard_cost"] > 1
        and "CHRISTMAS" not in row["name"]
        and row["allow_sales_order"]
    ]
    found.sort(key=lambda row: (-row["standard_cost"], row["code"], row["id"]))
    return [tuple(row[name] for name in _NAMES) for row in found[:_TOP]]


async def demo(*, data: Path | None, seed: int, records: int) -> None:
    """Run the query against a sandbox, show it, and check what came.

    Raises:
        Sage200Error: What was read is not what the sandbox holds.
    """
    console = Console()
    held = None if data else {"products": records}
    async with Sandbox(records=held, seed=seed, data=data) as sandbox:
        holding = sandbox.store.count("products")
        console.print(f"sandbox    {sandbox.settings.base_url}")
        console.print(f"holding    {holding:,} products, {_origin(data, seed)}")
        async with Sage200Client(sandbox.settings) as client:
            sites = await client.sites()
            console.print(f"signed in  {sites[0].company_name}")
            console.print(f"\n{_CODE}\n", markup=False, style="cyan", soft_wrap=True)
            query = chained(client)
            console.print(query.explain().strategy, "paging:", query.explain().why)
            before = len(sandbox.requests)
            read, seconds = await _read(query, console)
            requests = len(sandbox.requests) - before - 1
        rows = _ndjson(data) if data else sandbox.store.rows("products")
        wanted = expected(rows)
    console.print(table_of(_NAMES, [as_mapping(each) for each in read[:_SHOWN]]))
    console.print(f"... {len(read):,} in all\n")
    got = [tuple(getattr(each, name) for name in _NAMES) for each in read]
    console.print(f"records    {len(read):,}")
    console.print(f"requests   {requests}")
    console.print(f"seconds    {seconds:.2f}")
    if got != wanted:
        message = f"expected the {len(wanted):,} records that plain Python finds"
        raise Sage200Error(f"{message}, got {len(got):,} that differ")
    where = "the NDJSON file" if data else "the sandbox"
    console.print(f"checked    the same records, in the same order, as in {where}")


async def _read(
    query: CollectionQuery[Product], console: Console
) -> tuple[list[Product], float]:
    columns = TextColumn("reading"), BarColumn(), MofNCompleteColumn()
    read: list[Product] = []
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("reading", total=await query.count())
        begun = time.perf_counter()
        async for page in query.pages():
            read.extend(page.records)
            progress.update(bar, completed=len(read))
        return read, time.perf_counter() - begun


def _origin(data: Path | None, seed: int) -> str:
    return f"from {data.name}" if data else f"made up from seed {seed}"


def _ndjson(folder: Path) -> list[Any]:
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    return decoder.decode_lines((folder / "products.ndjson").read_bytes())
