"""An export while others write: every record that existed throughout is in the file once."""

import asyncio
import os
import random
from pathlib import Path

import pyarrow.parquet
import pytest

from sage200_async import Sage200Client
from sage200_async.errors import PagingError
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.factory import files_at
from sage200_async.paging.certificate import Certificate
from sage200_async.sandbox import Behaviour, Sandbox

ROWS = 900
RUNS = 50 if os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"} else 5
# The oldest Python runs the thorough profile, the others the quick one.


class Writer:
    """Inserts, deletes and updates at random, until it is cancelled."""

    def __init__(self, sandbox: Sandbox, seed: int, number: int) -> None:
        self._store = sandbox.store
        self._random = random.Random(f"{seed} {number}")
        self._name = f"{number}-"
        self.written = 0

    async def write(self) -> None:
        while True:
            self.one()
            self.written += 1
            await asyncio.sleep(0.001)

    def one(self) -> None:
        keys = self._store.keys("customers")
        match self._random.choice(["insert", "delete", "update"]):
            case "insert":
                name = f"{self._name}{self.written}"
                self._store.insert("customers", {"reference": name, "name": name})
            case "delete":
                self._store.delete("customers", self._random.choice(keys))
            case "update":
                key = self._random.choice(keys)
                self._store.update("customers", key, {"short_name": name_of(key)})


def name_of(key: int) -> str:
    return f"moved {key}"


async def exported(
    sandbox: Sandbox, folder: Path, seed: int
) -> tuple[Certificate, int]:
    """Export while three write; return the certificate and the number of writes."""
    writers = [Writer(sandbox, seed, number) for number in range(3)]
    async with Sage200Client(sandbox.settings) as client:
        query = client.customers.page_size(50)
        extraction = Extraction(name="customers", query=query)
        tasks = [asyncio.create_task(writer.write()) for writer in writers]
        try:
            sink = files_at(folder, "parquet")
            certificate = await export(client, extraction, sink, workers=8)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return certificate, sum(writer.written for writer in writers)


def test_records_that_exist_throughout_are_in_the_file(tmp_path: Path) -> None:
    """In 50 seeded runs with three writers, no record is missing and none comes twice."""
    written = 0

    async def run(seed: int) -> None:
        nonlocal written
        folder = tmp_path / str(seed)
        async with Sandbox(records={"customers": ROWS}, seed=seed) as sandbox:
            before = set(sandbox.store.keys("customers"))
            certificate, wrote = await exported(sandbox, folder, seed)
            remaining = before & set(sandbox.store.keys("customers"))
        written += wrote
        table = pyarrow.parquet.read_table(folder / "customers.parquet")
        keys = table.column("id").to_pylist()
        assert keys == sorted(set(keys)), seed
        assert remaining <= set(keys), seed
        assert certificate.records == len(keys)
        assert certificate.max_key is not None
        assert max(remaining) <= certificate.max_key

    for seed in range(RUNS):
        asyncio.run(run(seed))
    print(f"\n{RUNS} exports, {written} writes meanwhile: none missing, none twice")
    assert written > RUNS * 30


def files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet"])
def test_without_a_proof_there_is_no_file(tmp_path: Path, format) -> None:
    """A server that spoils the order makes the export fail, and there is no file."""

    async def main() -> None:
        spoilt = Behaviour(out_of_order=True)
        async with (
            Sandbox(records={"customers": ROWS}, behaviour=spoilt) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            query = client.customers.page_size(100)
            extraction = Extraction(name="customers", query=query)
            with pytest.raises(PagingError):
                await export(client, extraction, files_at(tmp_path, format), workers=4)
            assert files(tmp_path) == []
            sandbox.behaviour = Behaviour()
            again = await export(client, extraction, files_at(tmp_path, format))
            assert again.records == ROWS

    asyncio.run(main())
