"""Create a sales order, change one line, delete another, and delete the order.

The client never repeats a POST that may have been carried out, so look for your own
reference before you create.
"""

import asyncio

from sage200_async import Sage200Client
from sage200_async.catalog import SopOrder
from sage200_async.errors import BadRequest, NotFound
from sage200_async.sandbox import Sandbox

OUR_REFERENCE = "WEB-10042"


async def find_or_create(client: Sage200Client, customer_id: int) -> SopOrder:
    orders = client.sop_orders.expand("lines")
    order = await orders.filter(customer_document_no=OUR_REFERENCE).first()
    if order is not None:
        return order
    return await client.sop_orders.create(
        {
            "customer_id": customer_id,
            "customer_document_no": OUR_REFERENCE,
            "lines": [
                {"line_type": "EnumLineTypeFreeText", "description": "Installation"},
                {"line_type": "EnumLineTypeComment", "description": "Ring first"},
            ],
        }
    )


async def main() -> None:
    records = {"customers": 20, "sop_orders": 20}
    async with (
        Sandbox(records=records) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        customer = await client.customers.first()
        assert customer is not None
        assert customer.id is not None
        order = await find_or_create(client, customer.id)
        again = await find_or_create(client, customer.id)
        assert again.id == order.id
        install, comment = order.lines or []
        assert install.id
        assert comment.id
        changed = await client.sop_orders.update(
            order.id,
            {
                "lines": [
                    {"id": install.id, "description": "Installation, two hours"},
                    {"id": comment.id, "is_to_delete": True},
                ]
            },
        )
        print([line.description for line in changed.lines or []])
        await client.sop_orders.delete(order.id)
        try:
            await client.sop_orders.get(order.id)
        except NotFound as error:
            print(f"order deleted: {error.status}")
        try:
            await client.customers.create(
                {"reference": customer.reference or "", "name": "Twice"}
            )
        except BadRequest as error:
            print(error.detail)


if __name__ == "__main__":
    asyncio.run(main())
