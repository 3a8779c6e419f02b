"""A company in a sandbox, copied into a database through the wire, again and again."""

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
    """Read the company; give the rows of each table."""
    records = [each async for each in client.run(extraction.query)]
    return rows_of(extraction.tables, records)


def held(place, extraction, *, deleted=False):
    """Give the rows of each table that are marked as deleted, or those that are not."""
    found = {}
    for table in extraction.tables:
        rows = place.rows(table)
        found[table.name] = [row[:-1] for row in rows if (row[-1] is None) != deleted]
    return found


def test_a_copy_is_kept_in_step(place, lab):
    """Each sync leaves what the company has, members as tables; deletes are marked."""

    async def body(client):
        query = client.customers.expand("contacts").page_size(500)
        extraction = Extraction(name="customers", query=query, related="tables")
        await sync(client, extraction, place.sink(), workers=3)
        before = await source(client, extraction)
        assert len(before["customers"]) == 700
        assert before["customers__contacts"]
        same(lab, extraction, before, held(place, extraction))

        first, second = (row[0] for row in before["customers"][:2])
        await client.customers.delete(first)
        await client.customers.update(second, {"short_name": "Changed"})
        done = await sync(client, extraction, place.sink(), workers=3)
        after = await source(client, extraction)
        assert done.deleted == 1
        same(lab, extraction, after, held(place, extraction))
        gone = held(place, extraction, deleted=True)
        assert [row[0] for row in gone["customers"]] == [first]

        watches = [lab.EventTransport(place, table.name) for table in extraction.tables]
        sink, counted = place.sink(), []
        for watch in watches:
            watch.spy(sink, counted)
        again = await sync(client, extraction, sink, workers=3)
        assert again.read > 0
        assert not any(counted)
        assert all(watch.state() == watch.before for watch in watches)

    on_sandbox(body)


def same(lab, extraction, one, other):
    """Check that the tables hold the same, to the last digit."""
    for table in extraction.tables:
        nested = [column.kind == "json" for column in table.columns]
        found, expected = (
            Counter(
                tuple(plain(lab, value) if json else value for value, json in cells)
                for cells in (zip(row, nested, strict=True) for row in side[table.name])
            )
            for side in (one, other)
        )
        assert found == expected


def plain(lab, value):
    """Show a member by its values, in the order of their names."""
    return repr(lab.ordered(lab.NUMBERS(value) if isinstance(value, str) else value))


def test_a_resource_without_a_key(place, lab):
    """What has no unique key is copied whole, and again as it is then."""

    async def body(client):
        query = client.nominal_period_value_views
        extraction = Extraction(name="rates", query=query)
        for _ in range(2):
            await export(client, extraction, place.sink())
            rows = await source(client, extraction)
            assert rows["rates"]
            same(lab, extraction, rows, held(place, extraction))

    on_sandbox(body)
