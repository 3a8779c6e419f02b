"""A client of the sandbox that shares nothing with the one under test."""

from __future__ import annotations

import asyncio
import contextlib
import json
from decimal import Decimal
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from sage200_async.sandbox import Sandbox


class Reply:
    """A status, headers and a body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body, parse_float=Decimal)

    @property
    def ids(self):
        return [row["id"] for row in self.json]


class Raw:
    """Plain requests, signed in."""

    def __init__(self, sandbox, http):
        self.sandbox = sandbox
        self.http = http
        self.settings = sandbox.settings
        self.headers = {}

    async def token(self, **form):
        async with self.http.post(self.settings.token_url, data=form) as reply:
            return Reply(reply.status, reply.headers, await reply.read())

    async def refresh(self, token, **more):
        return await self.token(
            grant_type="refresh_token",
            refresh_token=token,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            **more,
        )

    async def sign_in(self):
        reply = await self.refresh(self.settings.refresh_token)
        self.headers = {
            "Authorization": "Bearer " + reply.json["access_token"],
            "X-Site": self.settings.site,
            "X-Company": self.settings.company,
        }
        return reply.json

    async def ask(self, method, path, query="", body=None, headers=None):
        url = self.settings.base_url + path + ("?" + query if query else "")
        async with self.http.request(
            method,
            URL(url, encoded=True),
            json=body,
            headers=self.headers if headers is None else headers,
        ) as reply:
            return Reply(reply.status, reply.headers, await reply.read())

    async def get(self, path, **options):
        query = "&".join(f"${name}={quote(text)}" for name, text in options.items())
        return await self.ask("GET", path, query)

    async def filter(self, condition, path="customers", **options):
        options = {"filter": condition, "select": "id", "top": "5000"} | options
        return await self.get(path, **options)


@contextlib.asynccontextmanager
async def running(records=None, **arguments):
    """Run a sandbox and sign in."""
    records = {"customers": 50} if records is None else records
    if "data" in arguments:
        records = None
    async with (
        Sandbox(records, **arguments) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        raw = Raw(sandbox, http)
        await raw.sign_in()
        yield sandbox, raw


@pytest.fixture(name="serve")
def _serve():
    """Run an async function inside a sandbox: it is handed that and a client."""

    def serve(test, records=None, **arguments):
        async def inside():
            async with running(records, **arguments) as (sandbox, raw):
                return await test(sandbox, raw)

        return asyncio.run(inside())

    return serve
