"""A certified OAuth server that is not ours: rotation, reuse, and ten processes.

panva/node-oidc-provider rotates refresh tokens and kills the whole family of
one that is used twice, as Sage ID is taken to do.
"""

import asyncio
import base64
import hashlib
import http.cookiejar
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.errors import TokenRefused
from sage200_async.tokens import MemoryStore, Tokens, store_at

PROVIDER = os.environ.get("SAGE200_OIDC")
pytestmark = pytest.mark.skipif(
    not PROVIDER,
    reason="SAGE200_OIDC does not name oidc-provider's index.js: nox -s oidc",
)
HERE = Path(__file__).parent
WORKER = HERE.parent / "tokens" / "worker.py"
ID, SECRET = "client", "hush-secret"
COUNT = 10


@pytest.fixture(scope="module")
def url():
    """Run the server, and give where."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    told = [shutil.which("node"), HERE / "server.mjs", PROVIDER, port, ID, SECRET]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(told, **pipes, stderr=subprocess.DEVNULL) as process:
        try:
            # Before it is ready it says what a server for the public would need.
            assert any(line == b"ready\n" for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()  # it ends when nobody is there; see server.mjs


def post(opener, url, **form):
    body = urllib.parse.urlencode(form).encode()
    with opener.open(url, body) as reply:
        return reply.url, reply.read().decode()


def sign_in(url):
    """Sign in as a person does, with PKCE; give the tokens."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": ID,
        "redirect_uri": f"{url}/came-back",
        "scope": "openid offline_access",
        "prompt": "consent",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with browser.open(f"{url}/auth?{urllib.parse.urlencode(asked)}") as reply:
        page = reply.url
    page, _ = post(browser, page, prompt="login", login="person", password="any")
    page, code = post(browser, page, prompt="consent")
    assert page.startswith(f"{url}/came-back?code=")
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{url}/came-back",
        "code_verifier": verifier,
        "client_id": ID,
        "client_secret": SECRET,
    }
    _, brought = post(browser, f"{url}/token", **exchange)
    tokens = json.loads(brought)
    return Tokens(tokens["access_token"], tokens["refresh_token"])


def expire(url, tokens):
    """Have the API take an access token for ended."""
    urllib.request.urlopen(f"{url}/expire?{tokens.access_token}").close()


def granted(url):
    """Give all that the token endpoint has answered."""
    with urllib.request.urlopen(f"{url}/granted") as reply:
        return json.loads(reply.read())


def settings_for(url, store):
    return Settings(
        base_url=f"{url}/v1/",
        token_url=f"{url}/token",
        client_id=ID,
        client_secret=SECRET,
        token_store=store,
    )


def ten_reads(url, place):
    """Let ten processes read at once; give what came of each."""
    told = {
        "base_url": f"{url}/v1/",
        "token_url": f"{url}/token",
        "client_id": ID,
        "client_secret": SECRET,
        "token_store": place,
    }
    command = [sys.executable, WORKER, json.dumps(told)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(COUNT)]
    try:
        assert {each.stdout.readline() for each in workers} == {"ready\n"}
        said = [each.communicate("go\n", timeout=60)[0] for each in workers]
    finally:
        for each in workers:
            each.kill()
            each.communicate()
    return [each.splitlines()[-1] for each in said]


def test_ten_processes_refresh_once(url, tmp_path):
    """Ten processes with one file and a dead access token: one refresh, all succeed."""
    place = (tmp_path / "tokens.json").as_uri()
    first = sign_in(url)
    asyncio.run(store_at(place).save(first))
    for number in range(2):
        stored = asyncio.run(store_at(place).load())
        before = len(granted(url))
        expire(url, stored)
        assert ten_reads(url, place) == ["ok"] * COUNT, number
        assert granted(url)[before:] == [200]
    stored = asyncio.run(store_at(place).load())
    assert stored.refresh_token != first.refresh_token


def test_reuse_revokes_the_family(url):
    """An old refresh token used again kills the new one: a person signs in again."""

    async def read(tokens):
        store = MemoryStore()
        await store.save(tokens)
        async with Sage200Client(settings_for(url, store)) as client:
            await client.sites()
        return await store.load()

    first = sign_in(url)
    expire(url, first)
    second = asyncio.run(read(first))
    assert second.refresh_token != first.refresh_token
    assert asyncio.run(read(second)) == second
    with pytest.raises(TokenRefused, match="sign in again") as caught:
        asyncio.run(read(Tokens("", first.refresh_token)))
    assert caught.value.reason == "invalid_grant"
    with pytest.raises(TokenRefused, match="sign in again"):
        asyncio.run(read(second))


def test_a_wrong_secret_does_not_spend_the_token(url):
    """A client that is refused for its secret gets in with the right one."""

    async def read(store, secret):
        settings = settings_for(url, store)
        given = {name: getattr(settings, name) for name in settings.__struct_fields__}
        async with Sage200Client(Settings(**given | {"client_secret": secret})) as one:
            return await one.sites()

    async def main():
        store = MemoryStore()
        await store.save(Tokens("", sign_in(url).refresh_token))
        with pytest.raises(TokenRefused) as caught:
            await read(store, "wrong")
        assert caught.value.reason == "invalid_client"
        assert (await store.load()).spent_at is None
        assert await read(store, SECRET) == []

    asyncio.run(main())
