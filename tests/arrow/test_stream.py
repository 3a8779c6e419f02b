"""A stream for synchronous consumers, on a loop of its own."""

import asyncio
import threading

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from sage200_async import Sage200Client
from sage200_async.arrow import ArrowStream, arrow_schema
from sage200_async.catalog import Endpoints
from sage200_async.sandbox import Fault, Sandbox

CUSTOMERS = Endpoints.customers.query.page_size(100).expand("contacts")


def beside_sandbox(body, **options):
    """Run a plain function in a thread, while a sandbox serves; pass what opens a stream."""

    async def main():
        async with Sandbox({"customers": 450}, **options) as sandbox:

            def stream(query=CUSTOMERS, **more):
                return ArrowStream(query, Sage200Client(sandbox.settings), **more)

            async with Sage200Client(sandbox.settings) as client:
                table = await client.run(CUSTOMERS).to_arrow()
            return await asyncio.to_thread(body, stream, table, sandbox)

    outcome = asyncio.run(main())
    names = [thread.name for thread in threading.enumerate()]
    assert "sage200-arrow-stream" not in names
    return outcome


def test_each_library_reads_it():
    """pyarrow, polars, pandas and DuckDB read the rows of the table, and its types."""

    def body(stream, table, _):
        assert pa.table(stream()).sort_by("id").equals(table)
        reader = pa.RecordBatchReader.from_stream(stream())
        frame = reader.read_pandas(types_mapper=None)
        assert sorted(frame["id"]) == table["id"].to_pylist()
        assert pl.DataFrame(stream()).sort("id").equals(pl.DataFrame(table))
        customers = stream()
        assert customers.schema == table.schema.remove_metadata()
        rows = duckdb.sql("select sum(balance), count(*) from customers").fetchall()
        assert rows == [(sum(table["balance"].to_pylist()), 450)]

    beside_sandbox(body)


def test_in_a_running_loop():
    """It works where a loop runs already, as in a notebook."""

    async def main():
        async with Sandbox({"customers": 20}) as sandbox:
            stream = ArrowStream(CUSTOMERS, Sage200Client(sandbox.settings))

            async def cell():
                return pa.table(stream).num_rows

            return await asyncio.to_thread(asyncio.run, cell())

    assert asyncio.run(main()) == 20


def test_an_order_is_kept():
    """A query with an order comes in that order."""

    def body(stream, table, _):
        query = CUSTOMERS.order_by("name", "id").top(333)
        names = pa.table(stream(query))["name"].to_pylist()
        expected = table.sort_by([("name", "ascending"), ("id", "ascending")])
        assert names == expected["name"].to_pylist()[:333]

    beside_sandbox(body)


def test_leaving_early():
    """A consumer that stops early leaves no thread behind, and ends the requests."""

    def body(stream, _, sandbox):
        reader = pa.RecordBatchReader.from_stream(stream())
        assert reader.read_next_batch().num_rows
        before = len(sandbox.requests)
        del reader
        assert len(sandbox.requests) <= before + 4

    beside_sandbox(body)


def test_nothing_is_read_for_the_schema():
    """Its schema is known without a request, and equals that of the query."""
    stream = ArrowStream(CUSTOMERS, None)
    assert pa.schema(stream) == arrow_schema(CUSTOMERS)


def test_an_error_reaches_the_consumer():
    """What ends the read is raised where the stream is consumed."""

    def body(stream, _, sandbox):
        sandbox.faults = [Fault(status=403)] * 9
        with pytest.raises(Exception, match="403"):
            pa.table(stream())

    beside_sandbox(body)


def test_its_certificate():
    """At the end it says why all was read; before, and without a proof, there is none."""

    def body(stream, table, _):
        whole, ordered = stream(), stream(CUSTOMERS.order_by("name").top(9))
        assert whole.certificate is None
        reader = pa.RecordBatchReader.from_stream(whole)
        reader.read_next_batch()
        rest = reader.read_all()
        assert rest.num_rows < table.num_rows == whole.certificate.records
        assert pa.table(ordered).num_rows == 9
        assert ordered.certificate is None

    beside_sandbox(body)
