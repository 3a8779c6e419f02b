"""A server that keeps a log of what it was asked, and does what servers do wrong.

It has nothing of the sandbox, nor of the library. Its database compares as SQL Server
does: in any case, without blanks at the end. What it commits is in `commits`, in the
order of the commits, and decides what became of a row.
"""

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from aiohttp import web

SITE, COMPANY = "0f8fad5b-d9cb-469f-a165-70867728950e", 7
TERM = re.compile(r"(\w+) eq ('(?:[^']|'')*'|\w+)")
Row = dict[str, Any]


class Commit(NamedTuple):
    """One write that was carried out."""

    method: str
    resource: str
    id: int
    values: Row


class Request(NamedTuple):
    """One request that arrived."""

    method: str
    path: str
    filter: str
    body: bytes
    at: float
    """When, in seconds."""


class Faults(NamedTuple):
    """How likely each fault is, from 0 to 1."""

    busy: float = 0.0
    """429, before anything is done."""
    broken: float = 0.0
    """503, before anything is done."""
    dropped: float = 0.0
    """The connection is closed, before anything is done."""
    lost: float = 0.0
    """The connection is closed, after the write was done."""
    failed: float = 0.0
    """500, after the write was done."""
    silent: float = 0.0
    """The write is done, and no response comes."""
    late: float = 0.0
    """The connection is closed, and the write is done some time after that."""
    empty: float = 0.0
    """A look-up is answered with no rows, as when a tunnel is down."""
    cut: float = 0.0
    """A look-up is answered with the first rows only."""


NONE = Faults()
MANY = Faults(0.05, 0.05, 0.04, 0.05, 0.04, 0.01, 0.05, 0.04, 0.04)
Hook = Callable[[web.Request, Row], web.Response | None]


def folded(value: object) -> str:
    """Return a key as the database compares it."""
    return str(value).upper().rstrip(" ")


class HostileServer:
    """Customers by reference, and invoices that are found by their second reference."""

    def __init__(self, seed: int = 1, faults: Faults = NONE, late: float = 0.4):
        self.faults = faults
        self.late = late
        self.random = random.Random(seed)
        self.customers: dict[int, Row] = {}
        self.transactions: dict[int, Row] = {}
        self.commits: list[Commit] = []
        self.requests: list[Request] = []
        self.hook: Hook | None = None
        self.url = ""
        self._id = 1000

    def add_customer(self, **values: Any) -> int:
        """Add a customer that is there from the beginning."""
        self._id += 1
        self.customers[self._id] = {"id": self._id, **values}
        return self._id

    def add_transaction(self, **values: Any) -> int:
        """Add a posted transaction that is there from the beginning."""
        self._id += 1
        self.transactions[self._id] = {"id": self._id, "urn": self._id, **values}
        return self._id

    @property
    def writes(self) -> list[tuple[str, str, bytes]]:
        """Every write that was asked for: its method, path and body."""
        return [(r.method, r.path, r.body) for r in self.requests if r.method != "GET"]

    @contextmanager
    def running(self) -> Iterator["HostileServer"]:
        """Serve in a thread until the end of the block."""
        ready = threading.Event()
        thread = threading.Thread(target=asyncio.run, args=[self._serve(ready)])
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application()
        application.router.add_route("*", "/v1/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/"
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path = request.match_info["path"]
        query = request.query.get("$filter", "")
        now = time.monotonic()
        self.requests.append(Request(request.method, path, query, body, now))
        values = json.loads(body) if body else {}
        if path == "sites":
            return web.json_response([{"site_id": SITE, "company_id": COMPANY}])
        if self.hook is not None:
            answer = self.hook(request, values)
            if answer is not None:
                return answer
        return await self._answer_badly(request, path, values)

    def _strikes(self, chance: float) -> bool:
        return self.random.random() < chance

    async def _answer_badly(
        self, request: web.Request, path: str, values: Row
    ) -> web.StreamResponse:
        faults, reads = self.faults, request.method == "GET"
        if self._strikes(faults.busy):
            return web.json_response({}, status=429)
        if self._strikes(faults.broken):
            return web.json_response({}, status=503)
        if self._strikes(faults.dropped):
            return self._drop(request)
        if reads:
            return self._listed(request, path)
        if self._strikes(faults.late):
            later = self.random.random() * self.late
            asyncio.get_running_loop().call_later(
                later, self._carry_out, request.method, path, values
            )
            return self._drop(request)
        response = self._carry_out(request.method, path, values)
        if self._strikes(faults.lost):
            return self._drop(request)
        if self._strikes(faults.failed):
            return web.json_response({}, status=500)
        if self._strikes(faults.silent):
            await asyncio.sleep(5)
        return response

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _listed(self, request: web.Request, path: str) -> web.Response:
        if self._strikes(self.faults.empty):
            return web.json_response([])
        rows = self.matching(path, request.query)
        if self._strikes(self.faults.cut):
            rows = rows[: len(rows) // 2]
        return web.json_response(rows)

    def matching(self, path: str, query: Any) -> list[Row]:
        """Return the records that a query asks for."""
        table = self.customers if path == "customers" else self.transactions
        terms = [
            (name, value[1:-1].replace("''", "'") if value[0] == "'" else value)
            for name, value in TERM.findall(query.get("$filter", ""))
        ]
        rows = [
            row
            for row in table.values()
            if not terms or any(folded(row.get(k)) == folded(v) for k, v in terms)
        ]
        descending = query.get("$orderby", "").endswith(" desc")
        rows.sort(key=lambda row: row["id"], reverse=descending)
        return rows[: int(query.get("$top", "500"))]

    def _merge(self, record: Row, values: Row) -> None:
        """Change a record as Sage does: rows with an id are changed, others added."""
        contacts = record.setdefault("contacts", []) if "contacts" in values else []
        for row in values.get("contacts", ()):
            same = [c for c in contacts if c["id"] == row.get("id")]
            if row.get("is_to_delete"):
                contacts.remove(same[0])
            elif same:
                same[0].update(row)
            else:
                self._id += 1
                contacts.append({"id": self._id, **row})
        record |= {k: v for k, v in values.items() if k != "contacts"}

    def _carry_out(self, method: str, path: str, values: Row) -> web.Response:
        if path == "sales_invoices":
            kind = {"trader_transaction_type": "TradingAccountEntryTypeInvoice"}
            id_ = self.add_transaction(**kind, **values)
            self.commits.append(Commit(method, path, id_, values))
            return web.json_response({"urn": id_})
        if method == "PUT":
            record = self.customers.get(int(path.partition("/")[2]))
            if record is None:
                return web.json_response({"Message": "Not found"}, status=404)
            self._merge(record, values)
            self.commits.append(Commit(method, "customers", record["id"], values))
            return web.json_response(record)
        wanted = folded(values["reference"])
        if any(
            folded(row.get("reference")) == wanted for row in self.customers.values()
        ):
            message = "The account reference already exists."
            return web.json_response({"Message": message}, status=400)
        id_ = self.add_customer(contacts=[])
        self._merge(self.customers[id_], values)
        self.commits.append(Commit(method, path, id_, values))
        return web.json_response(self.customers[id_])
