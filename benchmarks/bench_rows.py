"""How many rows does the server touch for a full read, as the table grows?

SQLite answers the queries that the client sends, and counts every row that it reads,
including those that ``$skip`` passes over. By key, the count should be proportional to
the rows; by ``$skip`` it grows with their square. Rows; pages of 500. There are no
sockets, because the count does not depend on them.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from urllib.parse import parse_qs

from benchmarks.figures import Line, Measurement, Panel, Result, Row
from benchmarks.harness import Bench
from sage200_async import Sage200Client, Settings
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request, Response

PAGE = 500
CONDITION = re.compile(r"(id (gt|le|eq) \d+|and|or|[() ])+")
OPERATORS = {" gt ": " > ", " le ": " <= ", " eq ": " = "}
BY_KEY, BY_SKIP = "sage200_async, by key", "by $skip"


class Table:
    """A table that counts the rows that it touches."""

    def __init__(self, size: int) -> None:
        self.touched = 0
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create table things (id integer primary key)")
        numbers = ((key,) for key in range(1, size + 1))
        self._database.executemany("insert into things values (?)", numbers)
        self._database.create_function("touched", 1, self._touch)

    def _touch(self, _: int) -> bool:
        self.touched += 1
        return True

    def handle(self, request: Request) -> Response:
        """Answer a request of the client."""
        params = {name: values[0] for name, values in parse_qs(request.query).items()}
        condition, order = params.get("$filter", "id gt 0"), params["$orderby"]
        keys = self.page(condition, order, int(params["$top"]), 0)
        return reply([{"id": key} for key in keys])

    def page(self, condition: str, order: str, top: int, skip: int) -> list[int]:
        """Read *top* rows that meet a condition of OData, without the first *skip*."""
        assert CONDITION.fullmatch(condition), condition
        assert order in {"id", "id desc"}, order
        for name, operator in OPERATORS.items():
            condition = condition.replace(name, operator)
        cursor = self._database.execute(
            f"select id from things where ({condition}) and touched(id)"
            f" order by {order} limit ? offset ?",
            (top, skip),
        )
        return [key for (key,) in cursor]


async def by_key(size: int) -> int:
    """Read the table through the client."""
    table = Table(size)
    settings = Settings(site="s", company=1, page_size=PAGE)
    client = Sage200Client(settings, transport=MemoryTransport(table.handle))
    ids = [row["id"] async for row in client.resource("things", key="id")]
    assert ids == list(range(1, size + 1))
    return table.touched


async def by_skip(size: int) -> int:
    """Read the table in a loop that pages by ``$skip``."""
    table = Table(size)
    done = 0
    while page := table.page("id gt 0", "id", PAGE, done):
        done += len(page)
    assert done == size
    return table.touched


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    small = [10**3, 10**4] if bench.quick else [10**3, 10**4, 10**5]
    all_sizes = small if bench.quick else [*small, 10**6]
    lines = []
    for name, read, sizes in ((BY_KEY, by_key, all_sizes), (BY_SKIP, by_skip, small)):
        touched = [float(asyncio.run(read(size))) for size in sizes]
        lines.append(Line(name, sizes, [Measurement.exact(rows) for rows in touched]))
    first, last = (point.median for point in lines[0].measured[-2:])
    return Result(
        name="rows",
        description=__doc__ or "",
        unit="rows",
        panels=[Panel("rows that the server touches", lines)],
        rows=[
            Row(
                f"rows that the server touches, {all_sizes[-1]:,} against {all_sizes[-2]:,}",
                Measurement.exact(last / first),
                10.0,
                better="less",
            ),
        ],
        notes=[f"{line.name}: slope {line.slope_text}" for line in lines],
    )
