"""Keep a copy of two resources in SQLite in step: changes and deletes, again and again."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path

from sage200_async import Sage200Client
from sage200_async.extract import Extraction, database_at, sync
from sage200_async.sandbox import Sandbox


async def keep_in_step(client: Sage200Client, url: str) -> None:
    for name in ("customers", "suppliers"):
        extraction = Extraction(name=name, query=getattr(client, name))
        done = await sync(client, extraction, database_at(url))
        what = "everything" if done.whole else "changes"
        print(f"{name:10} {what}: {done.read} read, {done.deleted} deleted")


async def main(place: Path) -> None:
    url = f"sqlite:///{place.as_posix()}"
    async with (
        Sandbox(records={"customers": 700, "suppliers": 40}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        await keep_in_step(client, url)
        first, second, *_ = sandbox.store.keys("customers")
        await client.customers.update(first, {"short_name": "changed"})
        await client.customers.delete(second)
        await keep_in_step(client, url)
    with sqlite3.connect(place) as copy:
        sql = "select count(*), count(_deleted_at) from customers"
        print("rows, of them deleted:", *copy.execute(sql))
    copy.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name) / "copy.db"))
