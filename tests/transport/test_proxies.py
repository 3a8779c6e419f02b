"""Proxies and certificates, of the API and of the token endpoint, over real TLS."""

import asyncio
import base64
import json
import ssl

import pytest
from msgspec.structs import replace

from sage200_async import AuthorizationRequest, Sage200Client, Settings, exchange_code
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import (
    ConnectError,
    SettingsError,
    StatusError,
    TokenUnavailable,
)
from sage200_async.transport.connections import proxy_for, tls_context

CA = """\
-----BEGIN CERTIFICATE-----
MIIBUzCB+aADAgECAgEBMAoGCCqGSM49BAMCMBAxDjAMBgNVBAMMBVRlc3RzMCAX
DTI1MDEwMTAwMDAwMFoYDzIxMjUwMTAxMDAwMDAwWjAQMQ4wDAYDVQQDDAVUZXN0
czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIJ8arYfZBuWB5SIAOWB6GryL+rc
2pQp5vemGTfJK6g2nkcbtES5dpRFEBCF29YHOe8WVsFFD4wKxEUXUAPHtxCjQjBA
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgGGMB0GA1UdDgQWBBSC7bW2
1HIffWk6X2+zOSGpqVjfrDAKBggqhkjOPQQDAgNJADBGAiEA9/vldfEKlvItanYi
M1aq2QfssWnA7dSx1t9YJHicCqgCIQCunPEw/Vn9gYwuI7fjdnEQ1SLtddV1Wbpt
gMLyBCadZg==
-----END CERTIFICATE-----
"""
SERVER = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOX7Lq+HDUXVUGCAi
tnWbvAXxlk0dopDcLvNbs7ynl+KhRANCAAQuJCNZsMXQnxVQv60Yf2Bv045Buwf0
puoGy+8EDSYLUEk3qlIMf7nr0rJZNm5r6uBeFRj2aaDAbgVf+8VFKj+N
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBpjCCAUygAwIBAgIBAjAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVUZXN0czAg
Fw0yNTAxMDEwMDAwMDBaGA8yMTI1MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJc2Fn
ZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELiQjWbDF0J8VUL+tGH9g
b9OOQbsH9KbqBsvvBA0mC1BJN6pSDH+569KyWTZua+rgXhUY9mmgwG4FX/vFRSo/
jaOBkDCBjTAMBgNVHRMBAf8EAjAAMCgGA1UdEQQhMB+CCXNhZ2UudGVzdIIMaWQu
c2FnZS50ZXN0hwR/AAABMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB8GA1UdIwQYMBaA
FILttbbUch99aTpfb7M5IampWN+sMB0GA1UdDgQWBBQjFtceZ46BVknyKmorJ99X
S4PIgjAKBggqhkjOPQQDAgNIADBFAiB1jYs3SBFdwqptMtn8E3ZxM9/k7bmUqRuj
ZjEbtOSvHQIhAP4lWyIZbJusH3HZ2bpvG59V9J3MYOfA34wcHoUfOain
-----END CERTIFICATE-----
"""
# For sage.test, id.sage.test and 127.0.0.1, until 2125; they protect nothing.
TOKENS = {"access_token": "hush-access-1", "refresh_token": "hush-refresh-1"}
BASIC = base64.b64encode(b"someone:hush-p@ss").decode()


class Proxy:
    """A proxy that connects every name to one port of this machine.

    Args:
        port: Where it connects to.
        password: What it asks for, as ``Basic`` has it; nothing if empty.
    """

    def __init__(self, port, password=""):
        self._port = port
        self._password = password
        self._tasks = set()
        self.asked = []
        """The first line of each request to the proxy."""

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _talk(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode().partition("\r\n")[0].removesuffix(" HTTP/1.1"))
        if self._password.encode() not in head:
            writer.write(b"HTTP/1.1 407 Password needed\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        if head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            outer.write(head)
        await asyncio.gather(pipe(reader, outer), pipe(inner, writer))


async def pipe(reader, writer):
    """Pass bytes on until their end."""
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
def ca_file(tmp_path):
    """Return the path of a private CA's certificate."""
    path = tmp_path / "ca.pem"
    path.write_text(CA)
    return str(path)


@pytest.fixture
def server_of(helpers, tmp_path):
    """Return a function that makes a server: API and token endpoint in one."""

    def answer(_, head):
        body = TOKENS if "/oauth/token" in head else {"id": 5, "name": "Real"}
        return helpers.http(json.dumps(body).encode()), "keep"

    def make(*, tls=True):
        path = tmp_path / "server.pem"
        path.write_text(SERVER)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return helpers.RawServer(answer, context if tls else None)

    return make


def settings_for(helpers, **changes):
    """Return settings of a client that has to refresh first."""
    return replace(
        helpers.settings,
        **{
            "base_url": "https://sage.test/v1/",
            "token_url": "https://id.sage.test/oauth/token",
            "access_token": "",
            "token_store": MemoryStore(),
            "max_attempts": 1,
            **changes,
        },
    )


