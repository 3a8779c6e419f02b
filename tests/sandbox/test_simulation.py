"""Reading while others write: what exists throughout is returned once."""

import asyncio
import random
from pathlib import Path

import msgspec

from sage200_async import Sage200Client
from sage200_async.sandbox import Sandbox

ROWS = 200
PAGE = 20
RUNS = 200


class Writer:
    """Inserts, deletes and updates at random, and remembers what it deleted."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self._store = sandbox.store
        self._random = random.Random(seed)
        self._made = 0

    def write(self, times: int) -> None:
        for _ in range(times):
            keys = self._store.keys("customers")
            match self._random.choice(["insert", "delete", "update"]):
                case "insert":
                    self._made += 1
                    name = f"N{self._made:06}"
                    self._store.insert("customers", {"reference": name, "name": name})
                case "delete" if keys:
                    self._store.delete("customers", self._random.choice(keys))
                case "update" if keys:
                    key = self._random.choice(keys)
                    self._store.update("customers", key, {"short_name": "moved"})


async def by_key(client: Sage200Client, writer: Writer) -> list[int]:
    read: list[int] = []
    async for page in client.customers.select("id").page_size(PAGE).pages():
        read += [customer.id for customer in page.records if customer.id]
        writer.write(8)
    return read


async def by_skip(client: Sage200Client, writer: Writer) -> list[int]:
    """Page as a hand-written loop does: by `$skip`, until a short page."""
    read: list[int] = []
    while True:
        skip, top = str(len(read)), str(PAGE)
        query = {"$select": "id", "$orderby": "id", "$skip": skip, "$top": top}
        response = await client.request("GET", "customers", query=query)
        rows = msgspec.json.decode(response.body)
        read += [row["id"] for row in rows]
        if len(rows) < PAGE:
            return read
        writer.write(8)


def write_customers(folder: Path, seed: int) -> None:
    """Write customers with gaps between their keys, with no more than is read."""
    keys = sorted(random.Random(seed).sample(range(1, 4 * ROWS), ROWS))
    rows = (f'{{"id": {key}, "reference": "R{key}", "name": "N"}}' for key in keys)
    (folder / "customers.ndjson").write_text("\n".join(rows), encoding="utf-8")


async def lost_and_repeated(way, seed: int, folder: Path) -> tuple[int, int]:
    write_customers(folder, seed)
    async with (
        Sandbox(data=folder) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        before = set(sandbox.store.keys("customers"))
        read = await way(client, Writer(sandbox, seed))
        stood = before & set(sandbox.store.keys("customers"))
        return len(stood - set(read)), len(read) - len(set(read))


def test_by_key_nothing_is_lost_where_skip_loses(tmp_path: Path) -> None:
    """In 200 seeded runs, reading by key loses nothing, and by `$skip` it does."""

    async def main() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        ours = [await lost_and_repeated(by_key, seed, tmp_path) for seed in range(RUNS)]
        skip = [
            await lost_and_repeated(by_skip, seed, tmp_path) for seed in range(RUNS)
        ]
        return ours, skip

    ours, skip = asyncio.run(main())
    assert ours == [(0, 0)] * RUNS
    losing = sum(lost > 0 for lost, _ in skip)
    print(f"\nby key: 0 lost; by $skip: {losing} of {RUNS} runs lost records")
    assert losing > RUNS // 2
