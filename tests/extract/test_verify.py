"""A copy of many records compared with its source, and what verify reads."""

import asyncio
import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import LimitError, SinkError
from sage200_async.extract import Extraction, database_at, export, sync, verify
from sage200_async.sandbox import Sandbox

ROWS = 50_000 if os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"} else 10_000
GONE, MARKED, DELETED = ROWS * 2 // 5, ROWS * 3 // 5, ROWS * 4 // 5
LAST, NOBODY = ROWS - 1, ROWS + 10_000
FIELDS = ("id", "reference", "name", "balance", "on_hold", "date_time_updated")


def write_customers(folder: Path, count: int) -> None:
    """Write made-up customers as a sandbox reads them, each with two contacts."""
    with (folder / "customers.ndjson").open("w", encoding="utf-8") as file:
        for key in range(1, count + 1):
            contacts = [
                {"id": key * 10 + n, "name": f"Contact {n}", "is_default": n == 0}
                for n in range(2)
            ]
            customer = {
                "id": key,
                "reference": f"C{key:06}",
                "name": f"Customer {key}",
                "balance": key / 4,
                "on_hold": not key % 7,
                "date_time_updated": "2026-03-01T09:30:00.25Z",
                "contacts": contacts,
            }
            file.write(json.dumps(customer) + "\n")


def on_customers(folder: Path, count: int, body):
    """Run *body* with a client of a sandbox that has *count* customers."""
    write_customers(folder, count)

    async def main():
        async with (
            Sandbox(data=folder) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client, sandbox)

    return asyncio.run(main())


