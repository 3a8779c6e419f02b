"""A client that meets faults: what it read, what the server saw, what is left."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.errors import Sage200Error
from sage200_async.sandbox import Fault, RecordedRequest, Sandbox
from sage200_async.transport.base import Clock

ROWS = 1_000
PAGE = 200
FINE = ROWS // PAGE + 1
# Requests of a reading without faults: the last page is full, so one more asks.
PATIENCE = 30
# Seconds, for a machine that is busy; nothing waits for a hundredth of it.


class FakeClock(Clock):
    """Time that passes only by sleeping, at once; `wall` may jump."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.wall = 1_700_000_000.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], Any] | None = None

    def now(self) -> float:
        return self.wall + self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)
        if self.on_sleep is not None:
            await self.on_sleep()


@dataclass
class Reading:
    """How a reading ended."""

    keys: list[int]
    """Of all that there is."""
    ids: list[int] = field(default_factory=list)
    """Of what came."""
    error: Sage200Error | None = None
    seen: list[RecordedRequest] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all came, each once and in order, and no error."""
        return self.error is None and self.ids == self.keys

    @property
    def outcome(self) -> str:
        """Say it in a word or two."""
        if self.error is not None:
            return type(self.error).__name__
        return "complete" if self.complete else "WRONG"


async def until(done: Callable[[], bool]) -> None:
    """Wait for what is about to be."""
    async with asyncio.timeout(PATIENCE):
        while not done():
            await asyncio.sleep(0.005)


async def read(client: Sage200Client, keys: list[int], page: int = PAGE) -> Reading:
    """Read all customers, to the end or to an error."""
    reading = Reading(keys)
    try:
        async for customer in client.customers.select("id", "name").page_size(page):
            reading.ids.append(customer.id or 0)
    except Sage200Error as error:
        reading.error = error
    return reading


@asynccontextmanager
async def connected(sandbox: Sandbox, clock: Clock | None = None, **changed: Any):
    """Give a client; at the end, nothing of it may be left."""
    settings = replace(sandbox.settings, **changed)
    async with Sage200Client(settings, clock=clock or FakeClock()) as client:
        await client.customers.select("id").first()  # it signs in
        sandbox.requests.clear()
        yield client
        await until(lambda: not sandbox.in_flight)
        sandbox.faults = ()
        assert await client.customers.select("id").first(), "the pool is of no use"
    await until(lambda: not sandbox.connections)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a file with a thousand customers; to be read, not written."""
    path = str(tmp_path_factory.mktemp("faults") / "sandbox.sqlite")

    async def fill() -> None:
        async with Sandbox(records={"customers": ROWS}, database=path) as sandbox:
            assert sandbox.store.count("customers") == ROWS

    asyncio.run(fill())
    return path


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Add a row to the table of faults: with the report, from whatever process."""

    def add(fault: str, outcome: str, requests: object) -> None:
        record_property("fault", (fault, outcome, str(requests)))

    return add


@pytest.fixture
def meet(database: str, row: Any) -> Callable[..., Reading]:
    """Read a thousand customers while a script of faults is played."""

    def run(
        name: str,
        script: Iterable[Fault | None],
        clock: FakeClock | None = None,
        **changed: Any,
    ) -> Reading:
        async def main() -> Reading:
            time = clock or FakeClock()
            async with Sandbox(database=database) as sandbox:
                keys = sandbox.store.keys("customers")
                async with connected(sandbox, time, **changed) as client:
                    sandbox.faults = script
                    reading = await read(client, keys)
                    reading.seen = list(sandbox.requests)
                reading.slept = time.slept
                return reading

        reading = asyncio.run(main())
        row(name, reading.outcome, len(reading.seen))
        return reading

    return run


def free_port() -> int:
    """Give a port where nobody listens."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture(scope="session")
def lab() -> Any:
    """Give what the tests of this folder share."""
    from types import SimpleNamespace

    return SimpleNamespace(
        Client=Sage200Client,
        Clock=FakeClock,
        Reading=Reading,
        Settings=Settings,
        connected=connected,
        read=read,
        until=until,
        free_port=free_port,
        page=PAGE,
        fine=FINE,
        rows=ROWS,
    )
