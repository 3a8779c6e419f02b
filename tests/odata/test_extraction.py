"""Exports and syncs end with every row, and mark none that lives as deleted."""

import json
import sqlite3
from contextlib import closing

import pytest

from sage200_async.extract import Extraction, database_at, export, files_at, sync
from sage200_async.extract.deletes import DeletePolicy

SERVICES = ["limit100", "limit300", "limit1000", "unlimited"]
ANY = DeletePolicy(max_fraction=1.0)


def customers(client):
    """Return the extraction of all customers."""
    return Extraction(
        name="customers",
        query=client.customers.select("id", "name", "date_time_updated"),
    )


class Copy:
    """A copy in SQLite, read by Python's own library."""

    def __init__(self, folder):
        self.file = folder / "copy.db"

    def target(self):
        return database_at(f"sqlite:///{self.file}")

    def select(self, sql):
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(sql).fetchall()

    def names(self):
        """Return the name of each row that is not marked as deleted, by its id."""
        return dict(
            self.select("SELECT id, name FROM customers WHERE _deleted_at IS NULL")
        )

    def deleted(self):
        """Return the ids of the rows that are marked as deleted."""
        sql = "SELECT id FROM customers WHERE _deleted_at IS NOT NULL ORDER BY id"
        return [id_ for (id_,) in self.select(sql)]


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@pytest.mark.parametrize(
    ("workers", "count"), [(4, 0), (2, 100), (1, 1250), (3, 1250), (8, 1250)]
)
def test_an_export_holds_every_record(server, source, tmp_path, workers, count):
    """A line for each, in the order of their keys, and a certificate of so many."""
    held = source(count)

    async def body(client, _):
        files = files_at(tmp_path / "out", "ndjson")
        return await export(client, customers(client), files, workers=workers)

    certificate = server.run(body)
    lines = (tmp_path / "out" / "customers.ndjson").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["id"], row["name"]) for row in rows] == [
        (key, row["name"]) for key, row in held.rows.items()
    ]
    assert certificate.records == count


def test_an_export_of_related_records_holds_theirs(
    server, source, order_lines, tmp_path
):
    """Each table is whole: that of the orders, and that of their lines."""
    codes = order_lines(source(700, "sop_orders"))

    async def body(client, _):
        query = client.sop_orders.select("id", "document_no").expand("lines")
        orders = Extraction(name="sop_orders", query=query, related="tables")
        await export(client, orders, files_at(tmp_path / "out", "ndjson"))

    server.run(body)
    lines = (tmp_path / "out" / "sop_orders__lines.ndjson").read_text("utf-8")
    stored = [json.loads(line)["code"] for line in lines.splitlines()]
    assert sorted(stored) == sorted(code for texts in codes.values() for code in texts)


@pytest.mark.parametrize("count", [1, 150, 1250])
def test_a_copy_is_kept_in_step(server, source, copy, count):
    """Rows are added, changed and deleted between syncs, also more than a page of them."""
    held = source(count)

    async def body(client, _):
        deleted = []
        for round_ in range(4):
            done = await sync(client, customers(client), copy.target(), deletes=ANY)
            assert copy.names() == held_names(held)
            assert copy.deleted() == sorted(deleted), round_
            assert done.watermark is not None
            gone = held.some(len(held.rows) // 20)
            held.delete(gone)
            deleted += gone
            held.change(held.some(count // 2))
            held.insert(7)
            held.serve()

    server.run(body)


def held_names(held):
    return {key: row["name"] for key, row in held.rows.items()}


@pytest.mark.parametrize("server", ["limit10", *SERVICES], indirect=True)
def test_rows_that_live_are_not_marked_as_deleted(server, source, copy):
    """Pages of ten cut short even the reply that confirms a few deletes."""
    held = source(400)
    keys = list(held.rows)

    async def body(client, _):
        await sync(client, customers(client), copy.target())
        held.delete(keys[:30] + keys[200:210])
        held.serve()
        done = await sync(client, customers(client), copy.target())
        assert done.deleted == 40

    server.run(body)
    assert copy.names() == held_names(held)
    assert copy.deleted() == keys[:30] + keys[200:210]


def test_a_page_limit_that_comes_later_deletes_nothing_that_lives(
    server, source, copy, cap
):
    """The copy was made without one; then it is put up to date."""
    held = source(450)
    keys = list(held.rows)
    gone = [*keys[10:25], *keys[430:440]]

    async def body(client, gateway):
        limited, gateway.upstream = gateway.upstream, f"{cap}/unlimited"
        await sync(client, customers(client), copy.target())
        gateway.upstream = limited
        held.delete(gone)
        held.change(held.some(300))
        held.serve()
        await sync(client, customers(client), copy.target())

    server.run(body)
    assert copy.deleted() == gone
    assert copy.names() == held_names(held)


def test_more_changes_than_a_page_are_all_copied(server, source, copy):
    """The watermark is no newer than what was read."""
    held = source(450)

    async def body(client, _):
        await sync(client, customers(client), copy.target())
        held.change(held.some(420))
        held.serve()
        for _ in range(2):
            await sync(client, customers(client), copy.target(), overlap=0)
            assert copy.names() == held_names(held)

    server.run(body)


def test_a_first_sync_that_is_stopped_goes_on(server, source, copy):
    """What was read stays; the rest is read, and the copy is whole."""
    held = source(1300)

    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.records >= 250:
            raise Stopped

    async def body(client, _):
        query = client.customers.select("id", "name", "date_time_updated").page_size(90)
        extraction = Extraction(name="customers", query=query)
        with pytest.raises(Stopped):
            await sync(client, extraction, copy.target(), workers=2, on_progress=stop)
        await sync(client, extraction, copy.target(), workers=5)

    server.run(body)
    assert copy.names() == held_names(held)
    assert copy.deleted() == []


def test_related_records_are_kept_in_step(server, source, order_lines, copy):
    """The lines of an order that is deleted or changed follow it."""
    held = source(420, "sop_orders")
    order_lines(held)

    async def body(client, _):
        query = client.sop_orders.select("id", "document_no", "date_time_updated")
        orders = Extraction(
            name="sop_orders", query=query.expand("lines"), related="tables"
        )
        await sync(client, orders, copy.target(), deletes=ANY)
        held.delete(held.some(60))
        held.change(held.rows)
        held.serve()
        codes = order_lines(held)
        await sync(client, orders, copy.target(), deletes=ANY)
        return codes

    codes = server.run(body)
    sql = "SELECT code FROM sop_orders__lines WHERE _deleted_at IS NULL"
    stored = sorted(code for (code,) in copy.select(sql))
    assert stored == sorted(code for texts in codes.values() for code in texts)
