"""A client against a faulty server: what it read, what was sent, what is left open."""

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
FAULT_FREE_REQUESTS = ROWS // PAGE + 1
# Requests of a read without faults: the last page is full, so one more follows.
TIMEOUT = 30
# Seconds, for a busy machine; normally nothing takes a hundredth of it.


class FakeClock(Clock):
    """Time passes only in `sleep`, which returns at once; `wall` may jump."""

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
class ReadResult:
    """The outcome of a read."""

    keys: list[int]
    """The keys of all records of the server."""
    ids: list[int] = field(default_factory=list)
    """The keys of the records that were read."""
    error: Sage200Error | None = None
    requests: list[RecordedRequest] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all records were read once, in order, without an error."""
        return self.error is None and self.ids == self.keys

    @property
    def outcome(self) -> str:
        """The outcome, in a word or two."""
        if self.error is not None:
            return type(self.error).__name__
        return "complete" if self.complete else "WRONG"


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():
            await asyncio.sleep(0.005)


async def read(client: Sage200Client, keys: list[int], page: int = PAGE) -> ReadResult:
    """Read all customers, to the end or to an error."""
    result = ReadResult(keys)
    try:
        async for customer in client.customers.select("id", "name").page_size(page):
            result.ids.append(customer.id or 0)
    except Sage200Error as error:
        result.error = error
    return result


@asynccontextmanager
async def connected(sandbox: Sandbox, clock: Clock | None = None, **changed: Any):
    """Open a client; afterwards, check that nothing of it is left.

    It trusts short pages: faults are placed by the number of a page's request.
    """
    settings = replace(sandbox.settings, trust_short_pages=True, **changed)
    async with Sage200Client(settings, clock=clock or FakeClock()) as client:
        await client.customers.select("id").first()  # this signs in
        sandbox.requests.clear()
        yield client
        await until(lambda: not sandbox.in_flight)
        sandbox.faults = ()
        assert await client.customers.select("id").first(), "the pool is unusable"
    await until(lambda: not sandbox.connections)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a database with a thousand customers; read it, do not write to it."""
    path = str(tmp_path_factory.mktemp("faults") / "sandbox.sqlite")

    async def fill() -> None:
        async with Sandbox(records={"customers": ROWS}, database=path) as sandbox:
            assert sandbox.store.count("customers") == ROWS

    asyncio.run(fill())
    return path


@pytest.fixture
def row(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Return a function that adds a row to the table of faults in the report."""

    def add(fault: str, outcome: str, requests: object) -> None:
        record_property("fault", (fault, outcome, str(requests)))

    return add


@pytest.fixture
def read_with_faults(database: str, row: Any) -> Callable[..., ReadResult]:
    """Return a function that reads a thousand customers while a script of faults runs."""

    def run(
        name: str,
        script: Iterable[Fault | None],
        clock: FakeClock | None = None,
        **changed: Any,
    ) -> ReadResult:
        async def main() -> ReadResult:
            time = clock or FakeClock()
            async with Sandbox(database=database) as sandbox:
                keys = sandbox.store.keys("customers")
                async with connected(sandbox, time, **changed) as client:
                    sandbox.faults = script
                    result = await read(client, keys)
                    result.requests = list(sandbox.requests)
                result.slept = time.slept
                return result

        result = asyncio.run(main())
        row(name, result.outcome, len(result.requests))
        return result

    return run


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def helpers() -> Any:
    """Return what the tests of this folder share."""
    from types import SimpleNamespace

    return SimpleNamespace(
        Client=Sage200Client,
        Clock=FakeClock,
        ReadResult=ReadResult,
        Settings=Settings,
        connected=connected,
        read=read,
        until=until,
        free_port=free_port,
        page=PAGE,
        fault_free_requests=FAULT_FREE_REQUESTS,
        rows=ROWS,
    )
