"""Changes as a feed: what comes, what comes again, what it costs, who may feed."""

import asyncio
import os
import sqlite3
import stat
import time
from contextlib import closing, suppress
from datetime import timedelta
from weakref import WeakSet

import pytest
from stamped_company import OVERLAP, STAMP, Scenario

from sage200_async import Sage200Client
from sage200_async.errors import (
    ConnectError,
    ExtractError,
    Forbidden,
    LeaseLost,
    LimitError,
    QueryError,
    SettingsError,
    SinkConflict,
    SinkError,
)
from sage200_async.extract.databases import sqlite
from sage200_async.extract.feed.poll import Source
from sage200_async.extract.feed.state import FeedState
from sage200_async.settings import Settings
from sage200_async.wire.messages import Response


class State:
    """A state in a SQLite file, a company, and a feed of it."""

    def __init__(self, folder):
        self.path = folder / "state.db"
        self.scenario = Scenario(None)
        self.company, self.server = self.scenario.company, self.scenario.server
        self.run = self.scenario.loop.run

    def feed(self, query=None, **options):
        options = {
            "overlap": OVERLAP,
            "once": True,
            "sweep_every": 0,
            "max_deleted": 1,
        } | options
        query = self.scenario.query if query is None else query
        return query.changes(state=f"sqlite:///{self.path.as_posix()}", **options)

    def read(self, *, ack=True, most=None, **options):
        """Return what comes, as kind, key and name."""

        async def read():
            seen = []
            async with self.feed(**options) as feed:
                async for change in feed:
                    if len(seen) == most:
                        break
                    name = None if change.record is None else change.record.name
                    seen.append((change.kind, change.key, name))
                    if ack:
                        await change.ack()
            return seen

        return self.run(read())

    def sql(self, statement):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path)
    yield state
    state.scenario.close()


def test_kinds(state):
    """A record is created, updated, deleted, and created again."""
    key = state.scenario.insert(1, "new")
    assert state.read() == [("created", key, "new")]
    state.scenario.passes(hours=1)
    state.scenario.change(key, "changed")
    assert state.read() == [("updated", key, "changed")]
    row = state.company.rows.pop(key)
    assert state.read() == [("deleted", key, "changed")]
    state.company.rows[key] = row
    assert state.read() == [("created", key, "changed")]
    assert state.read() == []


def test_what_is_not_acknowledged_comes_again(state):
    """It comes in every run until it is acknowledged, as it is by then."""
    key = state.scenario.insert(1, "a")
    assert state.read(ack=False) == [("created", key, "a")]
    state.scenario.change(key, "b", minutes=-1)
    assert state.read(ack=False)[-1] == ("created", key, "b")
    assert state.read() == [("created", key, "b")]
    assert state.read() == []


def test_a_change_that_is_taken_back(state):
    """A consumer that was killed with the newer version is given the older one again."""
    key = state.scenario.insert(1, "old")
    state.read()
    backup = state.scenario.backup()
    state.scenario.passes(hours=1)
    state.scenario.change(key, "new")
    assert state.read(ack=False) == [("updated", key, "new")]
    state.company.rows = backup
    assert state.read(ack=False)[-1] == ("updated", key, "old")
    assert state.read() == [("updated", key, "old")]


def test_one_that_was_handed_out_and_is_gone(state):
    """Its delete comes, though nobody acknowledged that it was created."""
    key = state.scenario.insert(2, "a")
    state.read(ack=False)
    del state.company.rows[key]
    assert ("deleted", key, "a") in state.read(ack=False)
    assert ("deleted", key, "a") in state.read()
    assert state.read() == []


def test_the_older_of_two_acknowledged_late(state):
    """Acknowledging a version after a newer one came does not bring back the older."""
    key = state.scenario.insert(1, "a")

    async def work():
        async with state.feed(once=False, every=0) as feed:
            older = await anext(feed)
            state.scenario.change(key, "b", minutes=-1)
            newer = await anext(feed)
            await newer.ack()
            await older.ack()
            return newer.record.name

    assert state.run(work()) == "b"
    assert state.read() == []


def test_only_the_older_of_two_acknowledged(state):
    """The newer one comes again."""
    key = state.scenario.insert(1, "a")

    async def work():
        async with state.feed(once=False, every=0) as feed:
            older = await anext(feed)
            state.scenario.change(key, "b", minutes=-1)
            await anext(feed)
            await older.ack()

    state.run(work())
    assert state.read() == [("created", key, "b")]


