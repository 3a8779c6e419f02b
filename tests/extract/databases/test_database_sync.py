"""A company in a sandbox, copied into a database over HTTP, again and again."""

import asyncio
from collections import Counter

from sage200_async import Sage200Client
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.rows import rows_of
from sage200_async.extract.sync import sync
from sage200_async.sandbox import Sandbox


def on_sandbox(body):
    async def main():
        async with (
            Sandbox(records={"customers": 700}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client)

    return asyncio.run(main())


async def source(client, extraction):
    """Read the company; return the rows of each table."""
    records = [record async for record in client.run(extraction.query)]
    return rows_of(extraction.tables, records)


def stored(database, extraction, *, deleted=False):
    """Return the rows of each table that are marked as deleted, or that are not."""
    rows_by_table = {}
    for table in extraction.tables:
        rows = database.rows(table)
        rows_by_table[table.name] = [
            row[:-1] for row in rows if (row[-1] is None) != deleted
        ]
    return rows_by_table


def test_a_copy_is_kept_in_step(database, helpers):
    """Each sync leaves what the company has, lists as tables; deletes are marked."""

    async def body(client):
        query = client.customers.expand("contacts").page_size(500)
        extraction = Extraction(name="customers", query=query, related="tables")
        await sync(client, extraction, database.sink(), workers=3)
        before = await source(client, extraction)
        assert len(before["customers"]) == 700
        assert before["customers__contacts"]
        same(helpers, extraction, before, stored(database, extraction))

        first, second = (row[0] for row in before["customers"][:2])
        await client.customers.delete(first)
        await client.customers.update(second, {"short_name": "Changed"})
        done = await sync(client, extraction, database.sink(), workers=3)
        after = await source(client, extraction)
        assert done.deleted == 1
        same(helpers, extraction, after, stored(database, extraction))
        gone = stored(database, extraction, deleted=True)
        assert [row[0] for row in gone["customers"]] == [first]

        watches = [
            helpers.WriteWatch(database, table.name) for table in extraction.tables
        ]
        sink, counted = database.sink(), []
        for watch in watches:
            watch.spy(sink, counted)
        again = await sync(client, extraction, sink, workers=3)
        assert again.read > 0
        assert not any(counted)
        assert all(watch.state() == watch.before for watch in watches)

    on_sandbox(body)


def same(helpers, extraction, one, other):
    """Check that the tables hold the same, to the last digit."""
    for table in extraction.tables:
        nested = [column.kind == "json" for column in table.columns]
        rows, expected = (
            Counter(
                tuple(
                    plain(helpers, value) if json else value for value, json in values
                )
                for values in (
                    zip(row, nested, strict=True) for row in side[table.name]
                )
            )
            for side in (one, other)
        )
        assert rows == expected


def plain(helpers, value):
    """Return JSON as its values, in the order of their names."""
    return repr(
        helpers.ordered(helpers.NUMBERS(value) if isinstance(value, str) else value)
    )


def test_a_resource_without_a_key(database, helpers):
    """A resource without a unique key is copied as it is, again and again."""

    async def body(client):
        query = client.nominal_period_value_views
        extraction = Extraction(name="rates", query=query)
        for _ in range(2):
            await export(client, extraction, database.sink())
            rows = await source(client, extraction)
            assert rows["rates"]
            same(helpers, extraction, rows, stored(database, extraction))

    on_sandbox(body)
