"""Copy two companies into one database, each with its own table prefix.

With Sage, ``client.at(site)`` returns a client for each row of ``client.sites()``; here
each company is a sandbox of its own.
"""

import asyncio
import sqlite3
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.extract import (
    Extraction,
    SyncResult,
    Task,
    database_at,
    run_many,
    sync,
)
from sage200_async.sandbox import Sandbox

COMPANIES = {"north_": 1, "south_": 2}
RESOURCES = ("customers", "products")


async def copy(
    client: Sage200Client, resource: str, url: str, prefix: str
) -> SyncResult:
    extraction = Extraction(name=resource, query=getattr(client, resource))
    return await sync(client, extraction, database_at(url, prefix))


async def main(path: Path) -> None:
    url = f"sqlite:///{path.as_posix()}"
    async with AsyncExitStack() as stack:
        tasks = []
        for prefix, seed in COMPANIES.items():
            records = {"customers": 300 * seed, "products": 200}
            sandbox = await stack.enter_async_context(Sandbox(records, seed=seed))
            client = await stack.enter_async_context(Sage200Client(sandbox.settings))
            tasks += [
                Task(
                    f"{prefix}{resource}",
                    getattr(client, resource),
                    partial(copy, client, resource, url, prefix),
                )
                for resource in RESOURCES
            ]
        for outcome in await run_many(tasks, concurrency=1):  # SQLite takes one writer
            print(outcome.name, outcome.error or f"{outcome.result.read} rows")
    with sqlite3.connect(path) as warehouse:
        sql = (
            "select count(*) from (select id from north_customers"
            " union all select id from south_customers)"
        )
        print("customers of both companies:", *warehouse.execute(sql).fetchone())
    warehouse.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name) / "warehouse.db"))
