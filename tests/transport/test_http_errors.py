"""Every way in which a reply can fail to come, in our words; over real sockets."""

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
from sage200_async.transport.http import FOREIGN, HttpTransport, translate

PATIENT = {"read_timeout": 30.0, "connect_timeout": 30.0, "request_timeout": 30.0}
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n"
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
# Signed by itself, for 127.0.0.1, until 2126; it guards nothing.


def send(lab, answer, tls=None, url=None, **changed):
    """Send one request to a server of one's own; give the error and the server."""

    async def main():
        async with lab.RawServer(answer, tls) as server:
            base_url = url or server.url
            settings = replace(lab.settings, **{**PATIENT, **changed})
            http = HttpTransport(settings, lab.Clock())
            await http.open()
            request = lab.ask(base_url=base_url, query="$filter=" + "x" * 300 + "END")
            try:
                with pytest.raises(TransportError) as caught:
                    await http.send(replace(request, headers={"authorization": "hush"}))
            finally:
                await http.close()
            return caught.value, server

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "then"),
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
        (PACKED + b"no zip", "keep"),
        (LONG, "keep"),
    ],
    ids=lambda each: str(each[:40]),
)
def test_a_broken_reply(lab, said, then):
    """What is cut short or is no HTTP is a broken reply, which may have been done."""
    error, server = send(lab, lambda *_: (said, then))
    assert type(error) is IncompleteResponse
    assert error.retryable
    assert not error.never_sent
    assert error.request.path == "customers"
    assert len(server.heads) == 1
    assert "\n" not in str(error)
    assert "END" not in str(error)
    assert "hush" not in "".join(map(repr, chain(error)))
    assert "END" not in "".join(traceback.format_exception(error))


def chain(error):
    """Give *error* and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("said", [b"", TEN + b"abc", b"HTTP/1.1 200"])
@pytest.mark.parametrize(
    ("timeout", "phase", "words"),
    [
        ("read_timeout", "read", "no further bytes within 0.2 s"),
        ("request_timeout", "total", "no whole reply within 0.2 s"),
    ],
)
def test_a_stalled_reply(lab, said, timeout, phase, words):
    """A reply that stalls times out, and the error says for what and how long."""
    error, server = send(lab, lambda *_: (said, "stall"), **{timeout: 0.2})
    assert type(error) is RequestTimeout
    assert (error.phase, error.seconds) == (phase, 0.2)
    assert (error.retryable, error.never_sent) == (True, False)
    assert words in str(error)
    assert len(server.heads) == 1


def test_a_stalled_connection(lab):
    """A connection that is not made in time: the request certainly never left."""

    async def main():
        # It takes connections and never speaks, so that TLS never begins.
        async with lab.RawServer(lambda *_: (b"", "keep")) as server:
            settings = replace(lab.settings, **{**PATIENT, "connect_timeout": 0.02})
            http = HttpTransport(settings, lab.Clock())
            await http.open()
            url = server.url.replace("http:", "https:")
            with pytest.raises(
                RequestTimeout, match=r"no connection within 0\.02 s"
            ) as caught:
                await http.send(lab.ask(base_url=url))
            await http.close()
            assert (caught.value.phase, caught.value.seconds) == ("connect", 0.02)
            assert (caught.value.retryable, caught.value.never_sent) == (True, True)
            assert server.heads == []

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://nowhere.invalid/"])
def test_nobody_there(lab, unused, url):
    """A port where nobody listens, or a name that is none: the request never left."""
    error, _ = send(lab, None, url=url.format(unused))
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (True, True)


@pytest.fixture
def unused():
    """Give a port where nobody listens."""

    async def main():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return port

    return asyncio.run(main())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///customers"])
def test_no_address(lab, url):
    """An address that is none is a lasting error, and is sent nowhere."""
    error, _ = send(lab, None, url=url)
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (False, True)
    assert "END" not in str(error)


def test_a_certificate_that_nobody_signed(lab, tmp_path):
    """A certificate that cannot be verified is refused, and not tried again."""
    path = tmp_path / "both.pem"
    path.write_text(CERTIFICATE)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    error, server = send(lab, lambda *_: (lab.http(), "keep"), tls)
    assert type(error) is ConnectError
    assert (error.retryable, error.never_sent) == (False, True)
    assert isinstance(error.__cause__, aiohttp.ClientConnectorCertificateError)
    assert server.heads == []


EXPORTED = [
    each
    for _, each in inspect.getmembers(aiohttp, inspect.isclass)
    if issubclass(each, aiohttp.ClientError)
]


@pytest.mark.parametrize("foreign", EXPORTED, ids=lambda each: each.__name__)
def test_every_error_of_aiohttp_is_mapped(lab, foreign):
    """Each error that aiohttp exports has its word among ours."""
    mapped = [ours for theirs, ours in FOREIGN if issubclass(foreign, theirs)]
    assert mapped
    if issubclass(foreign, TimeoutError):
        assert mapped[0] is RequestTimeout
    if issubclass(foreign, aiohttp.ClientConnectorError):
        assert mapped[0] is ConnectError


def test_the_most_specific_first():
    """No entry of the table stands behind one that covers it."""
    for place, (theirs, _) in enumerate(FOREIGN):
        assert not any(issubclass(theirs, earlier) for earlier, _ in FOREIGN[:place])
    assert FOREIGN[-1][0] is aiohttp.ClientError


@pytest.mark.parametrize("error", [TimeoutError(), aiohttp.ClientError()])
def test_an_error_without_words(lab, error):
    """An error that says nothing is named."""
    ours = translate(error, lab.ask(), lab.settings)
    assert isinstance(ours, TransportError)
    assert str(ours).startswith("GET customers: ")
    assert not str(ours).endswith(": ")
