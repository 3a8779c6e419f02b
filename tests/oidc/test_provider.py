"""A certified OAuth server: rotation, reuse, and ten processes.

panva/node-oidc-provider rotates refresh tokens, and if one is used twice it
revokes all tokens of that sign-in, as Sage ID is assumed to do.
"""

import asyncio
import http.cookiejar
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from msgspec.structs import replace

from sage200_async import (
    AuthorizationRequest,
    Sage200Client,
    Settings,
    create_authorization_url,
    exchange_code,
)
from sage200_async.auth.stores import MemoryStore, Tokens, store_at
from sage200_async.errors import TokenRefused

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
    """Run the server; yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [shutil.which("node"), HERE / "server.mjs", PROVIDER, port, ID, SECRET]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, stderr=subprocess.DEVNULL) as process:
        try:
            # Before "ready" it prints warnings for production use.
            assert any(line == b"ready\n" for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.stdin.close()  # it ends when its input does; see server.mjs


def consent(address):
    """Sign in and consent as a person does; return the last URL and its text."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(address) as reply:
        page = reply.url
    text = ""
    for form in (
        {"prompt": "login", "login": "person", "password": "any"},
        {"prompt": "consent"},
    ):
        with browser.open(page, urllib.parse.urlencode(form).encode()) as reply:
            page, text = reply.url, reply.read().decode()
    return page, text


def begin(url):
    """Begin a sign-in; return settings, request and the URL redirected to."""
    # OpenID Connect requires prompt=consent for offline_access.
    settings = replace(
        settings_for(url, MemoryStore()),
        authorization_url=f"{url}/auth?prompt=consent",
    )
    request = AuthorizationRequest.begin(f"{url}/callback")
    return settings, request, consent(create_authorization_url(settings, request))[0]


def sign_in(url):
    """Sign in with a code and PKCE; return the tokens."""
    return asyncio.run(exchange_code(*begin(url)))


def expire(url, tokens):
    """Let the API treat an access token as expired."""
    urllib.request.urlopen(f"{url}/expire?{tokens.access_token}").close()


def granted(url):
    """Return the status of every response of the token endpoint."""
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


def ten_reads(url, store_url):
    """Let ten processes read at once; return their results."""
    arguments = {
        "base_url": f"{url}/v1/",
        "token_url": f"{url}/token",
        "client_id": ID,
        "client_secret": SECRET,
        "token_store": store_url,
    }
    command = [sys.executable, WORKER, json.dumps(arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(COUNT)]
    try:
        assert {worker.stdout.readline() for worker in workers} == {"ready\n"}
        outputs = [worker.communicate("go\n", timeout=60)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    return [output.splitlines()[-1] for output in outputs]


def test_ten_processes_refresh_once(url, tmp_path):
    """Ten processes that share a file with an expired token refresh once."""
    store_url = (tmp_path / "tokens.json").as_uri()
    first = sign_in(url)
    asyncio.run(store_at(store_url).save(first))
    for number in range(2):
        stored = asyncio.run(store_at(store_url).load())
        before = len(granted(url))
        expire(url, stored)
        assert ten_reads(url, store_url) == ["ok"] * COUNT, number
        assert granted(url)[before:] == [200]
    stored = asyncio.run(store_at(store_url).load())
    assert stored.refresh_token != first.refresh_token


def test_reuse_revokes_all_tokens(url):
    """An old refresh token used again revokes the new one: a person signs in again."""

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


def test_a_wrong_secret_does_not_use_up_the_token(url):
    """After a refusal for a wrong secret, the same token works with the right one."""

    async def read(store, secret):
        settings = settings_for(url, store)
        async with Sage200Client(replace(settings, client_secret=secret)) as client:
            return await client.sites()

    first = sign_in(url)

    async def main():
        store = MemoryStore()
        await store.save(Tokens("", first.refresh_token))
        with pytest.raises(TokenRefused) as caught:
            await read(store, "wrong")
        assert caught.value.reason == "invalid_client"
        assert (await store.load()).refresh_started_at is None
        assert await read(store, SECRET) == []

    asyncio.run(main())


def test_a_code_of_another_sign_in(url):
    """A code with another verifier, or used before, is refused."""
    settings, request, redirect_url = begin(url)
    other = replace(request, code_verifier="v" * 43)
    with pytest.raises(TokenRefused, match="refused the code") as caught:
        asyncio.run(exchange_code(settings, other, redirect_url))
    assert caught.value.reason == "invalid_grant"
    settings, request, redirect_url = begin(url)
    tokens = asyncio.run(exchange_code(settings, request, redirect_url))
    assert tokens.refresh_token
    with pytest.raises(TokenRefused, match="refused the code"):
        asyncio.run(exchange_code(settings, request, redirect_url))


def test_a_desktop_client_logs_in(url, tmp_path):
    """`sage200 login` signs in without a secret, on a port that is not registered."""
    store_url = (tmp_path / "tokens.json").as_uri()
    variables = {
        "SAGE200_AUTHORIZATION_URL": f"{url}/auth?prompt=consent",
        "SAGE200_TOKEN_URL": f"{url}/token",
        "SAGE200_CLIENT_ID": f"{ID}-desktop",
        "SAGE200_TOKEN_STORE": store_url,
    }
    command = [sys.executable, "-m", "sage200_async.cli", "login", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    ) as process:
        try:
            page, text = consent(process.stdout.readline().strip())
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert page.startswith("http://127.0.0.1:")
    assert "<h1>Signed in</h1>" in text
    assert out.startswith("signed in\n")
    first = asyncio.run(store_at(store_url).load())

    async def read():
        settings = replace(
            settings_for(url, store_url), client_id=f"{ID}-desktop", client_secret=""
        )
        async with Sage200Client(settings) as client:
            return await client.sites()

    expire(url, first)
    assert asyncio.run(read()) == []
    assert asyncio.run(store_at(store_url).load()).refresh_token != first.refresh_token
