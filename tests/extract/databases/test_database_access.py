"""PostgreSQL by those who may do little, and through a pool of connections."""

import contextlib
import itertools
import operator
import threading
from decimal import Decimal

import pytest

from sage200_async.errors import SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.databases import sink as database_sink
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.key_ranges import KeyRange

ROLES = itertools.count()
pytestmark = pytest.mark.parametrize("kind", ["postgres"])


@pytest.fixture
def role(database, helpers):
    """Return a function to the same database for a new role with some rights only."""

    def with_rights(*rights):
        name = f"role_{next(ROLES)}"
        here = database.url.rpartition("/")[2]
        database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'hush-{name}'")
        for text in ("ALL ON SCHEMA public", f"ALL ON DATABASE {here}"):
            database.execute(f"REVOKE {text} FROM PUBLIC")
        rights = ("USAGE ON SCHEMA public", f"CONNECT ON DATABASE {here}", *rights)
        for right in rights:
            database.execute(f"GRANT {right} TO {name}")
        url = database.url.replace("sage:hush-postgres", f"{name}:hush-{name}")
        return helpers.PostgresDatabase("postgres", url)

    return with_rights


def test_a_schema_that_exists_is_enough(database, helpers, role):
    """A user who may not create schemas uses one that is there; a missing one is refused."""
    database.execute("CREATE SCHEMA north")
    user = role("USAGE, CREATE ON SCHEMA north")
    helpers.snapshot(user, [helpers.order(1)], prefix="north.")
    helpers.merge(user, [helpers.order(2)], prefix="north.")
    rows = database.execute("SELECT id FROM north.orders ORDER BY id")
    assert rows == [(1,), (2,)]
    with pytest.raises(SinkError, match="permission denied for database"):
        helpers.snapshot(user, [helpers.order(1)], prefix="south.")


def test_who_may_only_write_into_tables_can_sync(database, helpers, role, monkeypatch):
    """A user who may create nothing, not even temporary tables, fills tables that exist."""
    monkeypatch.setattr(database_sink, "ROWS", 1)
    helpers.snapshot(database, [helpers.order(9)])
    user = role("SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public")
    lines = [(1, 0, Decimal(1)), (2, 0, None)]
    helpers.snapshot(user, [helpers.order(1), helpers.order(2)], lines)
    with contextlib.closing(user.sink()) as sink:
        sink.open([helpers.OWN, helpers.LINES])
        sink.merge({"orders": [helpers.order(3)]})
        sink.mark_deleted([1], 0.0)
        sink.metadata("watermark", "late")
        sink.begin(helpers.STARTED)
        sink.write(helpers.upto(5), {"orders": [helpers.order(5)]})
    with contextlib.closing(user.sink()) as sink:
        assert sink.open([helpers.OWN, helpers.LINES]).records == 5
        sink.discard()
    assert sorted(row[0] for row in database.rows(helpers.OWN)) == [1, 2, 3]
    wider = Table("orders", (*helpers.OWN.columns, Column("new", "text")), ("id",))
    with pytest.raises(SinkError, match="must be owner of table orders"):
        user.sink().open([wider, helpers.LINES])
    helpers.snapshot(user, [helpers.order(1)], lines[:1], replace=True)
    assert sorted(row[0] for row in database.rows(helpers.OWN)) == [1]


@pytest.fixture
def pool(database, pgbouncer, helpers):
    """Return the same database through PgBouncer."""
    url = pgbouncer.url(database.url.rpartition("/")[2])
    pool = helpers.PostgresDatabase("postgres", url)
    helpers.fill_pool(pool)
    return pool


def test_each_transaction_has_another_connection(pool):
    """The pool does change connections, so that these tests can fail."""
    with contextlib.closing(pool.connect()) as connection:
        connection.prepare_threshold = None
        asked = [connection.execute("SELECT pg_backend_pid()") for _ in range(6)]
        pids = [cursor.fetchone()[0] for cursor in asked]
    assert len(set(pids)) == 3
    assert all(map(operator.ne, pids, pids[1:]))


def test_reads_go_through_a_pool(pool, database, helpers, monkeypatch):
    """A read that is staged, broken off and resumed is the same through PgBouncer."""
    monkeypatch.setattr(database_sink, "ROWS", 2)
    started = Checkpoint(query="orders", bounds=KeyRange(0, 40))
    for half in (0, 20):
        with contextlib.closing(pool.sink()) as sink:
            checkpoint = sink.open([helpers.OWN, helpers.LINES])
            if checkpoint is None:
                sink.begin(started)
            for key in range(half + 1, half + 21):
                rows = {
                    "orders": [helpers.order(key)],
                    "orders__lines": [(key, 0, None)],
                }
                sink.write(helpers.upto(key, key - 1), rows)
            if half:
                sink.commit(helpers.certificate(40))
    rows = helpers.read_back([helpers.order(key) for key in range(1, 41)])
    assert sorted(database.rows(helpers.OWN)) == rows
    assert len(database.rows(helpers.LINES)) == 40
    assert database.execute("SELECT count(*) FROM _sage200_orders") == [(0,)]


def test_many_go_through_a_pool_at_once(pool, database, helpers):
    """Several resources at once through PgBouncer: none sees what is another's."""
    failures = []

    def run(number):
        table = Table(f"things_{number}", helpers.OWN.columns, ("id",))
        try:
            with contextlib.closing(pool.sink()) as sink:
                sink.open([table])
                for key in range(1, 11):
                    sink.merge({table.name: [helpers.order(key * 10 + number)]})
                    sink.metadata("watermark", str(key))
                    keys = [k * 10 + number for k in range(1, key + 1)]
                    assert list(sink.keys()) == keys
        except (SinkError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for number in range(5):
        count = f"SELECT count(*), max(id) FROM things_{number}"
        assert database.execute(count) == [(10, 100 + number)]
