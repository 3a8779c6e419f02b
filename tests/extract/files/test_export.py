"""Exports of a company into files: over HTTP, stopped, and as tables."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from file_exports import FORMATS

from sage200_async import Sage200Client
from sage200_async.errors import SinkConflict
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.rows import rows_of
from sage200_async.sandbox import Sandbox

DATA = Path(__file__).parents[4] / "shared" / "data"
REAL = ["customers", "products", "sop_orders", "sop_order_line_views"]


def on_sandbox(body, **options):
    async def main():
        async with (
            Sandbox(**options) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client)

    return asyncio.run(main())


class Stop(Exception):
    """A run was stopped here."""


def stop_after(records):
    """Return an on_progress that ends a read after a number of records."""

    def on_progress(progress):
        if progress.records >= records:
            raise Stop

    return on_progress


def files(folder):
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.suffix != ".json"
    }


@pytest.mark.parametrize(("format", "compression"), FORMATS[::3])
def test_stopped_and_resumed(format, compression, tmp_path):
    """Read by one worker, or by several that are stopped: the same bytes."""

    async def body(client):
        whole = Extraction(name="customers", query=client.customers)
        sink = files_at(tmp_path / "whole", format, compress=compression)
        await export(client, whole, sink, workers=1)
        folder = tmp_path / "pieces"
        for workers, size, most in ((4, 900, 1000), (2, 350, 3000), (3, 777, 5000)):
            query = client.customers.page_size(size)
            pieces = Extraction(name="customers", query=query)
            sink = files_at(folder, format, compress=compression)
            with pytest.raises(Stop):
                await export(
                    client, pieces, sink, workers=workers, on_progress=stop_after(most)
                )
            assert find_manifest(folder, "customers") is None
        sink = files_at(folder, format, compress=compression)
        await export(client, whole, sink, workers=8)

    on_sandbox(body, records={"customers": 6500})
    manifest = find_manifest(tmp_path / "pieces", "customers")
    assert manifest.files == find_manifest(tmp_path / "whole", "customers").files
    assert manifest.files[0].rows == manifest.certificate.records == 6500
    assert files(tmp_path / "pieces") == files(tmp_path / "whole")


def test_lists_as_tables_of_their_own(tmp_path):
    """Expanded lists become a file of their own, in the order of parents and lists."""

    async def body(client):
        query = client.customers.expand("contacts")
        work = Extraction(name="customers", query=query, related="tables")
        await export(client, work, files_at(tmp_path, "ndjson"))
        return [
            (customer.id, position, contact.id)
            async for customer in query
            for position, contact in enumerate(customer.contacts or [])
        ]

    wanted = on_sandbox(body, records={"customers": 300})
    lines = (tmp_path / "customers__contacts.ndjson").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["_parent_key"], row["_position"], row["id"]) for row in rows] == wanted
    assert wanted


def test_an_export_that_is_there_is_not_read_again(tmp_path):
    """A second export to the same folder is refused before any request."""

    async def body(client):
        work = Extraction(name="customers", query=client.customers)
        await export(client, work, files_at(tmp_path, "csv"))
        with pytest.raises(SinkConflict, match=r"40 rows of .* already exported"):
            await export(client, work, files_at(tmp_path, "csv"))

    on_sandbox(body, records={"customers": 40})


@pytest.mark.skipif(not DATA.is_dir(), reason="no folder of real records is at hand")
def test_real_records_are_the_same_in_all_formats(tmp_path):
    """Counts, and sums of every number, of real records are the source's own."""

    async def body(client):
        for name in REAL:
            work = Extraction(name=name, query=getattr(client, name))
            for kind in ("ndjson", "csv", "parquet"):
                await export(client, work, files_at(tmp_path / kind, kind))

    on_sandbox(body, data=DATA)
    for name in REAL:
        columns = find_manifest(tmp_path / "parquet", name).files[0].columns
        numbers = [column.name for column in columns if column.kind == "number"]
        wanted = plain_sums(name, numbers)
        assert wanted[0] > 90
        assert duckdb_sums(tmp_path / "parquet" / f"{name}.parquet", numbers) == wanted
        assert duckdb_sums(tmp_path / "csv" / f"{name}.csv", numbers) == wanted
        assert duckdb_sums(tmp_path / "ndjson" / f"{name}.ndjson", numbers) == wanted


def plain_sums(name, numbers):
    """Add up what is in Sage's own files, with nothing but Python."""
    lines = (DATA / f"{name}.ndjson").read_text("utf-8").splitlines()
    rows = [json.loads(line, parse_float=Decimal) for line in lines]
    return len(rows), *(
        sum((Decimal(row.get(name) or 0) for row in rows), Decimal(0))
        for name in numbers
    )


def duckdb_sums(path, numbers):
    """Add up what DuckDB finds in a file, by decimal arithmetic."""
    reader = {
        ".csv": f"read_csv('{path}', all_varchar = true)",
        ".ndjson": f"read_json('{path}', columns = {{{texts(numbers)}}})",
        ".parquet": f"read_parquet('{path}')",
    }[path.suffix]
    sums = [f"coalesce(sum({name}::DECIMAL(38,10)), 0)" for name in numbers]
    statement = f"SELECT {', '.join(['count(*)', *sums])} FROM {reader}"
    with duckdb.connect() as database:
        return database.execute(statement).fetchone()


def texts(numbers):
    return ", ".join(f"{name}: 'VARCHAR'" for name in (*numbers, "id"))


def test_related_records_are_as_on_the_wire():
    """Related records have the digits of the wire, and times without zeros at the end."""
    from sage200_async.catalog import Endpoints
    from sage200_async.extract.tables import tables_of
    from sage200_async.odata.options import QueryOptions

    endpoint = Endpoints.endpoints()["sop_orders"]
    wire = (
        '{"id":1,"lines":[{"id":2,"line_quantity":0.0000000,'
        '"date_time_updated":"2024-01-02T09:20:58.33Z"}]}'
    )
    import msgspec

    record = msgspec.json.decode(wire, type=endpoint.record)
    tables = tables_of("sop_orders", endpoint, QueryOptions(expand=("lines",)))
    row = rows_of(tables, [record])["sop_orders"][0]
    values = dict(zip([column.name for column in tables[0].columns], row, strict=True))
    assert values["lines"] == wire[len('{"id":1,"lines":') : -1]
