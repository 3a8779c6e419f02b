"""How many rows does the server touch for a full read, as the table grows?

SQLite answers the very queries that the client sends, and counts each row that it
looks at, those that ``$skip`` steps over as well. By key, that should be in proportion
to the rows; by ``$skip`` it grows with their square. Rows; pages of 500, no sockets:
what is counted does not depend on them.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from urllib.parse import parse_qs

from benchmarks.figures import Answer, Line, Measured, Panel, Row
from benchmarks.harness import Bench
from sage200_async import Sage200Client, Settings
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request, Response

PAGE = 500
BY_KEY, BY_SKIP = "sage200_async, by key", "by $skip"


class Table:
    """A table that counts the rows that it touches."""

    def __init__(self, size: int) -> None:
        self.touched = 0
        self._base = sqlite3.connect(":memory:")
        self._base.execute("create table things (id integer primary key)")
        numbers = ((key,) for key in range(1, size + 1))
        self._base.executemany("insert into things values (?)", numbers)
        self._base.create_function("touched", 1, self._touch)

    def _touch(self, _: int) -> bool:
        self.touched += 1
        return True

    def answer(self, request: Request) -> Response:
        """Answer a request of the client."""
        asked = {name: each[0] for name, each in parse_qs(request.query).items()}
        assert asked["$orderby"] == "id"
        above = re.fullmatch(r"id gt (\d+)", asked.get("$filter", "id gt 0"))
        assert above is not None, request.query
        return reply([{"id": key} for key in self.page(int(above[1]), 0)])

    def page(self, above: int, skip: int) -> list[int]:
        """Read a page: what lies above a key, less the first *skip* rows."""
        found = self._base.execute(
            "select id from things where id > ? and touched(id)"
            " order by id limit ? offset ?",
            (above, PAGE, skip),
        )
        return [key for (key,) in found]


async def by_key(size: int) -> int:
    """Read the table through the client."""
    table = Table(size)
    settings = Settings(site="s", company=1, page_size=PAGE)
    client = Sage200Client(settings, transport=MemoryTransport(table.answer))
    ids = [row["id"] async for row in client.resource("things", key="id")]
    assert ids == list(range(1, size + 1))
    return table.touched


async def by_skip(size: int) -> int:
    """Read the table as a loop does that goes on by ``$skip``."""
    table = Table(size)
    done = 0
    while page := table.page(0, done):
        done += len(page)
    assert done == size
    return table.touched


def run(bench: Bench) -> Answer:
    """Ask the question."""
    few = [10**3, 10**4] if bench.quick else [10**3, 10**4, 10**5]
    many = few if bench.quick else [*few, 10**6]
    lines = []
    for name, read, sizes in ((BY_KEY, by_key, many), (BY_SKIP, by_skip, few)):
        touched = [float(asyncio.run(read(size))) for size in sizes]
        lines.append(
            Line(name, sizes, [Measured(each, each, each) for each in touched])
        )
    first, last = (each.median for each in lines[0].measured[-2:])
    grown = last / first
    return Answer(
        name="rows",
        question=__doc__ or "",
        unit="rows",
        panels=[Panel("rows that the server touches", lines)],
        rows=[
            Row(
                f"rows that the server touches, {many[-1]:,} against {many[-2]:,}",
                Measured(grown, grown, grown),
                10.0,
                better="less",
            ),
        ],
        notes=[f"{line.name}: slope {line.told}" for line in lines],
    )
