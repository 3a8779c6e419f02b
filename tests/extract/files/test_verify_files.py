"""A company in a sandbox, its export in each format, and what is altered in that."""

import asyncio
import gzip
import re

import pytest

from sage200_async import Sage200Client
from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract import Extraction, export, files_at, verify
from sage200_async.sandbox import Sandbox

FORMATS = [
    ("ndjson", {}),
    ("ndjson", {"compress": "gzip"}),
    ("ndjson", {"compress": "zstd", "nulls": True}),
    ("csv", {"bom": True}),
    ("csv", {"compress": "gzip", "neutralize_formulas": True}),
    ("csv", {"compress": "zstd"}),
    ("parquet", {}),
    ("arrow", {}),
]
TEXTS = ["=1+1", "", " ", 'say "hi"', "one\ntwo", "a,b", "-5", "'=1", "null", "\r\n"]


def on_sandbox(body):
    async def main():
        async with (
            Sandbox(records={"customers": 60, "sop_orders": 20}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client)

    return asyncio.run(main())


def customers(client, **options):
    query = client.customers.select("id", "name", "balance", "website")
    return Extraction(name="customers", query=query.expand("contacts"), **options)


@pytest.mark.parametrize(
    ("format", "options", "related"),
    [
        (*pair, related)
        for pair in FORMATS
        for related in ("json", "tables", "nested")
        if (pair[0], related) != ("csv", "nested")
    ],
)
def test_an_export_is_equal_to_its_source(tmp_path, format, options, related):
    """Whatever is in the texts, in each format and compression, and with each option."""

    async def body(client):
        for key, text in enumerate(TEXTS):
            customer = (await client.customers.top(60).skip(key).first()).id
            await client.customers.update(customer, {"website": text})
        extraction = customers(client, related=related)
        await export(client, extraction, files_at(tmp_path, format, **options))
        # The format is that of the manifest, whatever is asked for.
        return await verify(client, extraction, files_at(tmp_path, "ndjson"))

    result = on_sandbox(body)
    assert result.differences == ()
    assert result.equal
    assert result.tables[0].copy == 60


def altered(tmp_path, pattern, replacement, format="csv", count=1):
    """Export, alter a file, and verify it."""

    async def body(client):
        extraction = customers(client, related="tables")
        await export(client, extraction, files_at(tmp_path, format))
        path = tmp_path / f"customers.{format}"
        before = path.read_bytes()
        after = re.sub(pattern, replacement, before, count=count, flags=re.MULTILINE)
        assert after != before
        path.write_bytes(after)
        return await verify(client, extraction, files_at(tmp_path, format))

    return on_sandbox(body)


@pytest.mark.parametrize(
    ("pattern", "replacement", "wanted"),
    [
        (rb"^(\d+,[^,\n]*)", rb"\1 ", (1, 0, 0)),  # a blank after a name
        (rb"^(\d+,.*\n)", rb"\1\1", (0, 0, 1)),  # a row twice
        (rb"^\d+,.*\n", rb"", (0, 1, 0)),
        (rb"^(\d+)(,.*\n)", rb"\1\2\g<1>9999\2", (0, 0, 1)),
        (rb"^(\d+)(,.*\n)", rb"x\1\2", (0, 1, 1)),  # a key that is no number
        (rb"^(\d+,[^,\n]*),[^,\n]*", rb"\1,", (1, 0, 0)),  # null for a number
        (rb"^(\d+,[^,\n]*),[^,\n]*", rb"\1,0.01", (1, 0, 0)),
    ],
)
def test_each_alteration_of_a_row_is_found(tmp_path, pattern, replacement, wanted):
    """A changed value, a row twice, a row too few or too many: one difference each."""
    result = altered(tmp_path, pattern, replacement)
    assert (result.changed, result.missing, result.extra) == wanted
    assert not result.equal


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (rb"\n", rb"\r\n"),  # as an editor on Windows saves it
        (rb"^(\d+,[^,\n]*,[0-9]+\.[0-9]+)", rb"\g<1>00"),
    ],
)
def test_other_ways_to_write_the_same_are_no_difference(tmp_path, pattern, replacement):
    """Ends of lines, and zeros at the end of a number, are the same values."""
    assert altered(tmp_path, pattern, replacement, count=0).equal


def test_rows_in_another_order_are_no_difference(tmp_path):
    """Files may have been sorted since: their rows are compared by key."""

    async def body(client):
        extraction = customers(client, related="tables")
        await export(client, extraction, files_at(tmp_path, "ndjson"))
        for name in ("customers", "customers__contacts"):
            path = tmp_path / f"{name}.ndjson"
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(reversed(lines)))
        return await verify(client, extraction, files_at(tmp_path, "ndjson"))

    assert on_sandbox(body).equal


def test_a_column_that_is_missing_is_a_problem(tmp_path):
    """A header with another name is named; the other columns are compared."""
    result = altered(tmp_path, rb"balance", rb"Balance")
    assert result.problems == ("customers.csv: column balance is missing",)
    assert result.changed == 0
    assert not result.equal


