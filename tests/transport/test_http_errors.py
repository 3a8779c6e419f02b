"""Every way in which a response can fail to come, over real sockets."""

import asyncio
import inspect
import ssl
import traceback

import aiohttp
import pytest
from msgspec.structs import replace

from sage200_async.errors import (
    ConnectError,
    IncompleteResponse,
    RequestTimeout,
    TransportError,
)
from sage200_async.transport.http import ERROR_TYPES, HttpTransport, translate

NO_TIMEOUT = {"read_timeout": 30.0, "connect_timeout": 30.0, "request_timeout": 30.0}
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9PL6vstsAvQNJofR
VQOXXLLxu8eDw3FqamyY7oaUZuChRANCAARfpD+O0u6Ayv/5cYKy0SiMfCIc8SXA
T1lzWvhIXwhw0x6ol32RHuV2CRNHZ0k8FkJe5msYs8r/um8EVjuLae05
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUe1FQConl+PWZ3s39LeyhC8IpPNYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA1NDI0N1oYDzIxMjYxMDMw
MDU0MjQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARfpD+O0u6Ayv/5cYKy0SiMfCIc8SXAT1lzWvhIXwhw0x6ol32RHuV2
CRNHZ0k8FkJe5msYs8r/um8EVjuLae05o28wbTAdBgNVHQ4EFgQU8njVQ2qBOjXv
NTVlwS6bas3qV/IwHwYDVR0jBBgwFoAU8njVQ2qBOjXvNTVlwS6bas3qV/IwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIhALuo6sNeWgsIFT7+rsyu8FkwgSf96M51FuMRIKW1MDxaAiAY
Qj/0BsAzQEuhlABNVvyXnDCe8XMdZ1Sd3uWVDStrfA==
-----END CERTIFICATE-----
"""
# Self-signed, for 127.0.0.1, until 2126; it protects nothing.


def send(helpers, answer, tls=None, url=None, **changes):
    """Send one request to its own server; return the error and the server."""

    async def main():
        async with helpers.RawServer(answer, tls) as server:
            base_url = url or server.url
            settings = replace(helpers.settings, **{**NO_TIMEOUT, **changes})
            http = HttpTransport(settings, helpers.Clock())
            await http.open()
            request = helpers.ask(
                base_url=base_url, query="$filter=" + "x" * 300 + "END"
            )
            try:
                with pytest.raises(TransportError) as caught:
                    await http.send(replace(request, headers={"authorization": "hush"}))
            finally:
                await http.close()
            return caught.value, server

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("data", "then"),
    [
        (b"", "close"),
        (b"", "reset"),
        (b"HTTP/1.1 200 O", "close"),
        (TEN + b"abc", "close"),
        (TEN + b"abc", "reset"),
        (TEN, "close"),
        (CHUNKED + b"5\r\nabc", "close"),
        (CHUNKED + b"5\r\nabcde\r\n", "close"),
        (CHUNKED + b"zz\r\nabc", "close"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "close"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "close"),
        (GZIP + b"no zip", "keep"),
        (LONG, "keep"),
    ],
    ids=lambda value: str(value[:40]),
)
def test_an_incomplete_response(helpers, data, then):
    """A response that is cut short or not HTTP is retryable; the request was sent."""
    error, server = send(helpers, lambda *_: (data, then))
    assert type(error) is IncompleteResponse
    assert error.retryable
    assert not error.never_sent
    assert error.request.path == "customers"
    assert len(server.heads) == 1
    assert "\n" not in str(error)
    assert "END" not in str(error)
    assert "hush" not in "".join(map(repr, with_causes(error)))
    assert "END" not in "".join(traceback.format_exception(error))


def with_causes(error):
    """Yield *error* and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("data", [b"", TEN + b"abc", b"HTTP/1.1 200"])
