"""Weeks of writers, kills and accidents, and a consumer that has what the source has."""

import contextlib
import copy
import itertools
import os
from datetime import timedelta

import pytest
from copies import PostgresCopy, SQLiteCopy
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stamped_company import OVERLAP, STAMP, Killed, Scenario

from sage200_async.errors import ExtractError, PagingError

NAMES = st.text("abc", max_size=2)
LIES = {
    "changes": lambda options, rows: (
        [] if f"{STAMP} ge" in options.get("$filter", "") else rows
    ),
    "all": lambda _, __: [],
    "half": lambda _, rows: rows[: (len(rows) + 1) // 2],
}


class Consumer(RuleBasedStateMachine):
    """Applies each change by its key; sometimes dies before it acknowledges."""

    def __init__(self, target):
        super().__init__()
        self.target = target
        self.scenario = Scenario(target)
        self.server, self.company = self.scenario.server, self.scenario.company
        self.rows, self.backups, self.contents, self.ambiguous = {}, [], {}, set()
        self.killed = True

    def teardown(self):
        self.scenario.close()

    @initialize(count=st.integers(0, 20))
    def first_records(self, count):
        self.scenario.insert(count or 1, "first")

    @rule(seconds=st.sampled_from([0, 0, 1, 60, 86_400]))
    def time_passes(self, seconds):
        self.scenario.passes(seconds=seconds)

    @rule(name=NAMES, days=st.one_of(st.just(0), st.integers(-400, 400)))
    def one_is_added(self, name, days):
        stamp = self.server.now + timedelta(days=days)
        self.scenario.insert(1, name, stamp=stamp)

    @rule(data=st.data(), name=NAMES, ago=st.integers(0, OVERLAP - 1))
    def one_is_changed(self, data, name, ago):
        """As of now, or by a transaction that commits late."""
        if self.company.rows:
            row = self.company.rows[self.some_key(data)]
            row.update({"name": name, STAMP: self.server.now - timedelta(seconds=ago)})

    @rule(data=st.data())
    def one_is_deleted(self, data):
        if self.company.rows:
            del self.company.rows[self.some_key(data)]

    @rule(data=st.data())
    def a_role_hides_rows(self, data):
        keys = sorted(self.company.rows)
        self.company.hidden = (
            data.draw(st.sets(st.sampled_from(keys))) if keys else set()
        )

    @rule()
    def a_backup_is_made(self):
        self.backups.append(copy.deepcopy(self.company.rows))

    @precondition(lambda self: self.backups)
    @rule()
    def the_backup_is_restored(self):
        """Records go back with their stamps; two of one stamp cannot be distinguished."""
        self.note_contents()
        self.company.rows = copy.deepcopy(self.backups[-1])
        versions = {(key, row[STAMP]) for key, row in self.company.rows.items()}
        self.ambiguous |= {
            one for one in versions if len(self.contents.get(one, ())) > 1
        }

    @rule()
    def the_copy_is_dropped_by_hand(self):
        """The feed builds it anew, and delivers what differs from what was acknowledged."""
        for name in self.target.tables():
            self.target.sql(f'DROP TABLE "{name}"')

    # The consumer.

    @rule(
        acks=st.sampled_from(["each", "none", "none", "last", "some"]),
        most=st.one_of(st.none(), st.none(), st.integers(0, 8)),
        sweeps=st.booleans(),
        data=st.data(),
    )
    def it_works_and_is_killed(self, acks, most, sweeps, data):
        """It applies some changes, acknowledges some of those, and dies."""
        self.scenario.loop.run(self.work(acks, most, sweeps, data))

    @rule(number=st.integers(1, 25))
    def it_is_killed_while_it_reads(self, number):
        self.server.requests, self.server.dies_at = [], number
        with contextlib.suppress(Killed):
            self.scenario.loop.run(self.work("each", None, True, None))
        self.server.dies_at = None

    @rule(lie=st.sampled_from(sorted(LIES)))
    def it_reads_partial_answers(self, lie):
        """It delivers no delete of a record that lives, or fails and says why."""
        before = set(self.rows)
        with (
            self.scenario.lying(LIES[lie]),
            contextlib.suppress(ExtractError, PagingError),
        ):
            self.scenario.loop.run(self.work("each", None, True, None, max_deleted=0.1))
        alive = {row["id"] for row in self.company.visible()}
        assert before & alive <= set(self.rows)

    @rule()
    def it_catches_up(self):
        """Then it has what the source has, and a second time brings nothing."""
        self.scenario.loop.run(self.work("each", None, True, None))
        self.note_contents()
        rows = self.company.visible()
        assert set(self.rows) == {row["id"] for row in rows}
        for row in rows:
            version = row["id"], row[STAMP]
            old = self.contents[version] if version in self.ambiguous else set()
            assert self.rows[row["id"]] in {row["name"]} | old
        assert self.scenario.loop.run(self.work("each", None, True, None)) == 0

    async def work(self, acks, most, sweeps, data, max_deleted=1.0):
        """Apply changes up to a number of them; return how many came."""
        feed = self.scenario.query.changes(
            state=self.target.url,
            overlap=OVERLAP,
            sweep_every=0 if sweeps else 1e9,
            max_deleted=max_deleted,
            once=True,
        )
        count, applied = 0, []
        async with feed:
            async for change in feed:
                if count == most:
                    break
                count += 1
                self.apply(change)
                applied.append(change)
                if acks == "each" or (acks == "some" and data.draw(st.booleans())):
                    await change.ack()
            if acks == "last":
                await feed.ack(applied[-1:])
        return count

    def apply(self, change):
        if change.kind == "deleted":
            self.rows.pop(change.key, None)
        else:
            assert change.record.id == change.key
            self.rows[change.key] = change.record.name

    def some_key(self, data):
        return data.draw(st.sampled_from(sorted(self.company.rows)))

    @invariant()
    def note_contents(self):
        """Remember which names each record had under one stamp."""
        for key, row in self.company.rows.items():
            self.contents.setdefault((key, row[STAMP]), set()).add(row["name"])


THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"}
KINDS = ["sqlite", "postgres"] if THOROUGH else ["sqlite"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_consumer_that_catches_up_has_the_source(kind, tmp_path, request):
    """So it is whatever happened between delivery and acknowledgement, and before."""
    server = request.getfixturevalue(kind) if kind == "postgres" else None
    count = itertools.count()

    def consumer():
        number = next(count)
        if server is None:
            path = f"{tmp_path.as_posix()}/{number}.db"
            return Consumer(SQLiteCopy(f"sqlite:///{path}", "changes_"))
        target = PostgresCopy(server.url(), "changes_")
        target.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return Consumer(target)

    examples = settings().max_examples // 2 if server is None else 25
    run_state_machine_as_test(
        consumer, settings=settings(max_examples=examples, stateful_step_count=20)
    )
