"""Read one collection in several processes, and certify the whole.

Engines such as Spark, Dask or a queue of jobs do the same with machines. A worker that
dies is replaced: its range is read again.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from sage200_async import (
    Certificate,
    ReadRange,
    Sage200Client,
    Settings,
    certify,
)
from sage200_async.sandbox import Sandbox


async def read(settings: Settings, task: bytes) -> tuple[list[str], Certificate]:
    """Read one range; return its records, or where they are, and its certificate."""
    async with (
        Sage200Client(settings) as client,
        client.read_range(ReadRange.from_json(task)) as part,
    ):
        references = [customer.reference async for customer in part]
    assert part.certificate
    return references, part.certificate


def work(settings: Settings, task: bytes) -> tuple[list[str], Certificate]:
    """Do what a worker does, in a process of its own."""
    return asyncio.run(read(settings, task))


async def main() -> None:
    async with (
        Sandbox(records={"customers": 3_000}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        query = client.customers.select("id", "reference")
        plan = await query.page_size(500).plan(parts=4)
        token = await client.access_token()
        print(plan, "and a token that lives for", token.seconds_left, "s")
        settings = token.settings_for(client.settings)  # this token, and no secret more
        loop = asyncio.get_running_loop()
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(2, mp_context=fresh) as processes:
            tasks = [
                loop.run_in_executor(processes, work, settings, part.to_json())
                for part in plan.ranges
            ]
            results = await asyncio.gather(*tasks)
        print([len(references) for references, _ in results])
        print(certify(plan, [certificate for _, certificate in results]))


if __name__ == "__main__":
    asyncio.run(main())
