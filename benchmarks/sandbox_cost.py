"""What does the built-in sandbox cost: starting, filling, pages, postings?

Processor time of its own process, in seconds, and its memory. Each step runs once, in a
new sandbox: the default company; then one of so many customers, which is read by two
workers, in pages of 5,000. Views and a posting follow, each for the first time and again.

    python -m benchmarks.sandbox_cost 60000
    python -m benchmarks.sandbox_cost 1000000 --against FOLDER    another checkout, too
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sage200_async import Sage200Client, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

PAGE = 5_000
WORKERS = 2
NAMES = [
    "base_url",
    "token_url",
    "client_id",
    "client_secret",
    "refresh_token",
    "site",
    "company",
]
VIEWS = ("customer_views", "lookup_customers")


class Server:
    """A sandbox in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = psutil.Process(process.pid)
        assert process.stdout is not None
        self.connection = json.loads(process.stdout.readline())

    @property
    def seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    @property
    def megabytes(self) -> float:
        return self._process.memory_info().rss / 1e6

    @property
    def settings(self) -> Settings:
        known = {name: self.connection[name] for name in NAMES}
        return Settings(**known, request_timeout=3600, read_timeout=3600)


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "sage200_async.cli", "sandbox", *options]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    ) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


async def steps(server: Server, count: int) -> dict[str, float]:
    """Return the processor time of each step against a company of *count* customers."""
    spent = {
        f"filling {count:,} customers": server.seconds,
        "memory then, MB": server.megabytes,
    }

    async def measured(name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        before = server.seconds
        result = await work()
        spent[name] = server.seconds - before
        print(f"{name}: {spent[name]:.3f}", file=sys.stderr)  # the next may take long
        return result

    async with Sage200Client(server.settings) as client:

        async def read() -> int:
            async with client.customers.page_size(PAGE).read(workers=WORKERS) as read:
                return sum([1 async for _ in read])

        async def page(name: str) -> list[Any]:
            query = getattr(client, name).top(PAGE).page_size(PAGE).order_by("id")
            return [row async for row in query]

        records = await measured("reading all customers", read)
        assert records == count, records
        spent["that is, for a page of them"] = spent["reading all customers"] / (
            count / PAGE
        )
        await measured(f"{PAGE:,} customers in order of id", lambda: page("customers"))
        key = (await client.customers.order_by("id").first()).id
        for name in VIEWS:
            for again in ("", ", again"):
                await measured(f"{PAGE:,} {name}{again}", lambda name=name: page(name))
        invoice = {"customer_id": key, "document_goods_value": 10.5}
        for again in ("first", "second"):
            await measured(
                f"the {again} sales invoice",
                lambda: client.sales_invoices.create(invoice),
            )
        await measured(f"{PAGE:,} customer_views after it", lambda: page(VIEWS[0]))
    spent["memory at the end, MB"] = server.megabytes
    return spent


def cost(folder: Path, count: int) -> dict[str, float]:
    with sandbox(folder) as server:
        start = server.seconds
    with sandbox(folder, "--records", f"customers={count}") as server:
        return {"starting the default company": start} | asyncio.run(
            steps(server, count)
        )


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.sandbox_cost")
    parser.add_argument("count", type=int)
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    here = Path(__file__).parent.parent
    columns = {"this": cost(here, options.count)}
    if options.against:
        columns[options.against.name] = cost(options.against.absolute(), options.count)
    print(
        f"{'processor time of the sandbox, s':40}"
        + "".join(f"{n:>14}" for n in columns)
    )
    for step in columns["this"]:
        figures = "".join(f"{column[step]:>14.3f}" for column in columns.values())
        print(f"{step:40}{figures}")


if __name__ == "__main__":
    main()
