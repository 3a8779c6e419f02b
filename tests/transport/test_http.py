"""The HTTP client over real sockets: what it sends, reads, and never does."""

import asyncio
import gzip

import pytest
from msgspec.structs import replace

from sage200_async.errors import ClientClosed, IncompleteResponse, NotFound, StatusError
from sage200_async.transport.http import HttpTransport

WITH_TOKEN = {"authorization": "Bearer hush-access-0", "X-Site": "guid"}


@pytest.fixture
def on_server(helpers):
    """Run a coroutine function with an open transport and its own server."""

    def run(answer, body, **changes):
        async def main():
            async with helpers.RawServer(answer) as server:
                settings = replace(helpers.settings, base_url=server.url, **changes)
                http = HttpTransport(settings, helpers.Clock())
                await http.open()
                try:
                    return await body(http, server)
                finally:
                    await http.close()

        return asyncio.run(main())

    return run


def test_a_body_in_many_pieces(helpers, on_server):
    """A body in many pieces is returned whole, with its status and headers."""
    content = bytes(range(256)) * 8_000

    async def body(http, server):
        response = await http.send(helpers.ask(base_url=server.url))
        assert response.status == 200
        assert bytes(response.body) == content
        assert response.headers["x-name"] == "As it Was"

    on_server(
        lambda *_: (helpers.http(content, "200 OK", "X-NAME: As it Was"), "keep"), body
    )


def test_a_compressed_body(helpers, on_server):
    """A compressed body is returned decompressed."""
    compressed = gzip.compress(b'[{"id":7}]')

    async def body(http, server):
        response = await http.send(helpers.ask(base_url=server.url))
        assert response.body == b'[{"id":7}]'

    response = helpers.http(compressed, "200 OK", "Content-Encoding: gzip")
    on_server(lambda *_: (response, "keep"), body)


def test_what_is_sent(helpers, on_server):
    """Path, query, headers and body are sent as they are, encoded only once."""

    async def body(http, server):
        request = helpers.ask(
            "customers/a%2Fb",
            "PUT",
            base_url=server.url,
            query="$filter=name%20eq%20'A%26B'",
            headers=WITH_TOKEN,
            body=b'{"name":"B"}',
        )
        await http.send(request)
        [head] = server.heads
        first, *lines = head.split("\r\n")
        assert first == "put /v1/customers/a%2fb?$filter=name%20eq%20'a%26b' http/1.1"
        assert "authorization: bearer hush-access-0" in lines
        assert "x-site: guid" in lines
        assert "accept: application/json" in lines
        assert "accept-encoding: gzip" in lines
        assert any(line.startswith("user-agent: sage200-async/") for line in lines)
        assert server.bodies == [b'{"name":"B"}']

    on_server(lambda *_: (helpers.http(), "keep"), body)


def test_a_connection_is_reused(helpers, on_server):
    """Requests in turn use one connection; cookies are not sent back."""

    async def body(http, server):
        for _ in range(5):
            await http.send(helpers.ask(base_url=server.url))
        assert (len(server.heads), server.connections) == (5, 1)
        assert not any("cookie" in head for head in server.heads)

    response = helpers.http(b"[]", "200 OK", "Set-Cookie: session=1")
    on_server(lambda *_: (response, "keep"), body)


def test_max_connections(helpers, on_server):
    """However many requests are sent at once, the pool is not exceeded."""

    async def body(http, server):
        requests = (http.send(helpers.ask(base_url=server.url)) for _ in range(20))
        await asyncio.gather(*requests)
        assert len(server.heads) == 20
        assert server.connections <= 3

    on_server(lambda *_: (helpers.http(), "keep"), body, max_connections=3)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_are_not_followed(helpers, on_server, status, method):
    """A redirect is a StatusError, and no token reaches the other host."""

    async def body(http, server):
        async with helpers.RawServer(lambda *_: (helpers.http(), "keep")) as other:
            elsewhere.append(other.url)
            request = helpers.ask("x", method, base_url=server.url, headers=WITH_TOKEN)
            with pytest.raises(StatusError) as caught:
                await http.send(request)
            assert caught.value.status == status
            assert not caught.value.retryable
            assert (other.connections, other.heads) == (0, [])
        assert len(server.heads) == 1

    def redirect(*_):
        location = f"Location: {elsewhere[0]}x"
        return helpers.http(b"", f"{status} Moved", location), "keep"

    elsewhere = []
    on_server(redirect, body)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_aiohttp_repeats_nothing(helpers, on_server, method):
    """A request on a reused connection that drops is sent once: retries are ours."""

    def hang_up(number, _):
        return (helpers.http(), "keep") if number == 1 else (b"", "close")

    async def body(http, server):
        await http.send(helpers.ask(base_url=server.url))
        with pytest.raises(IncompleteResponse) as caught:
            await http.send(helpers.ask("customers/1", method, base_url=server.url))
        assert not caught.value.never_sent
        assert (len(server.heads), server.connections) == (2, 1)

    on_server(hang_up, body)


def test_an_error_status(helpers, on_server):
    """An error status is raised with the response and Sage's message."""
    response = helpers.http(b'{"Message": "No such account."}', "404 Not Found")

    async def body(http, server):
        request = helpers.ask("customers/1", base_url=server.url)
        with pytest.raises(NotFound, match="No such account") as caught:
            await http.send(request)
        assert caught.value.request == request
        assert caught.value.detail == "No such account."
        assert caught.value.response.status == 404

    on_server(lambda *_: (response, "keep"), body)


def test_retry_after_by_the_clock(helpers, on_server):
    """A date in Retry-After is compared with the transport's clock."""
    header = "Retry-After: Tue, 14 Nov 2023 22:13:30 GMT"

    async def body(http, server):
        with pytest.raises(StatusError) as caught:
            await http.send(helpers.ask(base_url=server.url))
        assert caught.value.retry_after == 10.0

    on_server(lambda *_: (helpers.http(b"", "503 Busy", header), "keep"), body)


def test_closed(helpers, on_server):
    """Before it is opened and after it is closed, nothing is sent; the error says why."""

    async def body(http, server):
        await http.close()
        await http.close()
        with pytest.raises(ClientClosed) as caught:
            await http.send(helpers.ask(base_url=server.url))
        assert str(caught.value) == (
            "The client is not open: use `async with Sage200Client(...) as client`"
        )
        never_opened = HttpTransport(helpers.settings, helpers.Clock())
        with pytest.raises(ClientClosed, match="not open: use `async with"):
            await never_opened.send(helpers.ask(base_url=server.url))
        assert server.connections == 0
        await http.open()
        with pytest.raises(
            ClientClosed, match=r"already open: use `async with .* once"
        ):
            await http.open()
        assert (await http.send(helpers.ask(base_url=server.url))).status == 200

    on_server(lambda *_: (helpers.http(), "keep"), body)


def test_a_cancelled_request_releases_its_connection(helpers, on_server):
    """A request that is cancelled releases its connection for the next one."""

    def stall(number, _):
        return (b"", "stall") if number == 1 else (helpers.http(), "keep")

    async def body(http, server):
        task = asyncio.create_task(http.send(helpers.ask(base_url=server.url)))
        while not server.heads:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await http.send(helpers.ask(base_url=server.url))).status == 200

    on_server(stall, body, max_connections=1)