@pytest.mark.parametrize(
    ("timeout", "phase", "text"),
    [
        ("read_timeout", "read", "no further bytes within 0.2 s"),
        ("request_timeout", "total", "no complete response within 0.2 s"),
    ],
)
def test_a_stalled_response(helpers, data, timeout, phase, text):
    """A stalled response times out, and the error has the phase and the seconds."""
    error, server = send(helpers, lambda *_: (data, "stall"), **{timeout: 0.2})
    assert type(error) is RequestTimeout
    assert (error.phase, error.seconds) == (phase, 0.2)
    assert (error.retryable, error.never_sent) == (True, False)
    assert text in str(error)
    assert len(server.heads) == 1


def test_a_stalled_connection(helpers):
    """If no connection is made in time, the request was certainly never sent."""

    async def main():
        # It accepts connections and sends nothing, so TLS does not start.
        async with helpers.RawServer(lambda *_: (b"", "keep")) as server:
            settings = replace(
                helpers.settings, **{**NO_TIMEOUT, "connect_timeout": 0.02}
            )
            http = HttpTransport(settings, helpers.Clock())
            await http.open()
            url = server.url.replace("http:", "https:")
            with pytest.raises(
                RequestTimeout, match=r"no connection within 0\.02 s"
            ) as caught:
                await http.send(helpers.ask(base_url=url))
            await http.close()
            assert (caught.value.phase, caught.value.seconds) == ("connect", 0.02)
            assert (caught.value.retryable, caught.value.never_sent) == (True, True)
            assert server.heads == []

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://nowhere.invalid/"])
def test_an_unreachable_host(helpers, unused_port, url):
    """An unused port or an unknown host: the request was certainly never sent."""
    error, _ = send(helpers, None, url=url.format(unused_port))
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (True, True)


@pytest.fixture
def unused_port():
    """Return a port without a server."""

    async def main():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return port

    return asyncio.run(main())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///customers"])
def test_an_invalid_url(helpers, url):
    """An invalid URL is an error that is not retryable, and nothing is sent."""
    error, _ = send(helpers, None, url=url)
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (False, True)
    assert "END" not in str(error)


def test_a_self_signed_certificate(helpers, tmp_path):
    """A certificate that cannot be verified is refused, and not retried."""
    path = tmp_path / "both.pem"
    path.write_text(CERTIFICATE)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    error, server = send(helpers, lambda *_: (helpers.http(), "keep"), tls)
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (False, True)
    assert "self-signed certificate" in str(error)
    assert server.heads == []


EXPORTED = [
    error_type
    for _, error_type in inspect.getmembers(aiohttp, inspect.isclass)
    if issubclass(error_type, aiohttp.ClientError)
]


@pytest.mark.parametrize(
    "foreign", EXPORTED, ids=lambda error_type: error_type.__name__
)
def test_every_error_of_aiohttp_is_mapped(helpers, foreign):
    """Each error that aiohttp exports is translated to one of ours."""
    mapped = [ours for theirs, ours in ERROR_TYPES if issubclass(foreign, theirs)]
    assert mapped
    if issubclass(foreign, TimeoutError):
        assert mapped[0] is RequestTimeout
    if issubclass(foreign, aiohttp.ClientConnectorError):
        assert mapped[0] is ConnectError


def test_the_most_specific_first():
    """No entry of the table comes after one of its base classes."""
    for index, (theirs, _) in enumerate(ERROR_TYPES):
        assert not any(issubclass(theirs, base) for base, _ in ERROR_TYPES[:index])
    assert ERROR_TYPES[-1][0] is aiohttp.ClientError


@pytest.mark.parametrize("error", [TimeoutError(), aiohttp.ClientError()])
def test_an_error_without_a_message(helpers, error):
    """For an error without a message, its name is shown."""
    ours = translate(error, helpers.ask(), helpers.settings)
    assert isinstance(ours, TransportError)
    assert str(ours).startswith("GET customers: ")
    assert not str(ours).endswith(": ")
