"""Faults by script, as they are on the wire."""

from __future__ import annotations

import asyncio
import gzip
import json

import aiohttp
import pytest

from sage200_async.sandbox import Behaviour, Fault

PATH = "customers?$top=5"


async def talk(raw, method="GET", path=PATH, body=b"", **headers):
    """Send one request over a connection of its own; give all that comes back."""
    url = aiohttp.client.URL(raw.settings.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = {**raw.headers, "Host": "x", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {url.path}{path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    got = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65_536), 0.3):
            got += piece
        end = "close"
    except TimeoutError:
        end = "open"
    except ConnectionResetError:
        end = "reset"
    writer.close()
    return got, end


def parts(got):
    """Split a reply into its status line, its headers and its body."""
    head, _, body = got.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, dict(each.split(": ", 1) for each in lines), body


TRUE = Fault(then="close")


def test_without_fields_it_is_the_true_reply(serve):
    """A fault without fields sends the reply that there would have been."""

    async def check(sandbox, raw):
        plain = await raw.ask("GET", "customers", "$top=5")
        sandbox.faults = [TRUE]
        line, headers, body = parts((await talk(raw))[0])
        assert line == "HTTP/1.1 200 OK"
        assert body == plain.body
        assert headers["Content-Length"] == str(len(body))
        assert headers["Content-Type"] == plain.headers["Content-Type"]

    serve(check)


def test_another_reply(serve):
    """Status, headers and body take the place of the reply's own."""

    async def check(sandbox, raw):
        busy = {"Retry-After": "7", "Content-Type": "text/plain"}
        sandbox.faults = [
            Fault(status=503, headers=busy, body=b"busy", then="close"),
            Fault(body=b"<html>", then="close"),
            Fault(raw=b"SSH-2.0\r\n", then="close"),
        ]
        line, headers, body = parts((await talk(raw))[0])
        assert line == "HTTP/1.1 503 Service Unavailable"
        assert headers == {**busy, "Content-Length": "4"}
        assert body == b"busy"
        line, _, body = parts((await talk(raw))[0])
        assert (line, body) == ("HTTP/1.1 200 OK", b"<html>")
        assert await talk(raw) == (b"SSH-2.0\r\n", "close")

    serve(check)


@pytest.mark.parametrize(
    "cut,kept",
    [(40, slice(40)), (-1, slice(-1)), (0.5, None), (0, slice(0)), (1.0, slice(None))],
)
def test_cuts(serve, cut, kept):
    """A reply is cut from its beginning, from its end, or at a share of it."""

    async def check(sandbox, raw):
        sandbox.faults = [TRUE, Fault(cut=cut, then="close")]
        whole, _ = await talk(raw)
        part, end = await talk(raw)
        assert part == whole[slice(len(whole) // 2) if kept is None else kept]
        assert end == "close"

    serve(check)


@pytest.mark.parametrize("off,told", [(-3, -3), (9, 9), (None, None)])
def test_lengths(serve, off, told):
    """The length that is told is wrong by as much as was said, or not told."""

    async def check(sandbox, raw):
        sandbox.faults = [Fault(length=off, then="close")]
        _, headers, body = parts((await talk(raw))[0])
        length = headers.get("Content-Length")
        assert (None if length is None else int(length) - len(body)) == told

    serve(check)


@pytest.mark.parametrize(
    "then,end",
    [("keep", "open"), ("close", "close"), ("reset", "reset"), ("stall", "open")],
)
def test_what_becomes_of_the_connection(serve, then, end):
    """A connection is kept, closed or reset after a part, and nobody waits on."""

    async def check(sandbox, raw):
        sandbox.faults = [Fault(cut=60, then=then)]
        got, ended = await talk(raw)
        assert ended == end
        assert len(got) == 60
        async with asyncio.timeout(10):
            while sandbox.in_flight:
                await asyncio.sleep(0.005)

    serve(check)


def test_a_kept_connection_goes_on(serve):
    """After a whole reply of the script, the same connection serves the next."""

    async def check(sandbox, raw):
        await raw.get("customers", top="1")
        held = sandbox.connections
        sandbox.faults = [Fault(status=500, body=b"no"), None, Fault()]
        statuses = [(await raw.get("customers", top="1")).status for _ in range(4)]
        assert statuses == [500, 200, 200, 200]
        assert sandbox.connections == held

    serve(check)


@pytest.mark.parametrize(
    "fault,made",
    [
        (Fault(status=504), 0),
        (Fault(status=504, carried_out=True), 1),
        (Fault(cut=0, then="reset"), 0),
        (Fault(cut=0, then="reset", carried_out=True), 1),
        (Fault(cut=20, then="close"), 1),
        (Fault(raw=b"?", carried_out=True, then="close"), 1),
    ],
)
def test_carried_out_or_not(serve, fault, made):
    """A write is done where the script says so, or where its reply is sent."""

    async def check(sandbox, raw):
        before = sandbox.store.count("customers")
        sandbox.faults = [fault]
        body = json.dumps({"reference": "NEW", "name": "New"}).encode()
        await talk(raw, "POST", "customers", body, **{"Content-Type": "text/json"})
        assert sandbox.store.count("customers") - before == made

    serve(check)


def test_what_was_seen(serve):
    """Each request is recorded with the status that was sent; 0 for none."""

    async def check(sandbox, raw):
        sandbox.faults = [
            Fault(status=429),
            Fault(cut=0, then="close"),
            Fault(raw=b"HTTP/9", then="close"),
            Fault(cut=30, then="close"),
            None,
        ]
        for _ in range(5):
            await talk(raw)
        assert [seen.status for seen in sandbox.requests] == [429, 0, 0, 200, 200]
        assert not sandbox.faults

    serve(check)


def test_a_script_is_added_to_while_it_runs(serve):
    """What is appended is played after what was there."""

    async def check(sandbox, raw):
        sandbox.faults = [Fault(status=500)]
        sandbox.faults.append(Fault(status=502, delay=0.001))
        sandbox.faults.extend([None, Fault(status=504)])
        statuses = [(await raw.get("customers", top="1")).status for _ in range(5)]
        assert statuses == [500, 502, 200, 504, 200]

    serve(check)


def test_compressed_as_it_would_be(serve):
    """Where replies are compressed, it is the compressed one that is cut."""

    async def check(sandbox, raw):
        plain = await raw.ask("GET", "customers", "$top=5")
        sandbox.faults = [TRUE, TRUE]
        _, headers, body = parts((await talk(raw, **{"Accept-Encoding": "gzip"}))[0])
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == plain.body
        _, headers, body = parts((await talk(raw))[0])
        assert "Content-Encoding" not in headers
        assert body == plain.body

    serve(check, behaviour=Behaviour(compress=True))


def test_large_pages_time_out(serve):
    """Above the size, a page draws a gateway's 504 or no reply; below, it comes."""

    async def check(sandbox, raw):
        sandbox.behaviour.slow_above = 10
        line, headers, body = parts((await talk(raw, path="customers?$top=11"))[0])
        assert line == "HTTP/1.1 504 Gateway Timeout"
        assert headers["Content-Type"] == "text/html"
        assert b"<h1>504" in body
        sandbox.behaviour.slow_as = "silence"
        assert await talk(raw, path="customers?$top=11") == (b"", "open")
        assert (await raw.get("customers", top="10")).status == 200
        assert [seen.status for seen in sandbox.requests] == [504, 0, 200]
        assert [seen.records for seen in sandbox.requests] == [0, 0, 10]

    serve(check)