def test_many_in_one_transaction(state):
    """A feed acknowledges a batch at once, of more than a page."""
    state.scenario.insert(1200, "a")

    async def work():
        async with state.feed() as feed:
            changes = [change async for change in feed]
            await feed.ack(changes)
            return [change.key for change in changes]

    keys = state.run(work())
    assert keys == sorted(state.company.rows)
    assert state.read() == []


def test_without_a_snapshot(state):
    """Only what happens after the state was made comes."""
    state.scenario.insert(3, "a")
    assert state.read(snapshot=False) == []
    state.scenario.passes(hours=1)
    key = state.scenario.insert(1, "later")
    first = min(state.company.rows)
    del state.company.rows[first]
    assert state.read(snapshot=False) == [
        ("deleted", first, "a"),
        ("created", key, "later"),
    ]


def test_without_a_snapshot_of_nothing(state):
    """The first record of a resource that was empty comes."""
    assert state.read(snapshot=False) == []
    key = state.scenario.insert(1, "first")
    assert state.read(snapshot=False) == [("created", key, "first")]


def test_a_copy_that_takes_longer_than_the_lease(state):
    """A process that waits for the lock of its state meanwhile has the lease still."""
    state.scenario.insert(1, "a")

    async def work():
        async with state.feed(lease=1) as feed:
            change = await anext(feed)
            with closing(sqlite3.connect(state.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                acknowledging = asyncio.create_task(change.ack())
                await asyncio.sleep(1.5)
                other.execute("COMMIT")
            await acknowledging

    state.run(work())
    assert state.read() == []


def test_a_copy_that_was_lost(state):
    """What is gone when the copy is built anew is deleted for the consumer, too."""
    key = state.scenario.insert(3, "a")
    state.read()
    state.sql("DROP TABLE changes_customers")
    del state.company.rows[key]
    assert state.read() == [("deleted", key, None)]
    assert state.read() == []


def test_a_company_that_is_emptied_while_the_copy_is_lost(state):
    """The deletes come, though the new copy is empty."""
    keys = [state.scenario.insert(1, "a") for _ in range(3)]
    state.read()
    state.sql("DROP TABLE changes_customers")
    state.company.rows.clear()
    assert state.read() == [("deleted", key, None) for key in keys]


def test_more_fields(state):
    """A wider query reads all records again, and delivers those that differ."""
    key = state.scenario.insert(1, "a")
    state.read()
    wider = state.scenario.query.select("on_hold")
    assert state.read(query=wider, sweep_every=1e9) == [("updated", key, "a")]
    assert state.read(query=wider, sweep_every=1e9) == []


def test_another_company(state):
    """A state of one company serves no other."""
    state.scenario.insert(1, "a")
    state.read()
    other = Sage200Client(Settings(site="s", company=2), transport=state.server)
    query = other.customers.select("id", "name", STAMP)
    with pytest.raises(SinkConflict, match="of another query: its company is '1'"):
        state.read(query=query)


def test_a_poll_without_a_change(state):
    """It costs two requests, and nothing is acknowledged anew."""
    state.scenario.insert(30, "a")
    state.scenario.passes(hours=5)
    state.scenario.insert(2, "b")
    state.read()
    state.server.requests = []
    assert state.read(sweep_every=3600) == []
    assert len(state.server.requests) == 2


def test_a_quiet_poll_that_lacks_the_newest_record(state):
    """An answer without the record of the newest stamp is not taken for no change."""
    state.scenario.insert(3, "a")
    state.read()

    def view(options, rows):
        return [] if f"{STAMP} ge" in options.get("$filter", "") else rows

    with state.scenario.lying(view=view):
        state.server.requests = []
        with pytest.raises(Exception, match="lacks record"):
            state.read(sweep_every=3600)
    assert len(state.server.requests) > 3


def test_errors_that_pass(state, caplog):
    """A poll that fails is logged and repeated; after a time its error is raised."""
    state.scenario.insert(1, "a")
    honest = state.server.send
    failures = iter([True, True, False])

    async def send(request):
        if request.path == "customers" and next(failures, False):
            raise ConnectError("no route to host", request=request)
        return await honest(request)

    async def broken(request):
        raise ConnectError("no route to host", request=request)

    async def work(**options):
        async with state.feed(once=False, every=0, **options) as feed:
            change = await anext(feed)
            await change.ack()
            return change.kind

    state.server.send = send
    assert state.run(work()) == "created"
    assert "the poll failed: " in caplog.text
    state.server.send = broken
    with pytest.raises(ConnectError):
        state.run(work(give_up_after=0))


def test_the_lease(state):
    """While one has it, another waits; once it is given up, the other feeds."""
    state.scenario.insert(1, "a")

    async def work():
        async with state.feed(lease=1) as first:
            change = await anext(first)
            second = state.feed(lease=1)
            async with second:
                waiting = asyncio.create_task(anext(second))
                await asyncio.sleep(0.5)
                assert not waiting.done()
                await change.ack()
                await first.__aexit__(None, None, None)
                with pytest.raises(StopAsyncIteration):
                    await waiting

    state.run(work())


def test_one_that_slept_past_its_lease(state, monkeypatch):
    """Neither its acknowledgement nor its next change counts, and it says so."""
    state.scenario.insert(2, "a")
    clock = time.time

    async def work():
        async with state.feed(lease=60) as feed:
            change = await anext(feed)
            monkeypatch.setattr(time, "time", lambda: clock() + 61)
            with pytest.raises(LeaseLost, match="open the feed anew"):
                await change.ack()
            with pytest.raises(LeaseLost):
                await anext(feed)

    state.run(work())
    monkeypatch.undo()
    assert len(state.read()) == 2


def test_another_that_took_over(state):
    """The first one's acknowledgement is refused in its own transaction."""
    key = state.scenario.insert(1, "a")

    async def work():
        async with state.feed() as feed:
            change = await anext(feed)
            state.sql("UPDATE _sage200_lease SET lease_owner = 'another'")
            with pytest.raises(LeaseLost):
                await change.ack()

    state.run(work())
    assert state.sql("SELECT lease_owner FROM _sage200_lease") == [("another",)]
    state.sql("DELETE FROM _sage200_lease")
    assert state.read() == [("created", key, "a")]


def test_a_lease_is_renewed(state):
    """A consumer that works longer than a lease lasts keeps it."""
    state.scenario.insert(1, "a")

    async def work():
        async with state.feed(lease=1) as feed:
            change = await anext(feed)
            await asyncio.sleep(1.5)
            await change.ack()

    state.run(work())
    assert state.read() == []


def test_several_resources(state):
    """One feed has the changes of all, each by its name."""
    state.scenario.insert(2, "a")
    client = state.scenario.client
    with pytest.raises(QueryError, match="customers is named twice"):
        client.changes(client.customers, client.customers, state="sqlite:///x.db")
    with pytest.raises(QueryError, match="at least one resource"):
        client.changes(state="sqlite:///x.db")


def test_nobody_else_reads_the_state(state):
    """The file with whole records is its owner's alone."""
    state.scenario.insert(1, "a")
    state.read()
    if os.name == "posix":
        assert stat.S_IMODE(state.path.stat().st_mode) == 0o600
    assert state.path.exists()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"every": -1}, LimitError, "every must be at least 0, got -1"),
        ({"lease": 0}, LimitError, "lease must be at least 1, got 0"),
        ({"max_deleted": 2}, LimitError, "at least 0 and at most 1, got 2"),
        ({"workers": 0}, LimitError, "workers must be at least 1"),
        ({"interval": 5}, QueryError, "no option 'interval'; it has every, overlap"),
        ({"state": "duckdb:///x"}, SettingsError, "cannot be shared by processes"),
        ({"state": "state.db"}, SettingsError, "sqlite:///path"),
    ],
)
def test_wrong_options(state, options, error, message):
    """What no feed can be made with is refused before anything is done."""
    options = {"state": "sqlite:///state.db"} | options
    with pytest.raises(error, match=message):
        state.scenario.query.changes(**options)


