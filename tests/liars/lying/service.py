"""The HTTP server: an honest reply to each query, and then the lies about it."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

from aiohttp import web

from lying.replies import Query, Reply, date_header, honest

MOST_REQUESTS = 4000


@dataclass
class Teller:
    """One lie and when it happens: each time, at the n-th time, or at random."""

    lie: object
    when: object = "always"
    seed: int = 0
    asked: int = 0
    times_lied: int = 0
    memory: dict = field(default_factory=dict)

    def __post_init__(self):
        self.random = random.Random(self.seed)

    def is_due(self):
        self.asked += 1
        if isinstance(self.when, int):
            return self.asked == self.when
        if isinstance(self.when, float):
            return self.random.random() < self.when
        if self.when == "later":
            return self.asked > 2
        return True


@dataclass
class Service:
    """A company behind HTTP, on a port of its own."""

    company: object
    tellers: list = field(default_factory=list)
    number: int = 0
    last: Query | None = None

    async def reply_to(self, request):
        self.number += 1
        if self.number > MOST_REQUESTS:
            return web.Response(status=404, text="asked too often")
        self.company.write(self.number)
        query = Query.of(request.path.strip("/"), request.query, self.number)
        reply = self.change(query, self.answer(query))
        return web.Response(
            status=reply.status,
            text=reply.text(),
            content_type=reply.content_type,
            headers={**date_header(self.company.now), **reply.headers},
        )

    def answer(self, query):
        if query.path == "sites":
            return Reply(rows=self.company.sites)
        return honest(query, self.company.tables[query.path].rows)

    def change(self, query, reply):
        for teller in self.tellers:
            if not teller.lie.concerns(query) or not teller.is_due():
                continue
            lied = teller.lie.change(query, reply, self, teller)
            teller.times_lied += lied != reply
            reply = lied
        if query.is_page:
            self.last = query
        return reply

    @property
    def times_lied(self):
        return sum(teller.times_lied for teller in self.tellers)


@contextlib.asynccontextmanager
async def running(service):
    """Serve; yield the address."""
    application = web.Application()
    application.router.add_get("/{path:.*}", service.reply_to)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        await asyncio.shield(runner.cleanup())
