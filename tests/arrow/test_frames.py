"""Queries as tables: for pyarrow, polars and pandas."""

import asyncio
import json
import subprocess
import sys

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.arrow import arrow_schema
from sage200_async.arrow.frames import CERTIFICATE
from sage200_async.arrow.rows import RowReader
from sage200_async.arrow.schema import is_json
from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import DecodeError, MissingExtra, PagingError, QueryError
from sage200_async.odata.namespaces import expandable_names
from sage200_async.paging.certificate import Certificate
from sage200_async.sandbox import Sandbox
from sage200_async.transport.memory import MemoryTransport, reply

NUMBERS = msgspec.json.Encoder(decimal_format="number")
LISTED = {
    path: endpoint
    for path, endpoint in Endpoints.endpoints().items()
    if "list" in endpoint.verbs and "{" not in path
}
SETTINGS = Settings(
    access_token="token", site="site", company=1, trust_short_pages=True
)


def on_sandbox(body, **options):
    """Run a coroutine function with a client of a sandbox."""

    async def main():
        async with (
            Sandbox(**options) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client, sandbox)

    return asyncio.run(main())


def plain(value, kind):
    """Return what a column of *kind* shows of the value of a record."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {one.name: plain(getattr(value, one.name), one.type) for one in kind}
    if pa.types.is_list(kind):
        return [plain(one, kind.value_type) for one in value]
    if pa.types.is_string(kind) and not isinstance(value, str):
        return NUMBERS.encode(value).decode()
    return value


def bare(value, field):
    """Return a value of a column without nulls, as `to_dict` returns that of a record."""
    kind = field.type
    if is_json(field):
        return json.loads(value)
    if pa.types.is_list(kind):
        return [bare(one, kind.value_field) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        one.name: bare(value[one.name], one)
        for one in kind
        if value[one.name] is not None
    }


def rows_of(records, schema):
    """Return what plain Python makes of records."""
    return [
        {field.name: plain(getattr(one, field.name), field.type) for field in schema}
        for one in records
    ]


def same(table, records):
    """Return whether *table* has the rows of *records*, and the schema of an empty one."""
    return table.to_pylist() == rows_of(records, table.schema)


def test_each_listed_resource():
    """A table of each resource equals its records; the schema is that of an empty one."""

    async def body(client, _):
        read = 0
        for path, endpoint in LISTED.items():
            query = client.run(endpoint.query)
            if endpoint.record is None:
                with pytest.raises(QueryError, match="pass schema="):
                    await query.to_arrow()
                continue
            table = await query.to_arrow(workers=2)
            empty = await query.top(0).to_arrow()
            assert same(table, [record async for record in query]), path
            assert table.schema.equals(empty.schema), path
            assert empty.num_rows == 0
            assert table.schema.equals(arrow_schema(endpoint.query)), path
            read += table.num_rows
        return read

    assert on_sandbox(body, records={"customers": 30, "products": 20}) > 800


def test_nothing_expanded_is_lost():
    """All that comes with expanded records is in the table, lists within lists too."""

    async def body(client, _):
        nested = 0
        for path, endpoint in LISTED.items():
            if endpoint.record is None:
                continue
            names = expandable_names(type(endpoint.record.fields))
            query = client.run(endpoint.query).expand(*names).top(5)
            records = [record.to_dict() async for record in query] if names else []
            table = await query.to_arrow() if names else pa.table({})
            root = pa.field(path, pa.struct(list(table.schema)))
            assert [bare(row, root) for row in table.to_pylist()] == records, path
            nested += any(name in row for row in records for name in names)
        return nested

    assert on_sandbox(body, records={"customers": 30}) > 40


def test_expanded_records():
    """Related records are structs and lists of structs, those within them by name."""

    async def body(client, _):
        for query in (
            client.customers.expand("contacts", "main_address", "currency"),
            client.sop_orders.expand("lines", "customer"),
            client.customers.select("id", "contacts.name"),
        ):
            records = [record async for record in query]
            assert same(await query.page_size(100).to_arrow(), records)
        schema = arrow_schema(client.sop_orders.select("id").expand("lines.product"))
        assert schema.names == ["id", "lines"]
        line = schema.field("lines").type.value_type
        assert line.field("product").type.field("id").type == pa.int64()

    on_sandbox(body, records={"customers": 120})


def test_queries_with_an_order():
    """An order, a skip and a top work, too; only a whole read has a certificate."""

    async def body(client, _):
        customers = client.customers.select("name", "balance").page_size(100)
        for query in (
            customers.order_by("name").top(130),
            customers.skip(20),
            customers.top(7),
            customers.filter(on_hold=True),
        ):
            records = [record async for record in query]
            table = await query.to_arrow()
            assert same(table, records)
            whole = query.options.top is None and not query.options.skip
            assert (CERTIFICATE in (table.schema.metadata or {})) == whole
        text = (await customers.to_arrow()).schema.metadata[CERTIFICATE]
        certificate = msgspec.json.decode(text, type=Certificate)
        assert (certificate.records, certificate.key) == (300, "id")

    on_sandbox(body, records={"customers": 300})


def test_a_long_in_is_split_and_nothing_comes_twice():
    """The parts of a split condition share no row, in the table as among records."""

    async def body(client, _):
        records = [record async for record in client.customers]
        names = [record.name for record in records] * 3 + ["no such"] * 200
        query = client.customers.filter(Customer.fields.name.in_(names))
        table = await query.to_arrow()
        assert sorted(table["id"].to_pylist()) == [record.id for record in records]

    on_sandbox(body, records={"customers": 150})


def test_polars_and_pandas():
    """Frames have the types of the table: decimals are exact."""

    async def body(client, _):
        query = client.customers.select("id", "balance", "account_opened", "on_hold")
        table = await query.to_arrow()
        frame = await query.to_polars()
        assert frame.schema["balance"] == pl.Decimal(38, 10)
        assert frame.to_dicts() == table.to_pylist()
        panda = await query.to_pandas()
        assert panda["balance"].dtype == pd.ArrowDtype(pa.decimal128(38, 10))
        assert pa.Table.from_pandas(panda)["balance"].equals(table["balance"])

    on_sandbox(body)


PAGE = [
    {"id": 1, "balance": 1},
    {"id": 2, "balance": "x"},
    {"id": 3, "balance": 12345678901234567890123456789},
    {"id": 4, "balance": 1.00000000001},
    {"id": 5, "balance": 2},
]


def from_memory(rows, **options):
    """Return a client that is served *rows* on one page, and the query to read them."""
    memory = MemoryTransport(lambda _: reply(rows))
    return Sage200Client(SETTINGS, transport=memory, **options).customers.top(9)


def test_a_number_that_does_not_fit():
    """It is an error that names the record and the field, or goes to the quarantine."""
    message = r"\$\[2\]\.balance: Expected a number of at most 28 digits before and 10"
    with pytest.raises(DecodeError, match=message) as caught:
        asyncio.run(from_memory([PAGE[0], PAGE[4], PAGE[2]]).to_arrow())
    assert (caught.value.json_path, caught.value.model) == ("$[2].balance", "Customer")
    errors = []
    table = asyncio.run(from_memory(PAGE, quarantine=errors.append).to_arrow())
    assert table["id"].to_pylist() == [1, 5]
    assert [error.json_path for error in errors] == [
        "$[1].balance",
        "$[2].balance",
        "$[3].balance",
    ]


def test_what_the_service_writes_needs_no_records(monkeypatch):
    """Pages in the API's conventions are parsed without an object for each record."""
    monkeypatch.setattr(RowReader, "rows", None)

    async def body(client, _):
        for query in (client.customers.expand("contacts"), client.sop_orders):
            table = await query.page_size(100).to_arrow()
            assert table.num_rows > 100

    on_sandbox(body, records={"customers": 120, "sop_orders": 110})


