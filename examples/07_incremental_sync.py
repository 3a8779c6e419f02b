"""Keep a copy of two resources in SQLite up to date, with changes and deletes."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.extract import Extraction, database_at, sync
from sage200_async.sandbox import Sandbox


async def update_copy(client: Sage200Client, url: str) -> None:
    for name in ("customers", "suppliers"):
        extraction = Extraction(name=name, query=getattr(client, name))
        result = await sync(client, extraction, database_at(url))
        what = "everything" if result.whole else "changes"
        print(f"{name:10} {what}: {result.read} read, {result.deleted} deleted")


async def main(path: Path) -> None:
    url = f"sqlite:///{path.as_posix()}"
    async with (
        Sandbox(records={"customers": 700, "suppliers": 40}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        await update_copy(client, url)
        first, second, *_ = sandbox.store.keys("customers")
        await client.customers.update(first, {"short_name": "changed"})
        await client.customers.delete(second)
        await update_copy(client, url)
    with sqlite3.connect(path) as copy:
        sql = "select count(*), count(_deleted_at) from customers"
        print("rows, and how many of them are marked as deleted:", *copy.execute(sql))
    copy.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name) / "copy.db"))
