"""A week of writers, and a copy that equals its source after each sync."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sage200_async import Sage200Client
from sage200_async.errors import ExtractError, ServerError
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction
from sage200_async.extract.sync import sync
from sage200_async.settings import Settings
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

OVERLAP = 600
STARTED = datetime(2026, 3, 2, tzinfo=UTC)


class DictTarget:
    """A copy in a dict, which stores every write at once."""

    def __init__(self):
        self.rows, self.deleted, self.stored = {}, {}, {}
        self.checkpoint, self.writes = None, 0

    def open(self, tables):
        [self.table] = tables
        return self.checkpoint

    def begin(self, checkpoint):
        self.checkpoint = checkpoint

    def write(self, key_range, rows):
        names = [column.name for column in self.table.columns]
        for row in rows[self.table.name]:
            record = dict(zip(names, row, strict=True))
            if self.rows.get(record["id"]) != record or record["id"] in self.deleted:
                self.writes += 1
            self.rows[record["id"]] = record
            self.deleted.pop(record["id"], None)
        self.checkpoint = self.checkpoint.add(key_range)

    def commit(self, certificate):
        self.checkpoint = None

    def close(self):
        pass

    def keys(self):
        return [key for key in self.rows if key not in self.deleted]

    def mark_deleted(self, keys, at):
        self.deleted.update(dict.fromkeys(keys, at))

    def metadata(self, name, value=None):
        if value is not None:
            self.stored[name] = value
        return self.stored.get(name)

    @property
    def names(self):
        return {key: self.rows[key]["name"] for key in self.keys()}


class Company:
    """Customers in a dict, each with the stamp of its last write; its own clock."""

    def __init__(self):
        self.rows, self.next = {}, 1
        self.now = STARTED
        self.sites = [{"site_id": "s", "company_id": 1}]
        self.hidden = set()
        self.lost = False
        self.open = {}

    async def send(self, request):
        await asyncio.sleep(0)
        if request.path == "sites":
            return reply(self.sites)
        options = {name: values[0] for name, values in parse_qs(request.query).items()}
        rows = [] if self.lost else self.matching(options.get("$filter", ""))
        if "$count" in options:
            return reply(len(rows))
        key, _, direction = options["$orderby"].split(",")[0].partition(" ")
        ordered = sorted(rows, key=lambda row: (row[key], row["id"]))
        rows = ordered[::-1] if direction == "desc" else ordered
        rows = rows[int(options.get("$skip", 0)) :][: int(options["$top"])]
        return Response(200, {}, reply([served(row) for row in rows]).body)

    def matching(self, condition):
        rows = [row for key, row in self.rows.items() if key not in self.hidden]
        terms = condition.split(" and ") if condition else []
        for term in terms:
            rows = [row for row in rows if holds(term.strip("()"), row)]
        return rows


def holds(term, row):
    """Return whether a condition holds: `or` chains of keys, or one comparison."""
    if " or " in term:
        return any(holds(part, row) for part in term.split(" or "))
    name, operator, text = term.split(" ")
    value = row[name]
    other = datetime.fromisoformat(text) if name != "id" else int(text)
    return {
        "gt": value > other,
        "ge": value >= other,
        "le": value <= other,
        "eq": value == other,
    }[operator]


def served(row):
    stamp = row["date_time_updated"].isoformat().replace("+00:00", "Z")
    return {**row, "date_time_updated": stamp}


class Week(RuleBasedStateMachine):
    """Writers that insert, change, delete and commit late, and a sync now and then."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.Runner()
        self.company, self.target = Company(), DictTarget()
        settings = Settings(site="s", company=1)
        self.client = Sage200Client(settings, transport=self.company)
        query = self.client.customers.select("id", "name", "date_time_updated")
        self.extraction = Extraction(name="customers", query=query.page_size(100))

    def teardown(self):
        self.loop.close()

    @initialize(count=st.integers(0, 30))
    def first_records(self, count):
        for _ in range(count):
            self.insert("first")

    def insert(self, name):
        company = self.company
        key, company.next = company.next, company.next + 3
        company.rows[key] = {
            "id": key,
            "name": name,
            "date_time_updated": company.now,
        }

    @rule(seconds=st.sampled_from([0, 0, 1, 60, 86_400]))
    def time_passes(self, seconds):
        """No time may pass between two writes: their stamps are equal."""
        self.company.now += timedelta(seconds=seconds)

    @rule(name=st.text("ab", max_size=2))
    def one_is_added(self, name):
        self.insert(name)

    @rule(data=st.data(), name=st.text("cd", max_size=2))
    def one_is_changed(self, data, name):
        if self.company.rows:
            key = data.draw(st.sampled_from(sorted(self.company.rows)))
            row = self.company.rows[key]
            row.update(name=name, date_time_updated=self.company.now)

    @rule(data=st.data())
    def one_is_deleted(self, data):
        if self.company.rows:
            key = data.draw(st.sampled_from(sorted(self.company.rows)))
            del self.company.rows[key]

    @rule(
        data=st.data(), name=st.text("ef", max_size=2), ago=st.integers(0, OVERLAP - 1)
    )
    def a_transaction_commits_late(self, data, name, ago):
        """A change becomes visible that was stamped some time ago, within the overlap."""
        stamp = self.company.now - timedelta(seconds=ago)
        fresh = {
            key: row
            for key, row in self.company.rows.items()
            if row["date_time_updated"] <= stamp
        }
        if fresh:
            key = data.draw(st.sampled_from(sorted(fresh)))
            self.company.rows[key].update(name=name, date_time_updated=stamp)

    @rule()
    def a_sync(self):
        self.loop.run(self.run_sync())
        expected = {key: row["name"] for key, row in self.company.rows.items()}
        assert self.target.names == expected

    @rule()
    def a_second_sync_writes_nothing(self):
        self.loop.run(self.run_sync())
        writes = self.target.writes
        again = self.loop.run(self.run_sync())
        assert (self.target.writes, again.deleted) == (writes, 0)

    @rule()
    def a_sync_without_a_tunnel(self):
        """A listing that lost its rows marks none of them as deleted."""
        self.loop.run(self.run_sync())
        before = self.target.names
        self.company.lost = True
        if before:
            with pytest.raises(ExtractError, match="listing looks incomplete"):
                self.loop.run(self.run_sync(most=0.1))
        self.company.lost = False
        assert self.target.names == before

    async def run_sync(self, most=1.0):
        return await sync(
            self.client,
            self.extraction,
            self.target,
            workers=3,
            overlap=OVERLAP,
            deletes=DeletePolicy(max_fraction=most),
        )

    @invariant()
    def deleted_rows_are_kept(self):
        """Rows that were deleted are marked, and stay."""
        assert set(self.target.deleted) <= set(self.target.rows)


