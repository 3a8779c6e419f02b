"""Stream order lines to a CSV file, with one page in memory at a time.

Records that do not fit the model are collected, so one bad row does not stop the rest.
"""

import asyncio
import csv
import tempfile
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.catalog import SopOrderLineView
from sage200_async.errors import DecodeError
from sage200_async.sandbox import Sandbox

NAMES = (
    "sop_order_line_id",
    "sop_order_document_no",
    "sop_order_line_product_code",
    "sop_order_line_quantity",
    "sop_order_line_total_value",
)


async def main() -> None:
    out = Path(tempfile.mkdtemp()) / "order_lines.csv"
    rejected: list[DecodeError] = []
    async with (
        Sandbox(records={"sop_orders": 800}) as sandbox,
        Sage200Client(sandbox.settings, quarantine=rejected.append) as client,
    ):
        line = SopOrderLineView.fields
        lines = client.sop_order_line_views.filter(
            line.sop_order_line_quantity > 0
        ).select(*NAMES)
        with out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES)
            async for page in lines.page_size(1_000).pages():
                writer.writerows(
                    [getattr(record, name) for name in NAMES] for record in page.records
                )
                print(f"{page.plan.records} lines after {page.plan.pages} pages")
    print(
        f"written to {out.name}, {out.stat().st_size} bytes, {len(rejected)} rejected"
    )


if __name__ == "__main__":
    asyncio.run(main())