def test_what_cannot_be_watched(state):
    """An order, a top, no key and no stamps are refused, with a way on."""
    query, client = state.scenario.query, state.scenario.client
    with pytest.raises(QueryError, match="order"):
        state.feed(query.order_by("name"))
    with pytest.raises(QueryError, match="top"):
        state.feed(query.top(5))
    unstamped = client.resource("customers/1/contacts")
    with pytest.raises(QueryError):
        state.feed(unstamped)


def test_a_feed_that_is_not_open(state):
    """It says so, before and after its block; and it is entered once."""
    state.scenario.insert(1, "a")

    async def work():
        feed = state.feed()
        with pytest.raises(QueryError, match="use it in 'async with'"):
            await anext(feed)
        async with feed:
            change = await anext(feed)
            with pytest.raises(QueryError, match="the feed is open"):
                await feed.__aenter__()
        for acknowledged in ([change], []):
            with pytest.raises(LeaseLost, match="the feed is closed"):
                await feed.ack(acknowledged)

    state.run(work())


def test_an_acknowledgement_before_the_first_change(state):
    """Of nothing that was handed out here, it is none, and takes no lease."""
    state.scenario.insert(1, "a")

    async def work():
        async with state.feed() as feed:
            change = await anext(feed)
        async with state.feed() as feed:
            await feed.ack([])
            await feed.ack([change])
            assert (await anext(feed)).key == change.key

    state.run(work())


