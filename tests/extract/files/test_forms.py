"""Files are the same whether they are written from columns, lines or rows."""

import asyncio
import json

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import DecodeError, SinkConflict
from sage200_async.extract import Extraction, export, files_at, verify
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.formats import Ndjson
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.sandbox import Sandbox

COUNT = 300
THINGS = Table("things", (Column("id", "integer"),), ("id",))


class RowsOnly:
    """A sink without a form, as one of somebody else may be."""

    def __init__(self, sink):
        self.open, self.begin, self.write = sink.open, sink.begin, sink.write
        self.commit, self.close = sink.commit, sink.close


def on_sandbox(body, serve=None, bad=None):
    """Run *body* with a client; some records have the values that *bad* has by position."""

    async def main():
        async with Sandbox(records={"customers": COUNT}) as sandbox:
            settings = replace(sandbox.settings, token_store=MemoryStore())
            async with Sage200Client(settings) as client:
                ids = [row.id async for row in client.customers.select("id")]
                if serve is not None:
                    serve(sandbox, {ids[at]: value for at, value in bad.items()})
                return await body(client, ids)

    return asyncio.run(main())


def customers(client, related):
    query = client.customers.page_size(70)
    query = query if related == "json" else query.expand("contacts")
    return Extraction(name="customers", query=query, related=related)


def lines(folder):
    text = (folder / "customers.ndjson").read_text("utf-8")
    return [json.loads(line, parse_float=str) for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("related", ["json", "nested"])
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_columns_make_the_same_file_as_rows(tmp_path, format, related):
    """Columns and rows give the same bytes, plain and nested."""

    async def body(client, _):
        for name, hide in (("columns", lambda sink: sink), ("rows", RowsOnly)):
            sink = files_at(tmp_path / name, format)
            await export(client, customers(client, related), hide(sink), workers=3)

    on_sandbox(body)
    name = f"customers.{format}"
    columns = (tmp_path / "columns" / name).read_bytes()
    assert columns == (tmp_path / "rows" / name).read_bytes()


@pytest.mark.parametrize("related", ["json", "nested"])
def test_lines_have_what_rows_have(tmp_path, related):
    """The JSON of the wire has the same values as the line that is written anew."""

    async def body(client, _):
        for name, hide in (("lines", lambda sink: sink), ("rows", RowsOnly)):
            sink = files_at(tmp_path / name, "ndjson")
            await export(client, customers(client, related), hide(sink), workers=3)

    on_sandbox(body)
    received = lines(tmp_path / "lines")
    for line in received if related == "nested" else ():
        for contact in line["contacts"]:  # lists of theirs come unasked
            for name in [one for one in contact if isinstance(contact[one], list)]:
                del contact[name]
    written = lines(tmp_path / "rows")
    assert len(received) == COUNT
    assert [plain(line) for line in received] == [plain(line) for line in written]


def plain(value):
    """Return JSON without nulls, at any depth."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if one is not None}
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_times_in_lines_are_in_utc(tmp_path, serve_bad_records):
    """A time without a zone or with an offset has a Z in the file, and is the same."""
    bad = {
        3: ("date_time_created", b'"2024-07-01T09:00:00"'),
        4: ("date_time_created", b'"2024-07-01T09:00:00+01:00"'),
    }

    async def body(client, ids):
        work = customers(client, "json")
        await export(client, work, files_at(tmp_path, "ndjson"))
        result = await verify(client, work, files_at(tmp_path, "ndjson"))
        return ids, result

    ids, result = on_sandbox(body, serve_bad_records, bad)
    assert result.equal
    times = {line["id"]: line["date_time_created"] for line in lines(tmp_path)}
    assert times[ids[3]] == "2024-07-01T09:00:00Z"
    assert times[ids[4]] == "2024-07-01T08:00:00Z"


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet", "arrow"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("balance", b'"1.50"'),
        ("balance", b"1.5e2"),
        ("date_time_created", b'"2024-07-01T09:00:00.1234567Z"'),
        ("date_time_created", b'"2024-07-01T09:00:59.9999999Z"'),
        ("name", b'"caf\\u00e9 \\ud83d\\ude00 \xc2\x85"'),
    ],
)
def test_values_as_servers_write_them(tmp_path, serve_bad_records, format, name, value):
    """Quoted numbers, exponents, seven digits of a second and escapes: equal to the source."""

    async def body(client, _):
        work = customers(client, "json")
        await export(client, work, files_at(tmp_path, format))
        return await verify(client, work, files_at(tmp_path, format))

    result = on_sandbox(body, serve_bad_records, {5: (name, value)})
    assert result.differences == ()
    assert result.equal


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_sink_that_sets_aside_needs_no_quarantine(
    tmp_path, serve_bad_records, format
):
    """A number with too many digits goes to the sink's on_reject, or is an error."""
    bad = {5: ("balance", b"1.12345678901")}
    rejected = []

    async def body(client, ids):
        work = customers(client, "json")
        with pytest.raises(DecodeError, match="10 after the point"):
            await export(client, work, files_at(tmp_path / "a", format))
        sink = files_at(tmp_path / "b", format, on_reject=rejected.append)
        return ids, await export(client, work, sink)

    ids, proof = on_sandbox(body, serve_bad_records, bad)
    assert (proof.records, proof.rejected) == (COUNT - 1, 1)
    assert [row.key for row in rejected] == [(ids[5],)]
    assert rejected[0].column == "balance"


def test_only_what_is_selected_is_in_the_file(tmp_path):
    """A server that ignores $select does not put more fields into a file of lines."""

    async def all_fields(request):
        if "name" not in request.query.get("$select", ""):
            return None
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                request.url.without_query_params("$select"), headers=request.headers
            ) as response,
        ):
            body = await response.read()
            return web.Response(body=body, content_type="application/json")

    async def main():
        async with Sandbox(records={"customers": 20}) as sandbox:
            sandbox.request_hook = all_fields
            async with Sage200Client(sandbox.settings) as client:
                query = client.customers.select("name")
                work = Extraction(name="customers", query=query)
                await export(client, work, files_at(tmp_path, "ndjson"))

    asyncio.run(main())
    assert {name for line in lines(tmp_path) for name in line} == {"id", "name"}


def test_lines_are_as_many_as_the_range_has(tmp_path):
    """Lines that are not those of their range are refused."""
    sink = files_at(tmp_path, "ndjson")
    sink.open([THINGS])
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, 9)))
    with pytest.raises(SinkConflict, match="expected 2, got 1 records"):
        sink.write(KeyRange(0, 9, 2, 1, 9), [b'{"id":1}'])
    sink.close()


def test_lines_are_utf_8():
    """What the parser skips in an unknown field, too, is UTF-8 in the file."""
    text = Ndjson().encode_lines(THINGS, [b'{"id":1,"other":"\xff"}', b'{"id":2}'])
    assert text.decode() == '{"id":1,"other":"\ufffd"}\n{"id":2}\n'
