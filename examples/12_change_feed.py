"""Put each change of customers and orders on a queue, and acknowledge it once it is done."""

import asyncio
import tempfile
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.changes import Change
from sage200_async.sandbox import Sandbox

Queue = asyncio.Queue[Change]


async def feed(client: Sage200Client, state: str, queue: Queue) -> None:
    """Run for ever; started again after a kill, it goes on where it was."""
    resources = client.customers.select("reference", "name"), client.sop_orders
    async with client.changes(*resources, state=state, every=0.5) as changes:
        async for change in changes:
            await queue.put(change)  # it waits while the queue is full


async def work(queue: Queue, count: int) -> None:
    """Apply each change by its key: it may come twice after a kill."""
    for _ in range(count):
        change = await queue.get()
        print(f"{change.kind:8} {change.resource} {change.key}")
        await change.ack()


async def main(state: str) -> None:
    async with (
        Sandbox(records={"customers": 3, "sop_orders": 2}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        queue: Queue = asyncio.Queue(maxsize=100)
        feeding = asyncio.create_task(feed(client, state, queue))
        await work(queue, 5)  # what is there already
        customer = await client.customers.first()
        if customer and customer.id:
            await client.customers.update(customer.id, {"name": "New name"})
        await work(queue, 1)
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(f"sqlite:///{Path(name).as_posix()}/state.db"))