def alter(path: Path, *statements: str) -> None:
    """Alter a SQLite file behind the library's back."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def customers(client, related="tables"):
    query = client.customers.select(*FIELDS).expand("contacts")
    return Extraction(name="customers", query=query, related=related)


def test_each_planted_difference_is_found_among_all_rows(tmp_path):
    """One value, row, nested row and mark each, and nothing else, is reported."""
    path = tmp_path / "copy.db"
    target = f"sqlite:///{path}"

    async def body(client, sandbox):
        extraction = customers(client)
        await sync(client, extraction, database_at(target))
        before = await verify(client, extraction, database_at(target))
        await client.customers.delete(DELETED)
        alter(
            path,
            "UPDATE customers SET balance = '0.01' WHERE id = 17",
            f"DELETE FROM customers WHERE id = {GONE}",
            f"DELETE FROM customers__contacts WHERE _parent_key = {GONE}",
            "UPDATE customers SET _deleted_at = '2026-04-01T00:00:00.000000Z' "
            f"WHERE id = {MARKED}",
            f"INSERT INTO customers (id, name) VALUES ({NOBODY}, 'nobody')",
            "UPDATE customers__contacts SET name = 'Stale' "
            f"WHERE _parent_key = {LAST} AND _position = 1",
            "DELETE FROM customers__contacts WHERE _parent_key = 5 AND _position = 0",
            "INSERT INTO customers__contacts (_parent_key, _position, name) "
            "VALUES (6, 2, 'one too many')",
        )
        return before, await verify(client, extraction, database_at(target))

    before, after = on_customers(tmp_path, ROWS, body)
    assert before.equal
    assert [table.source for table in before.tables] == [ROWS, 2 * ROWS]
    assert [table.copy for table in before.tables] == [ROWS, 2 * ROWS]
    assert before.certificate.records == ROWS
    assert not after.equal
    own, nested = "customers", "customers__contacts"
    assert [(d.table, d.kind, d.key) for d in after.differences] == [
        (nested, "missing", (5, 0)),
        (nested, "extra", (6, 2)),
        (own, "changed", (17,)),
        (own, "missing", (GONE,)),
        (own, "marked deleted", (MARKED,)),
        (own, "extra", (DELETED,)),
        (nested, "changed", (LAST, 1)),
        (own, "extra", (NOBODY,)),
    ]
    assert (after.changed, after.missing, after.extra) == (2, 2, 3)
    assert after.marked_deleted == 1
    changes = [
        (change.column, str(change.source), str(change.copy))
        for difference in after.differences
        for change in difference.changes
    ]
    assert changes == [("balance", "4.25", "0.01"), ("name", "Contact 1", "Stale")]


def test_counts_are_of_all_differences_and_the_list_has_a_limit(tmp_path):
    """A column altered in each row is counted in full, and shown up to the limit."""
    path = tmp_path / "copy.db"

    async def body(client, sandbox):
        extraction = customers(client)
        await sync(client, extraction, database_at(f"sqlite:///{path}"))
        alter(path, "UPDATE customers SET name = name || ' '")
        copy = database_at(f"sqlite:///{path}")
        return [await verify(client, extraction, copy, limit=limit) for limit in (3, 0)]

    shown, silent = on_customers(tmp_path, 1200, body)
    assert [difference.key for difference in shown.differences] == [(1,), (2,), (3,)]
    assert shown.differences[0].changes[0].copy == "Customer 1 "
    assert silent.differences == ()
    assert shown.changed == silent.changed == 1200


@pytest.mark.parametrize("changed", [1, 450, 501])
@pytest.mark.parametrize("length", [0, 1650, 1770])
def test_however_many_rows_differ_they_are_all_read_again(tmp_path, changed, length):
    """Few are read by their keys, if these fit beside the condition; else all are."""
    path = tmp_path / "copy.db"

    async def body(client, sandbox):
        query = client.customers.select(*FIELDS)
        if length:
            query = query.filter(Customer.fields.name != "C" * length)
        extraction = Extraction(name="customers", query=query)
        await export(client, extraction, database_at(f"sqlite:///{path}"))
        alter(path, f"UPDATE customers SET balance = '0.001' WHERE id <= {changed}")
        copy = database_at(f"sqlite:///{path}")
        return await verify(client, extraction, copy, limit=1000)

    result = on_customers(tmp_path, 600, body)
    assert len(result.differences) == changed
    assert (result.changed, result.reread) == (changed, changed)


def test_a_stale_record_is_no_record_that_no_sync_would_see(tmp_path):
    """`behind` is true where the stamp has moved on, of nested rows as well."""
    path = tmp_path / "copy.db"
    target = f"sqlite:///{path}"

    async def body(client, sandbox):
        extraction = customers(client)
        await sync(client, extraction, database_at(target))
        await client.customers.update(3, {"name": "Changed at the source"})
        alter(
            path,
            "UPDATE customers SET name = 'Changed in the copy' WHERE id = 4",
            "UPDATE customers__contacts SET name = 'Old' WHERE _parent_key IN (3, 4)",
            "DELETE FROM customers WHERE id = 5",
        )
        result = await verify(client, extraction, database_at(target))
        few = client.customers.select("id", "name").expand("contacts")
        few = Extraction(name="customers", query=few, related="tables")
        return result, await verify(client, few, database_at(target))

    result, without_stamp = on_customers(tmp_path, 20, body)
    behind = [(difference.key, difference.behind) for difference in result.differences]
    assert behind == [
        ((3,), True),
        ((3, 0), True),
        ((3, 1), True),
        ((4,), False),
        ((4, 0), False),
        ((4, 1), False),
        ((5,), None),
    ]
    assert len(without_stamp.differences) == 7
    assert {difference.behind for difference in without_stamp.differences} == {None}


class WrittenMeanwhile:
    """A copy that someone else writes to before it is read for the second time."""

    def __init__(self, copy, write):
        self.copy, self.write, self.reads = copy, write, 0

    def reader(self):
        return self

    def reading(self, tables):
        self.reads += 1
        if self.reads == 2:
            self.write()
        return self.copy.reader().reading(tables)

    def as_stored(self, table, rows):
        return rows


def test_what_a_sync_copies_meanwhile_is_no_difference(tmp_path):
    """A row that differed at first, and is the same when read again, is not reported."""
    path = tmp_path / "copy.db"

    def copy_the_change():
        alter(path, "UPDATE customers SET name = 'Customer 3' WHERE id = 3")

    async def body(client, sandbox):
        extraction = customers(client)
        await sync(client, extraction, database_at(f"sqlite:///{path}"))
        alter(path, "UPDATE customers SET name = 'Old' WHERE id IN (3, 4)")
        copy = WrittenMeanwhile(database_at(f"sqlite:///{path}"), copy_the_change)
        return await verify(client, extraction, copy), copy.reads

    result, reads = on_customers(tmp_path, 20, body)
    assert [difference.key for difference in result.differences] == [(4,)]
    assert (result.changed, result.reread, result.unsettled) == (1, 2, 0)
    assert reads == 2


def test_what_never_settles_is_reported_as_such(tmp_path):
    """A row that changes between all readings is a difference that is not settled."""
    path = tmp_path / "copy.db"
    numbers = iter(range(100))

    class Restless(WrittenMeanwhile):
        def reading(self, tables):
            alter(path, f"UPDATE customers SET name = '{next(numbers)}' WHERE id = 3")
            return self.copy.reader().reading(tables)

    async def body(client, sandbox):
        extraction = customers(client)
        await sync(client, extraction, database_at(f"sqlite:///{path}"))
        copy = Restless(database_at(f"sqlite:///{path}"), None)
        return await verify(client, extraction, copy)

    result = on_customers(tmp_path, 20, body)
    assert (result.changed, result.unsettled) == (1, 1)


def test_a_company_that_is_written_to_meanwhile(tmp_path):
    """While others change, add and delete records, no other record is reported."""
    path = tmp_path / "copy.db"
    touched = set()

    async def write(client):
        for number in range(10_000):
            key = 1 + number * 7 % 400
            if key in deleted:
                continue
            touched.add(key)
            if number % 10:
                await client.customers.update(key, {"name": f"Name {number}"})
            else:
                deleted.add(key)
                await client.customers.delete(key)

    async def body(client, sandbox):
        extraction = Extraction(
            name="customers",
            query=client.customers.select(*FIELDS).page_size(50),
        )
        await sync(client, extraction, database_at(f"sqlite:///{path}"))
        writing = asyncio.ensure_future(write(client))
        results = []
        for _ in range(3):
            copy = database_at(f"sqlite:///{path}")
            results.append(await verify(client, extraction, copy, limit=500))
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        return results

    deleted = set()
    results = on_customers(tmp_path, 800, body)
    for result in results:
        assert {difference.key[0] for difference in result.differences} <= touched
        assert {d.key[0] for d in result.differences if d.kind == "extra"} <= deleted
        assert all(d.behind for d in result.differences if d.kind == "changed")
        assert result.missing == 0
    assert results[-1].differences


class Endless:
    """A copy without an end, whose reading cancels those who wait for it."""

    problems, query = (), None

    def __init__(self, cancel):
        self.cancel = cancel

    def reader(self):
        return self

    @contextlib.contextmanager
    def reading(self, tables):
        self.tables = tables
        yield self

    def rows(self, table):
        self.cancel()
        while True:
            yield []


def test_a_comparison_that_is_cancelled_reads_no_further(tmp_path):
    """The rest of a large copy is not read when nobody waits for it."""

    async def body(client, sandbox):
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        copy = Endless(lambda: loop.call_soon_threadsafe(task.cancel))
        with pytest.raises(asyncio.CancelledError):
            await verify(client, customers(client), copy)
        return task.uncancel()

    assert on_customers(tmp_path, 20, body) == 0


def test_nothing_is_written_or_created(tmp_path):
    """Neither the copy nor, where there is none, its file is touched."""
    path = tmp_path / "copy.db"

    async def body(client, sandbox):
        extraction = customers(client)
        with pytest.raises(SinkError, match="no such file; run `sage200 sync`"):
            await verify(client, extraction, database_at(f"sqlite:///{path}"))
        assert not path.exists()
        await sync(client, extraction, database_at(f"sqlite:///{path}"))
        alter(path, "UPDATE customers SET name = 'x' WHERE id = 4")
        before = path.read_bytes()
        requests = len(sandbox.requests)
        await verify(client, extraction, database_at(f"sqlite:///{path}"))
        assert path.read_bytes() == before
        other = database_at(f"sqlite:///{path}", "other_")
        with pytest.raises(SinkError, match="no table other_customers"):
            await verify(client, extraction, other)
        assert {sent.method for sent in sandbox.requests[requests:]} == {"GET"}

    on_customers(tmp_path, 20, body)


def test_a_negative_limit_is_refused(tmp_path):
    """The limit of differences is 0 or more."""

    async def body(client, sandbox):
        copy = database_at(f"sqlite:///{tmp_path}/copy.db")
        with pytest.raises(LimitError, match="limit must be 0 or more"):
            await verify(client, customers(client), copy, limit=-1)

    on_customers(tmp_path, 1, body)
