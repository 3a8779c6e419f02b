"""Update prices from a CSV file: only what differs is sent, and nothing twice.

Without a program: `sage200 load prices.csv --into products --journal prices.db --map
SKU=code --map Cost=standard_cost`.
"""

import asyncio
import csv
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.catalog.inputs.stock import ProductChanges
from sage200_async.sandbox import Sandbox


def prices(path: Path) -> Iterator[ProductChanges]:
    """Read the file as it is written to Sage; it may have a million lines."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            yield {
                "code": line["SKU"],
                "standard_cost": Decimal(line["Cost"]),
            }


async def example_file(client: Sage200Client, folder: Path) -> Path:
    """Write a file in which every second cost is a new one."""
    lines = ["SKU,Cost"]
    async for product in client.products.select("code", "standard_cost"):
        more = len(lines) % 2
        lines.append(f"{product.code},{(product.standard_cost or Decimal(0)) + more}")
    path = folder / "prices.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            Sandbox(records={"products": 40}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            path = await example_file(client, folder)
            journal = folder / "prices.db"
            products = client.products
            async with products.upsert(
                prices(path), journal=journal, dry_run=True
            ) as dry:
                print("a dry run:", await dry.finish())
            async with products.upsert(prices(path), journal=journal) as job:
                async for outcome in job:
                    if not outcome.done:
                        print(outcome.key, outcome.kind, outcome.reason)
            print("a run:", job.report)
            print("not done:", job.report.write_csv(folder / "not-done.csv"))


if __name__ == "__main__":
    asyncio.run(main())
