"""A table in memory that others write to while it is read."""

import asyncio
import json
import random
from bisect import insort
from urllib.parse import parse_qs

from hypothesis import strategies as st
from tables import matching

from sage200_async.errors import BadRequest, ServerError
from sage200_async.events import Events
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.resources import Resource
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import AskForLess, Response

PLAIN = Resource[dict, dict, dict]


class Busy:
    """A table in memory that others write to while it is read."""

    def __init__(
        self, keys, seed, *, clamp=5000, counts=True, skips="obeyed", writes=True
    ):
        self.keys = sorted(keys)
        self.random = random.Random(seed)
        self.clamp, self.counts, self.skips = clamp, counts, skips
        self.writes = writes
        self.stood = set(keys)
        self.next = max(keys, default=0) + 1
        self.in_flight = self.most = self.asked = 0
        self.fails_at, self.failed = None, False
        self.rejected, self.unreadable = set(), 5
        self.too_large = 0.0
        """How often a page is refused as too large, from 0 to 1."""
        self.slow = 4
        """Turns of the event loop that a response takes at most, twice."""

    async def send(self, request):
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self.asked += 1
        number = self.asked
        try:
            for _ in range(self.random.randrange(self.slow)):
                await asyncio.sleep(0)
            if request.reducible and self.random.random() < self.too_large:
                raise AskForLess(1)
            if number == self.fails_at and "$count" not in request.query:
                self.failed = True
                raise ServerError("down")
            answer = self.answer(request)
            if self.writes:
                self.write()
            for _ in range(self.random.randrange(self.slow)):
                await asyncio.sleep(0)
            return answer
        finally:
            self.in_flight -= 1

    def answer(self, request):
        if request.path == "sites":
            return reply([{"site_id": "site", "company_id": 1}])
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        assert int(asked.get("$skip", 0)) >= 0  # a server may answer 400, or anything
        assert 1 <= int(asked["$top"]) <= 5000
        found = list(filter(matching(asked.get("$filter", "")), self.keys))
        if "$count" in asked and self.counts:
            return reply(len(found))
        if asked.get("$orderby", "").endswith("desc"):
            found.reverse()
        if "$skip" in asked and self.skips == "refused":
            raise BadRequest("$skip is not known here")
        if self.skips == "obeyed":
            found = found[int(asked.get("$skip", 0)) :]
        found = found[: min(int(asked["$top"]), self.clamp)]
        rows = [
            {"id": key, "name": self.unreadable if key in self.rejected else str(key)}
            for key in found
        ]
        if asked.get("$select") == "id":
            rows = [{"id": row["id"]} for row in rows]
        return Response(200, {}, json.dumps(rows).encode())

    def write(self):
        """Insert, mostly above, and delete anywhere."""
        if self.random.random() < 0.5:
            insort(self.keys, self.next)
            self.next += self.random.randrange(1, 9)
        if self.keys and self.random.random() < 0.5:
            gone = self.random.choice(self.keys)
            self.keys.remove(gone)
            self.stood.discard(gone)


class Connection:
    """What a reading needs of a client."""

    quarantine = None

    def __init__(self, server):
        self.events, self.transport = Events(), server


def things(server, size):
    """Make a query on *server*."""
    context = CompanyContext("http://sage.test", "site", "1")
    query = Endpoint("things", PLAIN, key="id").query.bound(context, Connection(server))
    return query.page_size(size)


sparse = st.lists(st.integers(1, 10**6), unique=True, max_size=300)
skewed = st.builds(
    lambda dense, thin, at: list({*range(at, at + dense), *thin}),
    st.integers(0, 900),
    st.lists(st.integers(1, 10**6), unique=True, max_size=40),
    st.integers(1, 10**6),
)