def test_a_state_of_another_version(state):
    """Tables with other columns are not written to."""
    state.sql("CREATE TABLE _sage200_acked (acked_key BIGINT)")
    with pytest.raises(SinkError, match="made by another version of sage200_async"):
        state.read()


def test_a_database_that_is_away_for_a_while(state):
    """The next call connects anew."""
    held = FeedState(f"sqlite:///{state.path.as_posix()}", 60)
    assert held.acquire()
    held._engine.disconnect()
    with pytest.raises(SinkError):
        held.renew()
    held.renew()
    held.release()


def test_what_it_cannot_see(state):
    """`explain()` names what is compared, how often, and what no feed sees."""
    text = state.feed(state.scenario.query.expand("contacts"), every=15).explain()
    assert "Every 15 s" in text
    assert f"customers: key and {STAMP}" in text
    assert "several changes of a record between two polls" in text
    assert "moves no stamp of customers" in text


def test_stamps_that_are_equal(state):
    """Two changes under one stamp, one of them seen, are both delivered once swept."""
    first = state.scenario.insert(1, "a")
    state.read()
    second = state.scenario.insert(1, "b")
    assert state.company.rows[first][STAMP] == state.company.rows[second][STAMP]
    assert state.read(sweep_every=1e9) == [("created", second, "b")]


def test_a_late_commit(state):
    """A record with an older stamp than the overlap reaches back comes with the sweep."""
    state.scenario.insert(1, "a")
    state.read()
    stamp = state.server.now - timedelta(days=9)
    key = state.scenario.insert(1, "late", stamp=stamp)
    assert state.read(sweep_every=1e9) == []
    assert state.read() == [("created", key, "late")]


def test_a_first_poll_that_fails_after_its_copy(state, monkeypatch):
    """What the copy has is handed out all the same, once a poll succeeds."""
    key = state.scenario.insert(1, "a")
    stored = Source.poll

    async def fails(self):
        monkeypatch.setattr(Source, "poll", stored)
        await stored(self)
        raise ConnectError("no route to host")

    monkeypatch.setattr(Source, "poll", fails)

    async def work():
        async with state.feed(once=False, every=0, sweep_every=1e9) as feed:
            change = await anext(feed)
            await change.ack()
            return change.kind, change.key

    assert state.run(work()) == ("created", key)


@pytest.mark.parametrize("number", range(1, 14))
def test_a_wait_that_is_cancelled(number, state):
    """Wherever it is cancelled, the next wait brings what there is."""
    state.scenario.insert(3, "a")
    honest, count = state.server.send, iter(range(1, 100))

    async def send(request):
        if next(count, 100) == number:
            await asyncio.sleep(60)
        return await honest(request)

    state.server.send = send

    async def work():
        async with state.feed(once=False, every=0) as feed:
            first = asyncio.ensure_future(anext(feed))
            await asyncio.wait([first], timeout=0.3)
            first.cancel()
            with suppress(asyncio.CancelledError):
                await first
            seen = set() if first.cancelled() else {first.result().key}
            while len(seen) < 3:
                seen.add((await anext(feed)).key)
            return seen

    assert state.run(work()) == set(state.company.rows)


def test_a_wait_that_is_cancelled_at_its_beginning(state):
    """What an earlier process left comes all the same."""
    state.scenario.insert(3, "a")
    state.read(ack=False)

    async def work():
        async with state.feed(once=False, every=0) as feed:
            first = asyncio.ensure_future(anext(feed))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return [(await anext(feed)).key for _ in range(3)]

    assert state.run(work()) == sorted(state.company.rows)


def test_an_acknowledgement_beside_a_newer_change(state):
    """It does not hide that the newer one was handed out."""
    state.scenario.insert(3, "a")
    key = state.scenario.insert(1, "b")
    state.read()
    row = state.company.rows.pop(key)

    async def work():
        async with state.feed(once=False, every=0) as feed:
            deleted = await anext(feed)
            state.company.rows[key] = row
            restored = asyncio.ensure_future(anext(feed))
            while not restored.done():
                await deleted.ack()
                await asyncio.sleep(0)
            return deleted.kind, restored.result().kind

    assert state.run(work()) == ("deleted", "created")
    del state.company.rows[key]
    assert state.read()[-1][:2] == ("deleted", key)


