"""The start page, which shows a token: whom it is served to."""

from __future__ import annotations

import asyncio
import base64
import json

import aiohttp
import pytest

from sage200_async.sandbox import Sandbox


async def get(sandbox, http, path, host):
    """Return the status and text of a path, asked for with a Host header."""
    headers = {"Host": host.replace("PORT", sandbox.url.rpartition(":")[2])}
    async with http.session.get(f"{sandbox.url}/{path}", headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize(
    "host",
    [
        "attacker.test",
        "attacker.test:PORT",
        "localhost.attacker.test",
        "127.0.0.1.attacker.test:PORT",
        "localhost@attacker.test",
        "[::1",
        "shop.test",
    ],
)
def test_a_name_of_somebody_else_gets_no_token(on_sandbox, host):
    """A page whose own name resolves to the sandbox cannot read its token."""

    async def scenario(sandbox, http):
        for path in ("start.json", ""):
            status, text = await get(sandbox, http, path, host)
            assert status in {400, 403}
            assert "access_token" not in text
            if status == 403:
                assert "--allow-http" in text

    on_sandbox(scenario, {})


@pytest.mark.parametrize(
    "host",
    ["localhost:PORT", "127.0.0.1", "LOCALHOST", "[::1]:PORT", "192.0.2.7", "Shop"],
)
def test_a_name_of_the_sandbox_gets_a_token_of_that_issuer(host):
    """Loopback names, addresses and the public name get one, issued by that name."""

    async def main():
        async with (
            Sandbox({}, public_host="shop") as sandbox,
            aiohttp.ClientSession() as session,
        ):
            port = sandbox.url.rpartition(":")[2]
            sent = host.replace("PORT", port)
            url = f"http://127.0.0.1:{port}/start.json"
            async with session.get(url, headers={"Host": sent}) as response:
                assert response.status == 200
                token = (await response.json())["access_token"]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["iss"] == f"http://{sent}/"

    asyncio.run(main())