def test_a_resource_without_a_key_is_compared_by_its_rows(tmp_path):
    """Without a key, a changed row is one too many and one too few."""

    async def body(client):
        query = client.sales_aged_debtor_detailed_views
        extraction = Extraction(name="debtors", query=query)
        await export(client, extraction, files_at(tmp_path, "csv"))
        before = await verify(client, extraction, files_at(tmp_path, "csv"))
        path = tmp_path / "debtors.csv"
        header, first, *rest = path.read_bytes().splitlines(keepends=True)
        changed = re.sub(rb"\d", b"7", first)
        path.write_bytes(b"".join([header, changed, *rest, rest[0]]))
        return before, await verify(client, extraction, files_at(tmp_path, "csv"))

    before, after = on_sandbox(body)
    assert before.equal
    assert (after.changed, after.missing, after.extra) == (0, 1, 2)
    kinds = [difference.kind for difference in after.differences]
    assert sorted(kinds) == ["extra", "extra", "missing"]


def test_what_cannot_be_compared_is_an_error(tmp_path):
    """No export, another query, other tables, a damaged file: each says what to do."""

    async def body(client):
        extraction = customers(client, related="tables")
        target = files_at(tmp_path, "csv")
        with pytest.raises(SinkError, match="no finished export of customers"):
            await verify(client, extraction, target)
        assert list(tmp_path.iterdir()) == []
        await export(client, extraction, files_at(tmp_path, "csv", compress="gzip"))
        with pytest.raises(SinkConflict, match="holds customers, customers__contacts"):
            await verify(client, customers(client), target)
        other = Extraction(
            name="customers",
            query=extraction.query.filter(on_hold=True),
            related="tables",
        )
        with pytest.raises(SinkConflict, match="that of another query"):
            await verify(client, other, target)
        path = tmp_path / "customers.csv.gz"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SinkError, match=r"csv\.gz: cannot be read: .*export it"):
            await verify(client, extraction, target)
        lines = gzip.decompress(whole).splitlines(keepends=True)
        lines[1] = b"1,2\n"
        path.write_bytes(gzip.compress(b"".join(lines)))
        with pytest.raises(SinkError, match="row 1 of the file has 2 values"):
            await verify(client, extraction, target)

    on_sandbox(body)


@pytest.mark.parametrize(
    "line", [b"no JSON\n", b"[1]\n", b"[" * 5000, b'{"id":"\xff"}']
)
def test_a_line_that_is_no_json_object_is_an_error(tmp_path, line):
    """A damaged NDJSON file is named, and not taken for rows that are missing."""

    async def body(client):
        extraction = customers(client)
        await export(client, extraction, files_at(tmp_path, "ndjson"))
        path = tmp_path / "customers.ndjson"
        path.write_bytes(path.read_bytes() + line)
        with pytest.raises(SinkError, match=r"customers\.ndjson: cannot be read"):
            await verify(client, extraction, files_at(tmp_path, "ndjson"))

    on_sandbox(body)


REWRITTEN = [
    ("*", 0),
    ("* REPLACE (CASE WHEN number = 7 THEN NULL ELSE name END AS name)", 1),
    (
        "* REPLACE (CASE WHEN number = 7 THEN balance + 1 ELSE balance END AS balance)",
        1,
    ),
    ("* REPLACE (balance::DOUBLE AS balance)", 0),
    ("* REPLACE (balance::FLOAT * 1.1 AS balance)", 60),
]


@pytest.mark.parametrize(("columns", "changed"), REWRITTEN)
def test_parquet_that_was_written_anew_is_compared_by_value(tmp_path, columns, changed):
    """Another program's Parquet of the same values is equal; each other value is seen."""
    duckdb = pytest.importorskip("duckdb")

    async def body(client):
        for key in range(60):  # a balance of 0 would stay 0
            customer = (await client.customers.top(60).skip(key).first()).id
            await client.customers.update(customer, {"credit_limit": key + 0.7})
        query = client.customers.select("id", "name", "credit_limit")
        extraction = Extraction(name="customers", query=query)
        await export(client, extraction, files_at(tmp_path, "parquet"))
        path = (tmp_path / "customers.parquet").as_posix()
        rows = (
            "(SELECT credit_limit AS balance, row_number() OVER () AS number, "
            f"* EXCLUDE (credit_limit) FROM '{path}')"
        )
        selected = f"SELECT {columns}, FROM {rows}"
        renamed = f"SELECT * RENAME (balance AS credit_limit) FROM ({selected})"
        with duckdb.connect() as database:
            database.execute(f"COPY ({renamed}) TO '{path}.new' (FORMAT parquet)")
        (tmp_path / "customers.parquet.new").replace(path)
        return await verify(client, extraction, files_at(tmp_path, "parquet"))

    result = on_sandbox(body)
    assert result.changed == changed
    assert result.equal == (not changed)


def test_fields_that_the_catalog_does_not_know_are_not_compared(tmp_path):
    """Lines have them as they came; whatever they hold, the copy can be read."""
    strange = b'"later":%b,"exponent":1E99999999999999999999,"id":' % (b"9" * 6000)

    async def body(client):
        extraction = customers(client)
        await export(client, extraction, files_at(tmp_path, "ndjson"))
        file = tmp_path / "customers.ndjson"
        file.write_bytes(file.read_bytes().replace(b'"id":', strange, 1))
        assert (await verify(client, extraction, files_at(tmp_path, "ndjson"))).equal

    on_sandbox(body)