async def name_of(settings, **options):
    """Return the name of a customer."""
    async with Sage200Client(settings, **options) as client:
        return (await client.customers.get(5)).name


BOTH = ["CONNECT id.sage.test:443", "CONNECT sage.test:443"]


@pytest.mark.parametrize("source", ["setting", "environment"])
def test_api_and_token_endpoint_are_reached_through_the_proxy(
    helpers, server_of, ca_file, monkeypatch, source
):
    """The setting counts, else HTTPS_PROXY; the proxy gets its user and password."""

    async def main():
        async with server_of() as server:
            port = int(server.url.split(":")[2].partition("/")[0])
            async with Proxy(port, f"Basic {BASIC}") as proxy:
                url = proxy.url.replace("//", "//someone:hush-p%40ss@")
                settings = settings_for(helpers, ca_file=ca_file)
                if source == "setting":
                    settings = replace(settings, proxy=url)
                    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
                else:
                    monkeypatch.setenv("HTTPS_PROXY", url)
                return await name_of(settings), proxy.asked, server.heads

    name, asked, heads = asyncio.run(main())
    assert name == "Real"
    assert asked == BOTH
    assert "proxy-authorization" not in "".join(heads)


def test_a_code_is_exchanged_through_the_proxy(helpers, server_of, ca_file):
    """Signing in uses the same proxy and the same certificates."""
    sign_in = AuthorizationRequest.begin("http://localhost/callback")
    redirect = f"http://localhost/callback?code=c&state={sign_in.state}"

    async def main():
        async with server_of() as server:
            port = int(server.url.split(":")[2].partition("/")[0])
            async with Proxy(port) as proxy:
                settings = settings_for(helpers, proxy=proxy.url)
                context = ssl.create_default_context(cafile=ca_file)
                tokens = await exchange_code(
                    settings, sign_in, redirect, ssl_context=context
                )
                return tokens, proxy.asked

    tokens, asked = asyncio.run(main())
    assert tokens.access_token == TOKENS["access_token"]
    assert asked == BOTH[:1]


def test_without_tls_the_proxy_forwards_the_request(helpers, server_of):
    """A server of one's own over http is reached through the proxy as well."""

    async def main():
        async with server_of(tls=False) as server:
            port = int(server.url.split(":")[2].partition("/")[0])
            async with Proxy(port) as proxy:
                settings = settings_for(
                    helpers,
                    base_url="http://sage.test/v1/",
                    allow_insecure_http=True,
                    access_token="hush-access-0",
                    proxy=proxy.url,
                )
                return await name_of(settings), proxy.asked

    name, asked = asyncio.run(main())
    assert name == "Real"
    assert asked == ["GET http://sage.test/v1/customers/5"]


def test_a_proxy_that_refuses_without_tls(helpers):
    """Its answer comes in place of the server's."""

    async def main():
        async with Proxy(1, "Basic") as proxy:
            settings = settings_for(
                helpers,
                base_url="http://sage.test/v1/",
                allow_insecure_http=True,
                access_token="hush-access-0",
                proxy=proxy.url,
            )
            return await name_of(settings)

    with pytest.raises(StatusError, match="SAGE200_PROXY") as caught:
        asyncio.run(main())
    assert caught.value.status == 407


@pytest.mark.parametrize("password", ["", "someone:hush-wrong@"])
def test_a_proxy_that_refuses(helpers, ca_file, password):
    """Nothing was sent; the error says what to set, and shows no password."""

    async def main():
        async with Proxy(1, f"Basic {BASIC}") as proxy:
            url = proxy.url.replace("//", f"//{password}")
            settings = settings_for(
                helpers, access_token="hush-access-0", proxy=url, ca_file=ca_file
            )
            async with Sage200Client(replace(settings, max_attempts=3)) as client:
                with pytest.raises(ConnectError) as caught:
                    await client.customers.create({"name": "New"})
                return caught.value, proxy.asked

    error, asked = asyncio.run(main())
    assert "the proxy answered 407" in str(error)
    assert "SAGE200_PROXY" in str(error)
    assert (error.never_sent, error.retryable, error.outcome_unknown) == (
        True,
        False,
        False,
    )
    assert len(asked) == 1


def test_a_proxy_that_is_down(helpers):
    """It is a connection that could not be made."""
    settings = settings_for(
        helpers, access_token="hush-access-0", proxy="http://me:hush-x@127.0.0.1:1"
    )
    with pytest.raises(ConnectError) as caught:
        asyncio.run(name_of(settings))
    assert caught.value.never_sent


@pytest.mark.parametrize("refuses", ["API", "token endpoint"])
def test_an_unknown_ca_is_refused_through_a_proxy_too(helpers, server_of, refuses):
    """The proxy makes no difference to what is verified."""

    async def main():
        async with server_of() as server:
            port = int(server.url.split(":")[2].partition("/")[0])
            async with Proxy(port) as proxy:
                token = "hush-access-0" if refuses == "API" else ""
                settings = settings_for(helpers, access_token=token, proxy=proxy.url)
                with pytest.raises((ConnectError, TokenUnavailable)) as caught:
                    await name_of(settings)
                return caught.value, server.heads

    error, heads = asyncio.run(main())
    assert (type(error) is ConnectError) == (refuses == "API")
    assert heads == []


