"""Bring the orders of a web shop in, with their lines, and none of them twice.

The shop's own order number is the marker: `customer_document_no`. An order that is there
already is not sent; one whose response was lost is looked for before it is sent again.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.catalog.inputs.sop import SopOrderInput
from sage200_async.sandbox import Fault, Sandbox

LOST = Fault(carried_out=True, cut=0, then="reset")
"""The order is created, and the response never comes."""


async def shop_orders(customer_id: int) -> AsyncIterator[SopOrderInput]:
    """Yield the orders, as a queue or the shop's own API would bring them."""
    for number in range(10_001, 10_006):
        yield {
            "customer_id": customer_id,
            "customer_document_no": f"WEB-{number}",
            "lines": [
                {"line_type": "EnumLineTypeFreeText", "description": "Installation"},
                {"line_type": "EnumLineTypeComment", "description": "Ring first"},
            ],
        }


async def bring_in(client: Sage200Client, customer_id: int, journal: Path) -> None:
    job = client.sop_orders.insert(
        shop_orders(customer_id),
        journal=journal,
        settle=0.5,  # for this example: leave it out, and it is 300 seconds
    )
    async with job:
        async for outcome in job:
            print(outcome.key, outcome.kind, outcome.id, outcome.reason)
    print(job.report)


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            Sandbox(records={"customers": 3, "sop_orders": 3}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            customer = await client.customers.first()
            assert customer is not None
            assert customer.id is not None
            sandbox.faults = [None, None, LOST, None, LOST]
            await bring_in(client, customer.id, folder / "today.db")
            # Another journal, as if this one had been lost: nothing is sent.
            await bring_in(client, customer.id, folder / "again.db")
            sent = [r for r in sandbox.requests if r.method == "POST"]
            print("orders sent:", len(sent))


if __name__ == "__main__":
    asyncio.run(main())
