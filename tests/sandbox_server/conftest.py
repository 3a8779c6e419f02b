"""An HTTP client for the sandbox that shares nothing with the one under test."""

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


class Response:
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


class HttpClient:
    """Sends plain requests with a valid token."""

    def __init__(self, sandbox, session):
        self.sandbox = sandbox
        self.session = session
        self.settings = sandbox.settings
        self.headers = {}

    async def token(self, **form):
        async with self.session.post(self.settings.token_url, data=form) as response:
            return Response(response.status, response.headers, await response.read())

    async def refresh(self, token, **more):
        return await self.token(
            grant_type="refresh_token",
            refresh_token=token,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            **more,
        )

    async def sign_in(self):
        response = await self.refresh(self.settings.refresh_token)
        self.headers = {
            "Authorization": "Bearer " + response.json["access_token"],
            "X-Site": self.settings.site,
            "X-Company": self.settings.company,
        }
        return response.json

    async def request(self, method, path, query="", body=None, headers=None):
        url = self.settings.base_url + path + ("?" + query if query else "")
        async with self.session.request(
            method,
            URL(url, encoded=True),
            json=body,
            headers=self.headers if headers is None else headers,
        ) as response:
            return Response(response.status, response.headers, await response.read())

    async def get(self, path, **options):
        query = "&".join(f"${name}={quote(text)}" for name, text in options.items())
        return await self.request("GET", path, query)

    async def filter(self, condition, path="customers", **options):
        options = {"filter": condition, "select": "id", "top": "5000"} | options
        return await self.get(path, **options)


@contextlib.asynccontextmanager
async def signed_in(records=None, **arguments):
    """Run a sandbox, and sign a client in."""
    records = {"customers": 50} if records is None else records
    if "data" in arguments:
        records = None
    async with (
        Sandbox(records, **arguments) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        http = HttpClient(sandbox, session)
        await http.sign_in()
        yield sandbox, http


@pytest.fixture(name="on_sandbox")
def _on_sandbox():
    """Return a function that runs a scenario with a sandbox and an HTTP client."""

    def run(scenario, records=None, **arguments):
        async def main():
            async with signed_in(records, **arguments) as (sandbox, http):
                return await scenario(sandbox, http)

        return asyncio.run(main())

    return run