def test_a_copy_that_was_lost_and_lacks_most(state):
    """No mass of deletes is handed out, as no sync would mark one."""
    state.scenario.insert(40, "a")
    state.read()
    state.sql("DROP TABLE changes_customers")
    state.company.hidden = set(list(state.company.rows)[4:])
    with pytest.raises(ExtractError, match="36 of 40 records that were handed out"):
        state.read(max_deleted=0.1)
    state.company.hidden = set()
    assert state.read(max_deleted=0.1) == []


def test_a_poll_of_nothing(state):
    """An empty resource costs no more than three requests."""
    assert state.read() == []
    state.server.requests = []
    assert state.read(sweep_every=3600) == []
    assert len(state.server.requests) <= 3
    key = state.scenario.insert(1, "a")
    assert state.read(sweep_every=3600) == [("created", key, "a")]


def test_a_poll_with_records_without_a_stamp(state):
    """They are compared at each poll, which is always the same two requests."""
    state.scenario.insert(3, "a")
    key = state.scenario.insert(1, "b", stamp=None)
    state.read()

    async def work():
        async with state.feed(once=False, every=0, sweep_every=3600) as feed:
            waiting = asyncio.ensure_future(anext(feed))
            while len(state.server.requests) < 20:  # the first poll, and more
                await asyncio.sleep(0.01)
            state.server.requests = []
            while len(state.server.requests) < 10:
                await asyncio.sleep(0.01)
            quiet = {str(request) for request in state.server.requests}
            state.company.rows[key]["name"] = "changed"
            change = await waiting
            await change.ack()
            return len(quiet), change.record.name

    assert state.run(work()) == (2, "changed")


def test_an_error_of_one_of_two(state):
    """What the other has is handed out first."""
    state.scenario.insert(2, "a")
    client, honest = state.scenario.client, state.server.send

    async def send(request):
        if request.path == "suppliers":
            raise Forbidden("no", request=request, response=Response(403, {}, b""))
        return await honest(request)

    state.server.send = send
    customers = state.scenario.query
    suppliers = client.suppliers.select("name")

    async def work():
        seen = []
        url = f"sqlite:///{state.path.as_posix()}"
        async with client.changes(suppliers, customers, state=url, once=True) as feed:
            with pytest.raises(Forbidden):
                async for change in feed:
                    seen.append(change.resource)
                    await change.ack()
        return seen

    assert state.run(work()) == ["customers"] * 2


def test_a_state_that_is_locked(state, monkeypatch):
    """Who waits for the lease waits for the lock as well."""
    monkeypatch.setattr(sqlite, "_WAIT", 0.1)
    state.scenario.insert(1, "a")
    state.read(most=0)

    async def work():
        with closing(sqlite3.connect(state.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with state.feed(lease=1) as feed:
                first = asyncio.ensure_future(anext(feed))
                await asyncio.sleep(0.5)
                assert not first.done()
                other.execute("COMMIT")
                return (await first).kind

    assert state.run(work()) == "created"


def test_a_change_while_nothing_is_started(state, monkeypatch):
    """Without a snapshot, what happens after the first copy comes, whatever failed."""
    state.scenario.insert(2, "a")
    stored = Source.poll

    async def fails(self):
        monkeypatch.setattr(Source, "poll", stored)
        await stored(self)
        state.late = state.scenario.insert(1, "late")
        raise ConnectError("no route to host")

    monkeypatch.setattr(Source, "poll", fails)

    async def work():
        async with state.feed(once=False, every=0, snapshot=False) as feed:
            return (await anext(feed)).key

    assert state.run(work()) == state.late


@pytest.mark.parametrize("acks", [False, True])
def test_what_was_handed_out_is_not_held(state, acks):
    """Of a long first read the feed holds no change but those that are next."""
    state.scenario.insert(700)

    async def most_alive():
        changes, most = WeakSet(), 0
        async with state.feed() as feed:
            async for change in feed:
                changes.add(change)
                most = max(most, len(changes))
                if acks and len(changes) % 100 == 0:
                    await feed.ack([change])
        return most

    assert state.run(most_alive()) <= 2  # this one, and the one before
