"""A server of wide customers that answers ranges of keys, which prepared pages cannot.

    python -m benchmarks.range_server 100000

The argument is the number of customers, with the ids from 1 on, at ``/many/customers``;
``/few/customers`` are the first 200. A page is put together from the bytes of prepared
records, some milliseconds for 16 MB. It prints its port.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Final

import msgspec
from aiohttp import web

from benchmarks import data
from benchmarks.delayed_server import serve

FEW: Final = 200
# Customers that are read before the clock starts.


class RangeServer:
    """Answers queries on the key of *count* customers."""

    def __init__(self, count: int) -> None:
        rows = map(msgspec.json.encode, data.customers(min(count, data.PAGE)))
        self._rests = [row.partition(b",")[2] for row in rows]  # all but the id
        self._counts = {"many": count, "few": min(count, FEW)}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a query for records, for their keys or for their number."""
        params, top = request.query, int(request.query.get("$top", data.PAGE))
        condition = params.get("$filter", "")
        low = max([0, *_numbers(r"id gt (\d+)", condition)])
        high = min(
            [
                self._counts[request.match_info["size"]],
                *_numbers(r"id le (\d+)", condition),
            ]
        )
        if "$count" in params:
            return web.json_response(max(0, high - low))
        ids = range(low + 1, high + 1)
        if equal := _numbers(r"id eq (\d+)", condition):
            ids = ids if "id gt" in condition else range(0)
            ids = sorted({*ids, *equal})
        if params.get("$orderby", "").endswith("desc"):
            ids = ids[::-1]
        skip = int(params.get("$skip", 0))
        page = ids[skip : skip + top]
        if params.get("$select") == "id":
            return web.json_response([{"id": key} for key in page])
        body = b",".join(map(self._row, page))
        return web.Response(body=b"[%b]" % body, content_type="application/json")

    def _row(self, key: int) -> bytes:
        return b'{"id":%d,%b' % (key, self._rests[key % len(self._rests)])


def _numbers(pattern: str, condition: str) -> list[int]:
    return [int(number) for number in re.findall(pattern, condition)]


def application(count: int) -> web.Application:
    """Return the server, with its path."""
    app = web.Application()
    app.router.add_get("/{size}/customers", RangeServer(count).handle)
    return app


if __name__ == "__main__":
    asyncio.run(serve(application(int(sys.argv[1]))))
