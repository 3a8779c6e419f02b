"""Have the hot paths become slower? Count instructions, not time.

Five paths: a query of three conditions, up to its URL; a slice of 128 KB of a page, to
records; the same records with ten fields selected; a record, from a decoded page to the
consumer; `first()`, from the query to the record. Each runs ``n`` and ``2 n`` times
in separate processes under valgrind; the difference divided by ``n`` is the cost of one,
without start-up. Counts of the same code differ by less than 1 %, however busy the
machine is.

A count depends on the build of Python: with profile-guided optimisation, a query takes
an eighth less. So each path is compared with a yardstick: similar work that is not ours,
counted beside it. Their ratio differs by less than 3 % between builds.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from benchmarks.data import TEN, customers, wide_customers
from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.transport.memory import MemoryTransport
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.messages import Response

SLICE = 40  # wide customers: 128 KB
SETTINGS = Settings(access_token="token", site="site", company=1)


def query(times: int) -> None:
    """Build a query of three conditions, and compile it."""
    client = Sage200Client(SETTINGS)
    c = Customer.fields
    for number in range(times):
        rich = (c.balance > number) & c.name.startswith("A")
        assert client.customers.filter(rich, on_hold=False).url


def decode(times: int) -> None:
    """Decode a slice of a page."""
    body = wide_customers(SLICE)
    reader = SliceReader(Customer)
    for _ in range(times):
        assert sum(map(len, reader.slices(body))) == SLICE


def selected(times: int) -> None:
    """Decode records with ten fields selected: the others are None."""
    body = ten_fields()
    reader = SliceReader(Customer)
    for _ in range(times):
        assert sum(map(len, reader.slices(body))) == SLICE


def ten_fields() -> bytes:
    """Return the customers of a slice with ten of their fields."""
    rows = customers(SLICE)
    return msgspec.json.encode([{name: row[name] for name in TEN} for row in rows])


def first(times: int) -> None:
    """Read the first record, from a transport that answers at once."""

    async def read() -> None:
        page = wide_customers(1)
        memory = MemoryTransport(lambda _: Response(200, {}, page))
        client = Sage200Client(SETTINGS, transport=memory)
        for _ in range(times):
            assert await client.customers.first()

    asyncio.run(read())


def record(times: int) -> None:
    """Hand out the records of a decoded page."""
    decoded = [Customer(id=key) for key in range(1, 5001)]

    class Decoded(SliceReader[Customer]):
        def slices(self, body: object) -> Iterator[list[Customer]]:
            assert body == b"[]"
            for start in range(0, len(decoded), SLICE):
                yield decoded[start : start + SLICE]

    async def read() -> int:
        memory = MemoryTransport(lambda _: Response(200, {}, b"[]"))
        client = Sage200Client(SETTINGS, transport=memory)
        return len([1 async for _ in client.customers.top(times)])

    with patch("sage200_async.paging.page_forms.SliceReader", Decoded):
        assert asyncio.run(read()) == times


def plain(times: int) -> None:
    """Do what Python does most: call, look up, construct and join."""

    class Thing:
        def __init__(self, name: str, at: int) -> None:
            self.name = name
            self.at = at

        def text(self) -> str:
            return f"{self.name} {self.at}"

    for number in range(times):
        things = [Thing("thing", number) for _ in range(10)]
        assert " ".join(thing.text() for thing in things)


def untyped(times: int) -> None:
    """Decode the same slice in one call, without a model."""
    body = wide_customers(SLICE)
    for _ in range(times):
        assert len(msgspec.json.decode(body)) == SLICE


def untyped_ten(times: int) -> None:
    """Decode the same records with ten fields in one call, without a model."""
    body = ten_fields()
    for _ in range(times):
        assert len(msgspec.json.decode(body)) == SLICE


def untyped_one(times: int) -> None:
    """Decode one record without a model, as often as a dozen awaits in a row."""
    body = wide_customers(1)

    async def read(depth: int) -> object:
        return await read(depth - 1) if depth else msgspec.json.decode(body)

    async def repeat() -> None:
        for _ in range(times):
            assert await read(12)

    asyncio.run(repeat())


def bare(times: int) -> None:
    """Hand out records from a loop."""
    decoded = [Customer(id=key) for key in range(1, 5001)]

    async def records() -> AsyncIterator[Customer]:
        for customer in decoded[:times]:
            yield customer

    async def read() -> int:
        return len([1 async for _ in records()])

    assert asyncio.run(read()) == times


class Path(NamedTuple):
    """A path, its yardstick, and how often each is run."""

    walk: Callable[[int], None]
    yardstick: Callable[[int], None]
    times: int
    measured: dict[str, float]
    """The cost in yardsticks, by version of Python."""


PATHS = [
    Path(query, plain, 200, {"3.11": 2.44, "3.12": 2.34, "3.13": 2.87}),
    # An eighth of it checks that money is within bounds: each number by its value.
    Path(decode, untyped, 20, {"3.11": 1.19, "3.12": 1.173, "3.13": 1.19}),
    Path(selected, untyped_ten, 20, {"3.11": 4.67, "3.12": 4.66, "3.13": 4.59}),
    Path(first, untyped_one, 100, {"3.11": 1.75, "3.12": 1.77, "3.13": 1.80}),
    Path(record, bare, 2000, {"3.11": 0.91, "3.12": 1.015, "3.13": 1.015}),
]
TOLERANCE = 1.15
# Another build of Python differs by 3 %; one more call for each record, by 34 %.


def cost(walk: Callable[[int], None], times: int) -> float:
    """Return the instructions of one run of a path."""
    once, twice = (instructions(walk.__name__, times * each) for each in (1, 2))
    return (twice - once) / times


def instructions(name: str, times: int) -> int:
    """Count the instructions of a process that runs a path *times* times."""
    count = (
        "--tool=cachegrind",
        "--cache-sim=no",
        f"--cachegrind-out-file={os.devnull}",
    )
    walk = (sys.executable, "-m", "benchmarks.guard", name, str(times))
    done = subprocess.run(
        ("valgrind", *count, *walk),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    match = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode or not match:
        sys.exit(f"{name}: expected a count from valgrind, got {done.stderr}")
    return int(match[1].replace(",", ""))


def main() -> int:
    """Count every path, print the results, and return the exit code."""
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: apt-get install valgrind")
        return 1
    walks = [(walk, path.times) for path in PATHS for walk in path[:2]]
    for walk, _ in walks:
        walk(1)  # so that bytecode is written, or not, before anything is counted
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(
            zip(walks, pool.map(cost, *zip(*walks, strict=True)), strict=True)
        )
    return max(exceeds_bound(path, counts) for path in PATHS)


def exceeds_bound(path: Path, counts: dict[Any, float]) -> bool:
    """Print the cost of a path; return whether it exceeds the bound."""
    count, yardstick = (counts[walk, path.times] for walk in path[:2])
    python = ".".join(platform.python_version_tuple()[:2])
    if python not in path.measured:
        sys.exit(f"no bounds for Python {python}: measure them, and add them to PATHS")
    bound = path.measured[python] * TOLERANCE
    over = count > bound * yardstick
    print(
        f"{path.walk.__name__:9}{count:12,.0f} instructions, {count / yardstick:.3f} x "
        f"the yardstick; bound {bound:.3f} x{': too much' if over else ''}"
    )
    return over


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    gc.disable()  # collections depend on timing, not on the path
    globals()[sys.argv[1]](int(sys.argv[2]))
