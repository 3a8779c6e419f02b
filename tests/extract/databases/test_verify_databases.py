"""A company in a sandbox, its copy in each database, and what is altered in that."""

import asyncio

import pytest

from sage200_async import Sage200Client
from sage200_async.errors import SinkError
from sage200_async.extract import Extraction, export, sync, verify
from sage200_async.sandbox import Sandbox


def on_sandbox(body):
    async def main():
        async with (
            Sandbox(records={"customers": 60, "sop_orders": 40}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client)

    return asyncio.run(main())


def orders(client, related):
    query = client.sop_orders.expand("lines", "customer").page_size(30)
    return Extraction(name="sop_orders", query=query, related=related)


def reported(result):
    return [
        (difference.table, difference.kind, *[c.column for c in difference.changes])
        for difference in result.differences
    ]


@pytest.mark.parametrize("related", ["json", "tables"])
def test_a_fresh_copy_is_equal(database, related):
    """Orders with their lines and their customer are in the copy as at the source."""

    async def body(client):
        extraction = orders(client, related)
        await sync(client, extraction, database.sink())
        return await verify(client, extraction, database.sink())

    result = on_sandbox(body)
    assert result.equal
    assert result.tables[0].source == result.tables[0].copy == 40
    assert (result.differences, result.reread) == ((), 0)
    assert result.certificate.proof.startswith("read by key, no gaps")


def test_what_is_planted_in_tables_is_found(database):
    """A value, a stale line, a line too few, a row and a mark: each is one difference."""

    async def body(client):
        extraction = orders(client, "tables")
        await sync(client, extraction, database.sink())
        ids = [
            key for (key,) in database.execute("SELECT id FROM sop_orders ORDER BY id")
        ]
        line = f"_parent_key = {ids[2]} AND _position = 0"
        for sql in (
            f"UPDATE sop_orders SET exchange_rate = 7 WHERE id = {ids[0]}",
            f"DELETE FROM sop_orders WHERE id = {ids[1]}",
            f"UPDATE sop_orders__lines SET line_quantity = line_quantity + 1 WHERE {line}",
            f"DELETE FROM sop_orders__lines WHERE _parent_key = {ids[3]}",
            f"UPDATE sop_orders SET _deleted_at = date_time_updated WHERE id = {ids[4]}",
            "INSERT INTO sop_orders (id) VALUES (999999999)",
        ):
            database.execute(sql)
        return await verify(client, extraction, database.sink())

    result = on_sandbox(body)
    own, lines = "sop_orders", "sop_orders__lines"
    missing = [row for row in reported(result) if row == (lines, "missing")]
    assert missing
    assert [row for row in reported(result) if row != (lines, "missing")] == [
        (own, "changed", "exchange_rate"),
        (own, "missing"),
        (lines, "changed", "line_quantity"),
        (own, "marked deleted"),
        (own, "extra"),
    ]
    [first, second] = result.tables
    assert (first.changed, first.missing, first.marked_deleted, first.extra) == (
        1,
        1,
        1,
        1,
    )
    assert (second.changed, second.missing, second.extra) == (1, len(missing), 0)


STALE = {
    "sqlite": "UPDATE sop_orders SET lines = json_set(lines, '$[0].line_quantity', 77)",
    "duckdb": "UPDATE sop_orders SET lines = json_merge_patch(lines, '[]')",
    "postgres": "UPDATE sop_orders SET lines = "
    "jsonb_set(lines, '{0,line_quantity}', '77')",
}


def test_a_stale_value_in_json_is_named_by_its_path(database):
    """Of related records as JSON, the innermost value is named that differs."""

    async def body(client):
        extraction = orders(client, "json")
        await sync(client, extraction, database.sink())
        [(key,)] = database.execute("SELECT min(id) FROM sop_orders")
        database.execute(f"{STALE[database.kind]} WHERE id = {key}")
        return await verify(client, extraction, database.sink())

    result = on_sandbox(body)
    [difference] = result.differences
    column = "lines" if database.kind == "duckdb" else "lines[0].line_quantity"
    assert [change.column for change in difference.changes] == [column]
    assert result.changed == 1


def test_columns_that_were_altered_are_problems(database):
    """A column that is missing, or of another type, is named; the others are compared."""

    async def body(client):
        query = client.customers.select("id", "name", "balance", "reference")
        extraction = Extraction(name="customers", query=query)
        await export(client, extraction, database.sink())
        database.execute("ALTER TABLE customers DROP COLUMN reference")
        database.execute("ALTER TABLE customers RENAME COLUMN balance TO old")
        database.execute("ALTER TABLE customers ADD COLUMN balance text")
        database.execute("ALTER TABLE customers ADD COLUMN my_own text")
        return await verify(client, extraction, database.sink())

    result = on_sandbox(body)
    assert not result.equal
    retyped, missing = result.problems
    assert "table customers: column balance is" in retyped
    assert missing == "table customers: column reference is missing"
    assert result.changed == 60
    assert {c.column for d in result.differences for c in d.changes} == {"balance"}


def test_rows_of_a_resource_without_a_key_are_counted(database):
    """Equal rows are compared by how many there are; a changed row is two rows."""

    async def body(client):
        query = client.sales_aged_debtor_detailed_views
        extraction = Extraction(name="debtors", query=query)
        await export(client, extraction, database.sink())
        before = await verify(client, extraction, database.sink())
        [columns] = extraction.tables
        names = ", ".join(f'"{column.name}"' for column in columns.columns)
        one = f"SELECT {names} FROM debtors ORDER BY {names} LIMIT 1"
        for _ in range(2):
            database.execute(f"INSERT INTO debtors ({names}) {one}")
        return before, await verify(client, extraction, database.sink())

    before, after = on_sandbox(body)
    assert before.equal
    assert before.tables[0].source > 0
    assert reported(before) == []
    assert (after.extra, after.missing, after.changed) == (2, 0, 0)
    assert [(d.kind, d.key) for d in after.differences] == [("extra", ())] * 2
    assert after.differences[0].changes[0].source is None
    assert after.differences[0].changes[0].copy is not None


def test_a_copy_that_is_missing_is_an_error(database):
    """Where there is no table, nothing is compared, and nothing is created."""

    async def body(client):
        extraction = Extraction(name="customers", query=client.customers)
        await sync(client, extraction, database.sink())
        other = Extraction(name="others", query=client.customers)
        with pytest.raises(SinkError, match="no table others; run `sage200 sync`"):
            await verify(client, other, database.sink())
        database.execute("ALTER TABLE customers RENAME COLUMN id TO identity")
        with pytest.raises(SinkError, match="no column id, which is its key"):
            await verify(client, extraction, database.sink())

    on_sandbox(body)


def test_a_time_without_end_is_not_null(database):
    """What a database holds and Python does not is read as no other value."""

    async def body(client):
        query = client.customers.select("id", "spare_date_1")
        extraction = Extraction(name="customers", query=query)
        await export(client, extraction, database.sink())
        nulls = "spare_date_1 IS NULL"
        [(count,)] = database.execute(f"SELECT count(*) FROM customers WHERE {nulls}")
        database.execute(
            f"UPDATE customers SET spare_date_1 = 'infinity' WHERE {nulls}"
        )
        return count, await verify(client, extraction, database.sink())

    count, result = on_sandbox(body)
    assert count
    assert result.changed == count
    assert {change.source for d in result.differences for change in d.changes} == {None}