TestWeek = Week.TestCase
TestWeek.settings = settings(stateful_step_count=30)


def week_of(count):
    """Return a week with a copy in step with a company of *count* customers."""
    week = Week()
    for _ in range(count):
        week.insert("x")
    week.loop.run(week.run_sync())
    return week


def test_no_company_among_the_sites():
    """While Sage does not name the company, no row is marked as deleted."""
    week = week_of(50)
    del week.company.rows[1]
    week.company.sites = []
    with pytest.raises(ExtractError, match="tunnel"):
        week.loop.run(week.run_sync())
    assert len(week.target.names) == 50
    week.company.sites = [{"site_id": "S", "company_id": 1}]
    assert week.loop.run(week.run_sync()).deleted == 1
    week.teardown()


def test_a_role_that_hides_rows():
    """Many deletes at once are not believed, unless a larger share is allowed."""
    week = week_of(400)
    week.company.hidden = set(list(week.company.rows)[:200])
    with pytest.raises(
        ExtractError, match="200 of 400 rows seem to be deleted, and 200 are"
    ):
        week.loop.run(week.run_sync(most=0.1))
    assert len(week.target.names) == 400
    assert week.loop.run(week.run_sync(most=0.6)).deleted == 200
    week.teardown()


def test_a_listing_that_is_not_whole_the_second_time():
    """Rows that were listed a moment ago must come with those that seem deleted."""
    week = week_of(50)
    del week.company.rows[1]
    whole = week.company.matching

    def forgets(condition):
        return [] if " or " in condition else whole(condition)

    week.company.matching = forgets
    with pytest.raises(ExtractError, match="were listed a"):
        week.loop.run(week.run_sync())
    assert len(week.target.names) == 50
    week.teardown()


def test_deletes_are_confirmed_beside_rows_that_are_listed():
    """Where no row of the copy is listed, rows of the company have to come, too."""
    week = week_of(10)
    for key, row in list(week.company.rows.items()):
        del week.company.rows[key]
        old = row["date_time_updated"] - timedelta(days=9)
        week.company.rows[key + 1000] = {
            **row,
            "id": key + 1000,
            "date_time_updated": old,
        }
    whole = week.company.matching
    week.company.matching = lambda condition: (
        [] if " or " in condition else whole(condition)
    )
    with pytest.raises(ExtractError, match="were listed a"):
        week.loop.run(week.run_sync(most=1))
    week.teardown()


def test_a_row_that_is_back_is_not_deleted():
    """A row that comes when it is asked for again is not marked."""
    week = week_of(50)
    whole = week.company.matching

    def first_hides(condition):
        rows = whole(condition)
        return rows if " or " in condition else [row for row in rows if row["id"] != 1]

    week.company.matching = first_hides
    assert week.loop.run(week.run_sync()).deleted == 0
    assert len(week.target.names) == 50
    week.teardown()


def test_only_changes_are_read():
    """After the first sync, the changes since then, less the overlap, are read."""
    week = week_of(50)
    week.company.now += timedelta(days=1)
    week.company.rows[4].update(name="new", date_time_updated=week.company.now)
    done = week.loop.run(week.run_sync())
    assert (done.whole, done.read) == (False, 50)
    done = week.loop.run(week.run_sync())
    assert (done.whole, done.read) == (False, 1)
    assert week.target.rows[4]["name"] == "new"
    week.teardown()


def test_stopped_at_any_request():
    """After a sync that dies at its nth request, for any n, the next one completes it."""
    for number in range(1, 40):
        week = Week()
        for _ in range(250):
            week.insert("x")
        left = number
        send = week.company.send

        async def dying(request, send=send):
            nonlocal left
            left -= 1
            if left == 0:
                raise ServerError("down")
            return await send(request)

        week.client.transport = sender(dying)
        with contextlib.suppress(ServerError):
            week.loop.run(week.run_sync())
        week.client.transport = week.company
        week.loop.run(week.run_sync())
        assert week.target.names == dict.fromkeys(week.company.rows, "x")
        week.teardown()


def sender(send):
    """Return a transport with *send* as its method."""
    return type("Dying", (), {"send": staticmethod(send)})()