@pytest.mark.parametrize("own", ["ca_file", "ssl_context"])
def test_a_private_ca_is_trusted_by_file_or_by_context(
    helpers, server_of, ca_file, own
):
    """For the API and for the token endpoint alike; this machine needs no proxy."""

    async def main():
        async with server_of() as server:
            settings = settings_for(
                helpers, base_url=server.url, token_url=f"{server.url}oauth/token"
            )
            if own == "ca_file":
                return await name_of(replace(settings, ca_file=ca_file))
            context = ssl.create_default_context(cafile=ca_file)
            return await name_of(settings, ssl_context=context)

    assert asyncio.run(main()) == "Real"


def test_a_certificate_for_another_name_is_refused(helpers, server_of, ca_file):
    """Trusting a CA is not trusting any of its hosts."""

    async def main():
        async with server_of() as server:
            port = int(server.url.split(":")[2].partition("/")[0])
            async with Proxy(port) as proxy:
                settings = settings_for(
                    helpers,
                    base_url="https://elsewhere.test/v1/",
                    access_token="hush-access-0",
                    proxy=proxy.url,
                    ca_file=ca_file,
                )
                return await name_of(settings)

    with pytest.raises(ConnectError) as caught:
        asyncio.run(main())
    assert not caught.value.retryable


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_ca_file_that_cannot_be_read(helpers, tmp_path, text):
    """The error names the setting and the file."""
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    settings = replace(helpers.settings, ca_file=str(path))
    with pytest.raises(
        SettingsError, match=r"ca_file: expected certificates"
    ) as caught:
        asyncio.run(name_of(settings))
    assert caught.value.name == "ca_file"
    assert "ca.pem" in str(caught.value)


def lax(**changes):
    """Return a context that does not verify."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if changes:
        context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("context", [lax(), lax(certificate=False), "context", True])
def test_a_context_that_does_not_verify_is_refused(helpers, context):
    """TLS is always verified."""
    with pytest.raises(SettingsError, match="ssl_context: expected"):
        Sage200Client(helpers.settings, ssl_context=context)


def test_a_context_and_a_ca_file_contradict_each_other(ca_file):
    """The caller's context is not changed, so the file would be ignored."""
    with pytest.raises(SettingsError, match="leave ca_file out"):
        tls_context(ca_file, ssl.create_default_context())


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("https://api.columbus.sage.com/", "", "http://secure:1"),
        ("http://api.columbus.sage.com/", "", "http://plain:2"),
        ("https://api.columbus.sage.com/", "sage.com", None),
        ("https://api.columbus.sage.com/", "*", None),
        ("https://api.columbus.sage.com/", "other.com", "http://secure:1"),
        ("https://127.0.0.1:8443/", "", None),
        ("https://localhost/", "", None),
        ("https://[::1]/", "", None),
    ],
)
def test_the_proxy_of_the_environment(monkeypatch, url, no_proxy, expected):
    """HTTPS_PROXY, HTTP_PROXY and NO_PROXY mean what they mean elsewhere."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "secure:1")
    monkeypatch.setenv("HTTP_PROXY", "http://plain:2/")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    proxy = proxy_for(url, "")
    assert (proxy and proxy.url) == expected
    assert proxy_for(url, "direct") is None
    assert proxy_for(url, "http://mine:3").url == "http://mine:3"


def test_a_proxy_of_the_system_that_speaks_no_http_is_refused(monkeypatch):
    """Going round it in silence would be worse."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:hush-password@proxy:1080")
    with pytest.raises(SettingsError, match="HTTPS_PROXY"):
        proxy_for("https://api.columbus.sage.com/", "")


@pytest.mark.parametrize(
    "url",
    ["proxy:8080", "ftp://proxy", "http://:8080", "http://a:hush-b@", "http://p/path",
     "http://p:x", "http://me:hush-p w@p:1", "http://p?x", "socks5://p:1"],
)  # fmt: skip
def test_a_malformed_proxy_is_refused_and_not_shown(url):
    """It may contain a password."""
    with pytest.raises(
        SettingsError, match="proxy: expected http://host:port"
    ) as caught:
        Settings(proxy=url)
    assert caught.value.name == "proxy"
    assert url not in str(caught.value)


def test_the_password_of_a_proxy_is_never_shown():
    """Neither by the settings nor by what is made of them."""
    url = "http://me:hush-password@proxy:8080"
    assert repr(Settings(proxy=url)).endswith("proxy=...)")
    assert "proxy='http://proxy:8080'" in repr(Settings(proxy="http://proxy:8080"))
    assert "hush-" not in repr(proxy_for("https://sage.test/", url))
    with pytest.raises(SettingsError, match="got bytes"):
        Settings(proxy=url.encode())
