"""Related records nested in files: lists and structs, and equal to their source."""

import asyncio
import json
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sage200_async import Sage200Client
from sage200_async.errors import SinkError
from sage200_async.extract import (
    Extraction,
    database_at,
    export,
    files_at,
    verify,
)
from sage200_async.sandbox import Sandbox

READERS = {
    "parquet": pq.read_table,
    "arrow": lambda path: pa.ipc.open_file(path).read_all(),
}


def on_sandbox(body):
    async def main():
        async with (
            Sandbox(records={"sop_orders": 30}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client, sandbox)

    return asyncio.run(main())


def orders(client):
    query = client.sop_orders.select("id", "document_no").expand("lines")
    return Extraction(name="sop_orders", query=query, related="nested")


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_columns_nest_lists_of_structs(tmp_path, format):
    """Nested lists hold the related records in their order, with the types of columns."""

    async def body(client, _):
        await export(client, orders(client), files_at(tmp_path, format))
        return [order async for order in orders(client).query]

    records = on_sandbox(body)
    table = READERS[format](tmp_path / f"sop_orders.{format}")
    lines = table.schema.field("lines").type
    assert lines.value_type.field("line_quantity").type == pa.decimal128(38, 10)
    assert lines.value_type.field("date_time_updated").type == pa.timestamp("us", "UTC")
    wanted = [
        [(line.id, line.description, line.line_quantity) for line in order.lines or []]
        for order in records
    ]
    rows = [
        [(line["id"], line["description"], line["line_quantity"]) for line in lines]
        for lines in table.column("lines").to_pylist()
    ]
    assert rows == wanted
    assert any(isinstance(quantity, Decimal) for row in rows for *_, quantity in row)


def test_ndjson_nests_arrays(tmp_path):
    """In NDJSON related records are arrays of objects, as the server has them."""

    async def body(client, _):
        await export(client, orders(client), files_at(tmp_path, "ndjson"))
        return [order async for order in orders(client).query]

    records = on_sandbox(body)
    text = (tmp_path / "sop_orders.ndjson").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [[line["id"] for line in row["lines"]] for row in rows] == [
        [line.id for line in order.lines] for order in records
    ]
    updated = rows[0]["lines"][0]["date_time_updated"]
    assert datetime.fromisoformat(updated) == records[0].lines[0].date_time_updated


def test_an_altered_value_deep_inside_is_found(tmp_path):
    """`verify` names the record, the path and both values."""

    async def body(client, _):
        await export(client, orders(client), files_at(tmp_path, "ndjson"))
        path = tmp_path / "sop_orders.ndjson"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        row = json.loads(lines[3])
        row["lines"][0]["line_quantity"] = 977
        lines[3] = json.dumps(row) + "\n"
        path.write_text("".join(lines), "utf-8")
        result = await verify(client, orders(client), files_at(tmp_path, "ndjson"))
        return row["id"], result

    key, result = on_sandbox(body)
    (difference,) = result.differences
    (change,) = difference.changes
    assert (difference.key, change.column) == ((key,), "lines[0].line_quantity")
    assert change.copy == 977


@pytest.mark.parametrize("to", ["csv", "sqlite"])
def test_what_cannot_nest_says_so_before_any_request(tmp_path, to):
    """CSV and databases refuse nested records, and name what can hold them."""

    async def body(client, sandbox):
        sink = (
            files_at(tmp_path, "csv")
            if to == "csv"
            else database_at(f"sqlite:///{tmp_path / 'copy.db'}")
        )
        with pytest.raises(SinkError, match="cannot nest lines; choose Parquet"):
            await export(client, orders(client), sink)
        return len(sandbox.requests)

    assert on_sandbox(body) == 0
