"""Does a client leak over hours? Megabytes, tasks, sockets, file descriptors.

    python -m benchmarks.soak --minutes 30

Reads and writes of every kind, some of them cancelled, run against a sandbox in another
process that fails at random. Each minute prints a row; the exit code is 1 if anything
grew, or a read was incomplete.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import random
import statistics
import sys
import time
from collections import Counter
from contextlib import aclosing

import msgspec
import psutil

from sage200_async import Sage200Client, Settings
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Fault, Sandbox

ROWS = 3_000
WORKERS = 8
EVERY = 5.0
# Seconds between two samples.
WARM_UP = 0.25
# The share of the time that is not evaluated: pools and allocators fill.
TOLERANCE = {"MB": 6.0, "tasks": 3.0, "sockets": 3.0, "descriptors": 3.0}
# The growth over the rest of the time that counts as noise.
FAULTS = (
    Fault(status=503, headers={"Retry-After": "1"}),
    Fault(status=429),
    Fault(status=500, carried_out=True),
    Fault(status=504, body=b"<html>", then="close"),
    Fault(cut=0, then="reset"),
    Fault(cut=0, then="close", carried_out=True),
    Fault(cut=0.4, then="reset"),
    Fault(cut=0.6, then="close"),
    Fault(cut=-1, length=None, then="close"),
    Fault(cut=0.5, then="stall"),
    Fault(length=50, then="close"),
    Fault(body=b"<html>sorry</html>"),
    Fault(body=b""),
    Fault(raw=b"\x15\x03\x01", then="close"),
    Fault(delay=0.3),
)
Sample = dict[str, float]


async def serve() -> None:
    """Run the sandbox: print its settings, then fail at random."""
    rng, parent = random.Random(1), os.getppid()
    async with Sandbox(records={"customers": ROWS}) as sandbox:
        print(msgspec.json.encode(sandbox.settings).decode(), flush=True)
        initial_keys = set(sandbox.store.keys("customers"))
        turn = 0
        while os.getppid() == parent:  # stop with the parent
            turn += 1
            fails = [rng.random() < 0.03 for _ in range(100)]
            sandbox.faults = [rng.choice(FAULTS) if fail else None for fail in fails]
            await asyncio.sleep(0.5)
            sandbox.requests.clear()
            sandbox.token_requests.clear()
            if turn % 120 == 60:  # each minute
                sandbox.expire_tokens()
            for key in set(sandbox.store.keys("customers")) - initial_keys:
                with contextlib.suppress(KeyError):  # the client deleted it first
                    sandbox.store.delete("customers", key)


class Work:
    """What the workers do, and the outcomes."""

    def __init__(self, client: Sage200Client, keys: list[int]) -> None:
        self.client = client
        self.keys = keys
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._rng = random.Random(2)

    async def forever(self) -> None:
        """Run random operations, one after another."""
        operations = [
            self.read_all,
            self.read_expanded,
            self.leave_early,
            self.be_cancelled,
            self.get_one,
            self.count,
            self.create,
            self.change,
        ]
        while True:
            operation = self._rng.choice(operations)
            try:
                await operation()
            except Sage200Error as error:
                self.done[type(error).__name__] += 1
            else:
                self.done[operation.__name__] += 1

    async def read_all(self) -> None:
        query = self.client.customers.select("id", "name").page_size(700)
        ids = [row.id async for row in query]
        if len(ids) != len(set(ids)) or not set(self.keys) <= set(ids):
            self.wrong.append(f"{len(ids)} records, {len(set(ids))} of them different")

    async def read_expanded(self) -> None:
        query = self.client.customers.expand("contacts").top(400).page_size(100)
        async for _ in query:
            pass

    async def leave_early(self) -> None:
        async with aclosing(self.client.customers.page_size(500).pages()) as pages:
            async for _ in pages:
                break

    async def be_cancelled(self) -> None:
        task = asyncio.create_task(self.read_all())
        try:
            await asyncio.wait([task], timeout=self._rng.random() / 5)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def get_one(self) -> None:
        await self.client.customers.get(self._rng.choice(self.keys))

    async def count(self) -> None:
        await self.client.customers.filter(on_hold=True).count()

    async def create(self) -> None:
        reference = f"S{self._rng.randrange(10**7)}"
        values = {"reference": reference, "name": "S"}
        customer = await self.client.customers.create(values)
        if self._rng.random() < 0.7:
            await self.client.customers.delete(customer.id)

    async def change(self) -> None:
        key = self._rng.choice(self.keys)
        await self.client.customers.update(key, {"short_name": "soaked"})


def take_sample() -> Sample:
    """Take a sample of this process."""
    gc.collect()
    process = psutil.Process()
    return {
        "MB": process.memory_info().rss / 1e6,
        "tasks": len(asyncio.all_tasks()),
        "sockets": len(process.net_connections("tcp")),
        "descriptors": process.num_fds(),
    }


async def watch(work: Work, minutes: float) -> list[Sample]:
    """Take samples for *minutes*, and print one a minute."""
    samples: list[Sample] = []
    print("minute  " + "  ".join(f"{name:>11}" for name in TOLERANCE) + "  done")
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < minutes * 60:
        samples.append({"second": elapsed, **take_sample()})
        if len(samples) % int(60 / EVERY) == 1:
            row = "  ".join(f"{samples[-1][name]:11.1f}" for name in TOLERANCE)
            print(f"{elapsed / 60:6.1f}  {row}  {work.done.total()}", flush=True)
        await asyncio.sleep(EVERY)
    return samples


def growing_figures(samples: list[Sample]) -> list[str]:
    """Print the growth of each figure; return the names of those that grow too much."""
    settled = samples[int(len(samples) * WARM_UP) :]
    seconds = [sample["second"] for sample in settled]
    names: list[str] = []
    for name, tolerance in TOLERANCE.items():
        values = [sample[name] for sample in settled]
        slope = statistics.linear_regression(seconds, values).slope
        gain = slope * (seconds[-1] - seconds[0])
        print(f"{name:>11}: {slope * 3600:+9.2f} an hour, {gain:+6.2f} in all")
        names += [name] if gain > tolerance else []
    return names


async def run(settings: Settings, minutes: float) -> int:
    """Work for *minutes*; return the exit code."""
    before = take_sample()
    async with Sage200Client(settings) as client:
        keys = [row.id or 0 async for row in client.customers.select("id")]
        work = Work(client, keys)
        tasks = [asyncio.create_task(work.forever()) for _ in range(WORKERS)]
        samples = await watch(work, minutes)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.5)
    after = take_sample()
    print(", ".join(f"{name} {count}" for name, count in work.done.most_common()))
    problems = [f"{name} grew" for name in growing_figures(samples)] + work.wrong
    problems += [repr(error) for error in results if isinstance(error, Exception)]
    for name in ("tasks", "sockets", "descriptors"):
        if after[name] > before[name]:
            problems.append(
                f"{name} left: {before[name]:g} before, {after[name]:g} after"
            )
    print(
        "; ".join(problems) or "nothing grew, nothing leaked, every read was complete"
    )
    return 1 if problems else 0


async def main(minutes: float) -> int:
    """Start the sandbox in a process of its own, and work against it."""
    command = sys.executable, "-m", "benchmarks.soak", "--serve"
    server = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        line = await server.stdout.readline()
        settings = msgspec.json.decode(line, type=Settings)
        settings = msgspec.structs.replace(settings, read_timeout=2.0)
        code = await run(settings, minutes)
        assert server.returncode is None, "the sandbox ended too early"
        return code
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
    else:
        sys.exit(asyncio.run(main(options.minutes)))
