"""Faults by script, as they appear on the wire."""

from __future__ import annotations

import asyncio
import gzip
import json

import aiohttp
import pytest

from sage200_async.sandbox import Behaviour, Fault

PATH = "customers?$top=5"


async def exchange(http, method="GET", path=PATH, body=b"", **headers):
    """Send one request over a new connection; return all that comes back."""
    url = aiohttp.client.URL(http.settings.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = {**http.headers, "Host": "x", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {url.path}{path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    received = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65_536), 0.3):
            received += piece
        end = "close"
    except TimeoutError:
        end = "open"
    except ConnectionResetError:
        end = "reset"
    writer.close()
    return received, end


def split(raw):
    """Split a response into its status line, its headers and its body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, dict(header.split(": ", 1) for header in lines), body


TRUE_RESPONSE = Fault(then="close")


def test_without_fields_it_is_the_true_reply(on_sandbox):
    """A fault without fields sends the true response."""

    async def scenario(sandbox, http):
        plain = await http.request("GET", "customers", "$top=5")
        sandbox.faults = [TRUE_RESPONSE]
        line, headers, body = split((await exchange(http))[0])
        assert line == "HTTP/1.1 200 OK"
        assert body == plain.body
        assert headers["Content-Length"] == str(len(body))
        assert headers["Content-Type"] == plain.headers["Content-Type"]

    on_sandbox(scenario)


def test_another_reply(on_sandbox):
    """Status, headers and body replace those of the true response."""

    async def scenario(sandbox, http):
        busy = {"Retry-After": "7", "Content-Type": "text/plain"}
        sandbox.faults = [
            Fault(status=503, headers=busy, body=b"busy", then="close"),
            Fault(body=b"<html>", then="close"),
            Fault(raw=b"SSH-2.0\r\n", then="close"),
        ]
        line, headers, body = split((await exchange(http))[0])
        assert line == "HTTP/1.1 503 Service Unavailable"
        assert headers == {**busy, "Content-Length": "4"}
        assert body == b"busy"
        line, _, body = split((await exchange(http))[0])
        assert (line, body) == ("HTTP/1.1 200 OK", b"<html>")
        assert await exchange(http) == (b"SSH-2.0\r\n", "close")

    on_sandbox(scenario)


@pytest.mark.parametrize(
    "cut,expected",
    [(40, slice(40)), (-1, slice(-1)), (0.5, None), (0, slice(0)), (1.0, slice(None))],
)
def test_cuts(on_sandbox, cut, expected):
    """A response is cut after some bytes, before its last ones, or at a share of it."""

    async def scenario(sandbox, http):
        sandbox.faults = [TRUE_RESPONSE, Fault(cut=cut, then="close")]
        whole, _ = await exchange(http)
        part, end = await exchange(http)
        assert part == whole[slice(len(whole) // 2) if expected is None else expected]
        assert end == "close"

    on_sandbox(scenario)


@pytest.mark.parametrize("length,error", [(-3, -3), (9, 9), (None, None)])
def test_lengths(on_sandbox, length, error):
    """``Content-Length`` is wrong by the given number of bytes, or missing."""

    async def scenario(sandbox, http):
        sandbox.faults = [Fault(length=length, then="close")]
        _, headers, body = split((await exchange(http))[0])
        sent = headers.get("Content-Length")
        assert (None if sent is None else int(sent) - len(body)) == error

    on_sandbox(scenario)


@pytest.mark.parametrize(
    "then,end",
    [("keep", "open"), ("close", "close"), ("reset", "reset"), ("stall", "open")],
)
def test_what_becomes_of_the_connection(on_sandbox, then, end):
    """After a part of it the connection is kept, closed or reset; no task stays behind."""

    async def scenario(sandbox, http):
        sandbox.faults = [Fault(cut=60, then=then)]
        received, ended = await exchange(http)
        assert ended == end
        assert len(received) == 60
        async with asyncio.timeout(10):
            while sandbox.in_flight:
                await asyncio.sleep(0.005)

    on_sandbox(scenario)


def test_a_kept_connection_goes_on(on_sandbox):
    """After a whole response from the script, the same connection serves the next."""

    async def scenario(sandbox, http):
        await http.get("customers", top="1")
        before = sandbox.connections
        sandbox.faults = [Fault(status=500, body=b"no"), None, Fault()]
        statuses = [(await http.get("customers", top="1")).status for _ in range(4)]
        assert statuses == [500, 200, 200, 200]
        assert sandbox.connections == before

    on_sandbox(scenario)


@pytest.mark.parametrize(
    "fault,created",
    [
        (Fault(status=504), 0),
        (Fault(status=504, carried_out=True), 1),
        (Fault(cut=0, then="reset"), 0),
        (Fault(cut=0, then="reset", carried_out=True), 1),
        (Fault(cut=20, then="close"), 1),
        (Fault(raw=b"?", carried_out=True, then="close"), 1),
    ],
)
def test_carried_out_or_not(on_sandbox, fault, created):
    """A write is carried out if the fault says so, or if its response is sent."""

    async def scenario(sandbox, http):
        before = sandbox.store.count("customers")
        sandbox.faults = [fault]
        body = json.dumps({"reference": "NEW", "name": "New"}).encode()
        await exchange(http, "POST", "customers", body, **{"Content-Type": "text/json"})
        assert sandbox.store.count("customers") - before == created

    on_sandbox(scenario)


def test_requests_are_recorded(on_sandbox):
    """Each request is recorded with the status that was sent, or 0."""

    async def scenario(sandbox, http):
        sandbox.faults = [
            Fault(status=429),
            Fault(cut=0, then="close"),
            Fault(raw=b"HTTP/9", then="close"),
            Fault(cut=30, then="close"),
            None,
        ]
        for _ in range(5):
            await exchange(http)
        assert [request.status for request in sandbox.requests] == [429, 0, 0, 200, 200]
        assert not sandbox.faults

    on_sandbox(scenario)


def test_a_script_is_added_to_while_it_runs(on_sandbox):
    """Faults that are appended follow those already in the script."""

    async def scenario(sandbox, http):
        sandbox.faults = [Fault(status=500)]
        sandbox.faults.append(Fault(status=502, delay=0.001))
        sandbox.faults.extend([None, Fault(status=504)])
        statuses = [(await http.get("customers", top="1")).status for _ in range(5)]
        assert statuses == [500, 502, 200, 504, 200]

    on_sandbox(scenario)


def test_compressed_as_it_would_be(on_sandbox):
    """A fault applies to the compressed response if there is one."""

    async def scenario(sandbox, http):
        plain = await http.request("GET", "customers", "$top=5")
        sandbox.faults = [TRUE_RESPONSE, TRUE_RESPONSE]
        _, headers, body = split(
            (await exchange(http, **{"Accept-Encoding": "gzip"}))[0]
        )
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == plain.body
        _, headers, body = split((await exchange(http))[0])
        assert "Content-Encoding" not in headers
        assert body == plain.body

    on_sandbox(scenario, behaviour=Behaviour(compress=True))


def test_large_pages_time_out(on_sandbox):
    """A page above the limit brings a gateway's 504, or no response."""

    async def scenario(sandbox, http):
        sandbox.behaviour.slow_above = 10
        line, headers, body = split((await exchange(http, path="customers?$top=11"))[0])
        assert line == "HTTP/1.1 504 Gateway Timeout"
        assert headers["Content-Type"] == "text/html"
        assert b"<h1>504" in body
        sandbox.behaviour.slow_as = "silence"
        assert await exchange(http, path="customers?$top=11") == (b"", "open")
        assert (await http.get("customers", top="10")).status == 200
        assert [request.status for request in sandbox.requests] == [504, 0, 200]
        assert [request.records for request in sandbox.requests] == [0, 0, 10]

    on_sandbox(scenario)
