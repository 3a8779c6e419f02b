"""Serve the bodies that stop an event loop; run by bench_stall as a process of its own.

Every path is ``/<body>/<resource>``. The records are those of one page; the requests for
the lowest and the highest key get theirs, and what comes after the page is empty. The
port is printed.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from benchmarks import data
from sage200_async.catalog import SopOrder
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, names_of

ORDERS: Final = 120
LINES: Final = 40
# Expanded lines of one order; 120 such orders are about 16 MB.
BLANKS: Final = 100 * 1024**2
ERROR: Final = 27 * 1024**2


class Body(msgspec.Struct, frozen=True):
    """One response, the lowest and the highest key in it, and how many there are."""

    content: bytes
    keys: tuple[int, int] = (1, 1)
    records: int = 1
    status: str = "200 OK"
    header: str = ""

    def packed(self) -> Body:
        """Return the same, compressed."""
        return msgspec.structs.replace(
            self,
            content=gzip.compress(self.content, 6),
            header="Content-Encoding: gzip\r\n",
        )


def customers(change: Callable[[dict[str, Any]], object] = dict.copy) -> Body:
    """Return a page of 5,000 customers, each of them changed."""
    rows = data.customers(data.PAGE)
    for row in rows:
        change(row)
    edges = rows[0]["id"], rows[-1]["id"]
    return Body(msgspec.json.encode(rows), edges, len(rows))


def bracketed(row: dict[str, Any]) -> None:
    """Write brackets into the texts of a customer."""
    row["name"] = 'Ash [Sons}, "Oak" {Ltd'
    row["short_name"] = '},{"id":['


def orders() -> Body:
    """Return orders with forty lines each."""
    rng = random.Random(1)
    order, line = SopOrder.fields, SopOrder.fields.lines
    rows = [
        {**filled(order, rng), "id": number, "lines": lines_of(line, number, rng)}
        for number in range(1, ORDERS + 1)
    ]
    return Body(msgspec.json.encode(rows), (1, ORDERS), ORDERS)


def alike() -> Body:
    """Return the same orders, where they and their lines begin with ``id``."""
    rows = [with_id_first(row) for row in msgspec.json.decode(orders().content)]
    for row in rows:
        row["lines"] = [with_id_first(line) for line in row["lines"]]
    return Body(msgspec.json.encode(rows), (1, ORDERS), ORDERS)


def with_id_first(row: dict[str, Any]) -> dict[str, Any]:
    """Return *row* with its id in front of the other fields."""
    return {"id": row["id"], **row}


def lines_of(fields: Fields, order: int, rng: random.Random) -> list[dict[str, Any]]:
    """Return the lines of an order."""
    ids = range(order * LINES, (order + 1) * LINES)
    return [{**filled(fields, rng), "id": number} for number in ids]


def filled(fields: Fields, rng: random.Random) -> dict[str, Any]:
    """Return a record with a value in each of *fields* that is no related record."""
    return {
        name: data.value(data.type_name(field), rng)
        for name, field in names_of(type(fields)).items()
        if issubclass(field, Field) and name != "id"
    }


def bodies() -> dict[str, Body]:
    """Return every body by its name."""
    blanks = b'[{"id":1,"balance":1}' + b" " * BLANKS + b"]"
    error = b'{"Message":"' + b"m" * ERROR + b'"}'
    return {
        "plain": customers(),
        "gzip": customers().packed(),
        "lines": orders(),
        "alike": alike(),
        "brackets": customers(bracketed).packed(),
        "blanks": Body(blanks),
        "error": Body(error, status="400 Bad Request"),
    }


class Server:
    """Answers from prepared bodies."""

    def __init__(self) -> None:
        self._bodies = bodies()

    async def serve(self) -> None:
        """Serve until the process ends."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for part in self._answer(head.decode().split(" ")[1]):
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, target: str) -> list[bytes]:
        path, _, query = target.partition("?")
        body = self._bodies[path.split("/")[1]]
        small = small_answer(body, parse_qs(unquote(query)))
        if small is not None and body.status.startswith("200"):
            body = Body(msgspec.json.encode(small))
        size = len(body.content)
        head = f"HTTP/1.1 {body.status}\r\nContent-Length: {size}\r\n{body.header}\r\n"
        return [head.encode(), body.content]


def small_answer(body: Body, options: dict[str, list[str]]) -> object:
    """Return the answer to a request for an edge, a count or what follows, or None."""
    low, high = body.keys
    order = options.get("$orderby", [""])[0]
    if options.get("$count") == ["true"]:
        return body.records
    if options.get("$top") in (["1"], ["2"]):
        keys = sorted({low, high}, reverse="desc" in order)
        return [{"id": key, "balance": 0} for key in keys]
    condition = options.get("$filter", [""])[0]
    after = [int(word) for word in condition.split() if word.isdigit()]
    return [] if "gt" in condition and after and after[0] >= high else None


if __name__ == "__main__":
    asyncio.run(Server().serve())
