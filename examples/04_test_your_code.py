"""Test your own code: without a network, and against a server that misbehaves."""

import asyncio
from decimal import Decimal

from sage200_async import Sage200Client, Settings
from sage200_async.errors import PagingError
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.transport.memory import MemoryTransport, reply


async def total_balance(client: Sage200Client) -> Decimal:
    """Add up what all customers owe: the code under test."""
    balances = client.customers.select("balance")
    return sum([c.balance or Decimal(0) async for c in balances], Decimal(0))


async def test_without_a_network() -> None:
    memory = MemoryTransport(
        lambda _: reply([{"id": 1, "balance": 10.25}, {"id": 2, "balance": -0.25}])
    )
    # One page is all there is: nothing has to be asked to see the end.
    settings = Settings(site="a site", company=1, trust_short_pages=True)
    async with Sage200Client(settings, transport=memory) as client:
        assert await total_balance(client) == Decimal("10.00")
    print("requests:", memory.requests)


async def test_against_an_old_server() -> None:
    behaviour = Behaviour(max_top=500)
    async with (
        Sandbox(records={"customers": 1_700}, behaviour=behaviour) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        assert len([customer async for customer in client.customers]) == 1_700
        print("requests:", len(sandbox.requests))


async def test_against_a_broken_server() -> None:
    behaviour = Behaviour(ignore_skip=True)
    async with (
        Sandbox(records={"customers": 1_700}, behaviour=behaviour) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        ordered = client.customers.order_by("name").page_size(500)
        try:
            print(len([customer async for customer in ordered]))
        except PagingError as error:
            print("detected:", error)


async def main() -> None:
    await test_without_a_network()
    await test_against_an_old_server()
    await test_against_a_broken_server()


if __name__ == "__main__":
    asyncio.run(main())
