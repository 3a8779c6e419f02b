"""The limits of time of requests, which one timer watches."""

import asyncio
import contextlib
import time

import aiohttp
import pytest
from msgspec.structs import replace

from sage200_async.errors import IncompleteResponse, NotFound, RequestTimeout
from sage200_async.transport.http import HttpTransport

LONG = {"read_timeout": 30.0, "connect_timeout": 30.0, "request_timeout": 30.0}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
LOST = b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n{"


def on_http(helpers, use, talk, **limits):
    """Run *use* of a transport whose server writes what *talk* does, and no more."""
    tasks = []

    async def answer(reader, writer):
        tasks.append(asyncio.current_task())
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(writer)
            await asyncio.sleep(30)
        writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = HttpTransport(
            replace(helpers.settings, **{**LONG, **limits}), helpers.Clock()
        )
        await transport.open()
        request = helpers.ask(base_url=f"http://127.0.0.1:{port}/")
        try:
            return await use(transport, request)
        finally:
            await transport.close()
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks)

    return asyncio.run(main())


def in_drops(seconds, times, data=HEAD + b"[111111111"):
    """Return what writes *data*, the last bytes one by one after *seconds* each."""

    async def talk(writer):
        cut = len(data) - times
        writer.write(data[:cut])
        for at in range(cut, len(data)):
            await asyncio.sleep(seconds)
            writer.write(data[at : at + 1])

    return talk


def sent(transport, request):
    """Send *request*."""
    return transport.send(request)


def test_each_byte_renews_the_limit_of_silence(helpers):
    """A response may take longer than the limit of silence, as long as bytes come."""
    talk = in_drops(0.05, 5, HEAD + b"[1,2,3,45]")
    response = on_http(helpers, sent, talk, read_timeout=0.15)
    assert response.body == b"[1,2,3,45]"


def test_bytes_do_not_renew_the_whole_limit(helpers):
    """A response that never ends is given up, though bytes come all the time."""
    with pytest.raises(RequestTimeout, match=r"no complete response within 0\.1 s"):
        on_http(helpers, sent, in_drops(0.02, 9), request_timeout=0.1)


def test_an_error_that_stalls_keeps_its_status(helpers):
    """Of an error whose body never ends the status is known all the same."""
    talk = in_drops(9.0, 1, LOST + b" ")
    with pytest.raises(NotFound) as caught:
        on_http(helpers, sent, talk, read_timeout=0.1)
    assert bytes(caught.value.response.body) == b"{"


def test_a_loop_that_is_held_up_times_nothing_out(helpers):
    """What has come while the loop was held up counts, and no limit is exceeded."""

    async def use(transport, request):
        task = asyncio.create_task(transport.send(request))
        await asyncio.sleep(0.04)
        time.sleep(0.2)  # noqa: ASYNC251 - this is what is tested
        return await task

    talk = in_drops(0.05, 1, HEAD + b"[1,2,3,45]")
    assert on_http(helpers, use, talk, read_timeout=0.12).body == b"[1,2,3,45]"


@pytest.mark.parametrize("limit", ["read_timeout", "request_timeout"])
def test_a_loop_that_is_held_up_all_the_time_has_limits(helpers, limit):
    """A server that is silent is given up, however long each turn of the loop takes."""

    async def use(transport, request):
        task = asyncio.create_task(transport.send(request))
        for _ in range(50):
            if task.done():
                break
            time.sleep(0.04)  # noqa: ASYNC251 - this is what is tested
            await asyncio.sleep(0.001)
        assert task.done()
        return await task

    with pytest.raises(RequestTimeout):
        on_http(helpers, use, in_drops(9.0, 1), **{limit: 0.1})


def test_a_limit_of_the_callers_own_is_its_own(helpers):
    """A task that its caller cancels is cancelled, and no limit of ours is blamed."""

    async def use(transport, request):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await transport.send(request)
        task = asyncio.current_task()
        assert not task.cancelling()
        return await asyncio.sleep(0.1, "still alive")

    alive = on_http(helpers, use, in_drops(9.0, 1), read_timeout=0.05)
    assert alive == "still alive"


def test_a_task_that_timed_out_goes_on(helpers):
    """A task in which a request timed out is not cancelled afterwards."""

    async def use(transport, request):
        with pytest.raises(RequestTimeout):
            await transport.send(request)
        assert not asyncio.current_task().cancelling()
        async with asyncio.timeout(5):
            return await asyncio.sleep(0, "on")

    assert on_http(helpers, use, in_drops(9.0, 1), read_timeout=0.05) == "on"


def test_no_request_outlives_its_client(helpers, monkeypatch):
    """A request that has no connection yet when its client is closed ends at once."""

    async def connect(connector, *args, **kwargs):
        await asyncio.sleep(30)

    async def use(transport, request):
        task = asyncio.create_task(transport.send(request))
        await asyncio.sleep(0.02)
        await transport.close()
        async with asyncio.timeout(5):
            await task

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect)
    with pytest.raises(IncompleteResponse, match="the client was closed before"):
        on_http(helpers, use, in_drops(9.0, 1))


def test_no_timer_is_left(helpers):
    """Once no request is under way, nothing is watched, and no timer is set again."""

    async def use(transport, request):
        await transport.send(request)
        await asyncio.sleep(0.05)
        return transport._time_limits._timer, transport._time_limits._exchanges

    talk = in_drops(0, 0, HEAD + b"[1,2,3,45]")
    assert on_http(helpers, use, talk, read_timeout=0.2) == (None, {})