def test_a_resource_that_the_catalog_does_not_know():
    """Its columns are those of the schema, whose types are Sage's."""
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("balance", pa.decimal128(38, 10)),
            ("account_opened", pa.timestamp("us", tz="UTC")),
            ("contacts", pa.list_(pa.struct([("id", pa.int64())]))),
        ]
    )

    async def body(client, _):
        query = client.resource("customers", key="id").expand("contacts")
        table = await query.to_arrow(schema=schema)
        records = [one async for one in client.customers.expand("contacts")]
        assert table.schema.equals(schema)
        assert same(table, records)
        async with query.read() as read:
            batches = [one async for one in read.arrow_batches(schema=schema)]
        assert sum(one.num_rows for one in batches) == len(records)
        with pytest.raises(QueryError, match="leave schema out"):
            await client.customers.to_arrow(schema=schema)
        with pytest.raises(QueryError, match="'id' is double"):
            await query.to_arrow(schema=pa.schema([("id", pa.float64())]))
        named = client.resource("customers", key="reference")
        texts = pa.schema([("reference", pa.string())])
        with pytest.raises(PagingError, match="reference as a whole number"):
            await named.top(5).to_arrow(schema=texts)
        with pytest.raises(QueryError, match="the key 'id'"):
            await query.to_arrow(schema=pa.schema([("name", pa.string())]))

    on_sandbox(body)


def test_nothing_is_imported_before_it_is_used():
    """Importing the package, and reading records, imports no pyarrow."""
    program = "import sage200_async.catalog, sage200_async.paging.parallel, sys; "
    program += "assert not {'pyarrow', 'polars', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_pandas_is_not_imported_for_a_table():
    """`to_arrow()` and the columns of a read import no pandas, which stalls the loop.

    pyarrow imports it wherever an array is made of a list.
    """
    program = """
import asyncio, sys
from decimal import Decimal
from sage200_async import Sage200Client
from sage200_async.sandbox import Sandbox

async def main():
    async with Sandbox() as sandbox, Sage200Client(sandbox.settings) as client:
        table = await client.customers.to_arrow()
        assert table.num_rows and sum(table["balance"].to_pylist(), Decimal())
        async with client.customers.expand("contacts").read() as read:
            assert [batch.num_rows async for batch in read.arrow_batches()]
        assert (await client.customers.filter(id=-1).to_arrow()).num_rows == 0

asyncio.run(main())
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_package_without_pyarrow():
    """Importing what needs it says in one line what to install."""
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sage200_async.errors import MissingExtra\n"
        "try: import sage200_async.arrow\n"
        "except MissingExtra as error: print(error)"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == (
        "sage200_async.arrow needs pyarrow, which is not installed: "
        "pip install 'sage200-async[arrow]'\n"
    )


@pytest.mark.parametrize("library", ["pyarrow", "polars", "pandas"])
def test_a_missing_library(monkeypatch, library):
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, library, None)
    extra = {"pyarrow": "arrow"}.get(library, library)
    query = from_memory([])
    call = getattr(query, f"to_{extra}")
    with pytest.raises(MissingExtra, match=rf"pip install 'sage200-async\[{extra}\]'"):
        asyncio.run(call())
