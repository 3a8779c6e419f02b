"""Read the customers that owe money, as typed records, beyond the limit of one request.

It runs against a sandbox; if SAGE200_CLIENT_ID is set, against your own company.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from decimal import Decimal

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.sandbox import Sandbox


async def main() -> None:
    async with AsyncExitStack() as stack:
        if "SAGE200_CLIENT_ID" in os.environ:
            settings = Settings.from_env()
        else:
            sandbox = await stack.enter_async_context(
                Sandbox(records={"customers": 6_000})
            )
            settings = sandbox.settings
        client = await stack.enter_async_context(Sage200Client(settings))

        c = Customer.fields
        owing = client.customers.filter(c.balance > 0, on_hold=False).select(
            c.id, c.reference, c.name, c.balance
        )
        print(owing.explain())

        total = Decimal(0)
        count = 0
        async for customer in owing:
            total += customer.balance or 0
            count += 1
        print(f"{count} customers owe {total}")

        async for customer in owing.order_by(c.balance.desc()).top(5):
            print(f"{customer.reference:10} {customer.balance:>12} {customer.name}")


if __name__ == "__main__":
    asyncio.run(main())
