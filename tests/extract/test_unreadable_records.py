"""Records that cannot be decoded: named by their key, and counted once over all runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import DecodeError
from sage200_async.extract import Extraction, RejectsFile, export, files_at
from sage200_async.sandbox import Sandbox

HALF = rb'"a\ud800"'
Body = Callable[[Sage200Client, list[int]], Awaitable[None]]


def with_bad_records(serve: Any, positions: list[int], body: Body) -> None:
    """Serve 900 customers, some with half of a surrogate pair in their name."""

    async def main() -> None:
        async with Sandbox(records={"customers": 900}) as sandbox:
            settings = replace(sandbox.settings, token_store=MemoryStore())
            async with Sage200Client(settings) as client:
                ids = [row.id async for row in client.customers.select("id")]
                bad = [ids[position] for position in positions]
                serve(sandbox, dict.fromkeys(bad, ("name", HALF)))
                await body(client, bad)

    asyncio.run(main())


async def stream(client: Sage200Client, folder: Path) -> None:
    async for _ in client.customers:
        pass


async def parallel(client: Sage200Client, folder: Path) -> None:
    async with client.customers.read(workers=3) as customers:
        async for _ in customers:
            pass


async def to_files(client: Sage200Client, folder: Path) -> None:
    work = Extraction(name="customers", query=client.customers)
    await export(client, work, files_at(folder, "ndjson"))


@pytest.mark.parametrize("read", [stream, parallel, to_files])
def test_half_of_a_surrogate_pair_is_named_by_its_id(
    read: Any, tmp_path: Path, serve_bad_records: Any
) -> None:
    """Every way of reading says which record it was, though it is no JSON."""

    async def body(client: Sage200Client, bad: list[int]) -> None:
        with pytest.raises(DecodeError) as caught:
            await read(client, tmp_path)
        assert f"customers: id {bad[0]}" in caught.value.__notes__

    with_bad_records(serve_bad_records, [517], body)


class Stop(Exception):
    """A run was stopped here."""


def test_records_that_were_set_aside_are_counted_once_over_all_runs(
    tmp_path: Path, serve_bad_records: Any
) -> None:
    """A run that is stopped hands on what belongs to its ranges, and nothing else."""

    def stop_after(records: int) -> Callable[[Any], None]:
        def on_progress(progress: Any) -> None:
            if progress.records >= records:
                raise Stop

        return on_progress

    async def body(client: Sage200Client, bad: list[int]) -> None:
        rejects = RejectsFile(tmp_path / "rejects.ndjson")
        for most in (1, 150, 300, 450, 600, 750, 10_000):
            work = Extraction(name="customers", query=client.customers.page_size(100))
            client.quarantine = rejects.quarantine(work)
            sink = files_at(tmp_path, "ndjson", on_reject=rejects.of(work))
            stop = stop_after(most)
            try:
                proof = await export(client, work, sink, workers=4, on_progress=stop)
            except Stop:
                continue
        assert (proof.records, proof.rejected) == (900 - len(bad), len(bad))
        lines = (tmp_path / "rejects.ndjson").read_bytes().splitlines()
        assert len(lines) == len(bad)

    with_bad_records(serve_bad_records, list(range(0, 900, 30)), body)
