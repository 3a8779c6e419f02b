"""Weeks of writers, and a copy that equals its source after each sync that succeeds."""

import contextlib
import copy
import itertools
import os
from datetime import timedelta

import pytest
from copies import DuckDBCopy, PostgresCopy, SQLiteCopy
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

from sage200_async import Sage200Client
from sage200_async.errors import ExtractError, PagingError, SinkConflict
from sage200_async.extract.databases import sink as database_sink
from sage200_async.settings import Settings

QUERIES = {
    "all": lambda query: query,
    "wider": lambda query: query.select("on_hold"),
    "contacts": lambda query: query.expand("contacts"),
    "held": lambda query: query.filter(on_hold=True),
}
NAMES = st.text("abc", max_size=2)


class Weeks(RuleBasedStateMachine):
    """Writers, accidents, and a sync now and then."""

    def __init__(self, target):
        super().__init__()
        self.scenario = Scenario(target)
        self.server, self.company = self.scenario.server, self.scenario.company
        self.held = None
        self.backups = []
        self.contents = {}
        self.ambiguous = set()
        self.part = None
        self.has_names = True

    def teardown(self):
        self.scenario.close()

    @initialize(count=st.integers(0, 30))
    def first_records(self, count):
        self.scenario.insert(count or 1, "first")

    # What writers do.

    @rule(seconds=st.sampled_from([0, 0, 1, 60, 86_400]))
    def time_passes(self, seconds):
        """No time may pass between two writes: their stamps are equal."""
        self.scenario.passes(seconds=seconds)

    @rule(name=NAMES, company=st.sampled_from(["1", "1", "2"]))
    def one_is_added(self, name, company):
        self.scenario.insert(1, name, company=self.server.companies[company])

    @rule(name=NAMES, days=st.one_of(st.none(), st.integers(-400, 400)))
    def one_is_added_with_any_stamp(self, name, days):
        """An old stamp, one from the future, or none."""
        stamp = None if days is None else self.server.now + timedelta(days=days)
        self.scenario.insert(1, name, stamp=stamp)

    @rule(data=st.data(), name=NAMES, held=st.booleans())
    def one_is_changed(self, data, name, held):
        if self.company.rows:
            row = self.company.rows[self.some_key(data)]
            row.update({"name": name, "on_hold": held, STAMP: self.server.now})

    @rule(data=st.data(), moves=st.booleans())
    def one_gets_a_contact(self, data, moves):
        """Nobody knows whether that moves the customer's stamp."""
        if self.company.rows:
            row = self.company.rows[self.some_key(data)]
            row["contacts"] = [*row["contacts"], {"id": len(row["contacts"])}]
            row[STAMP] = self.server.now if moves else row[STAMP]

    @rule(data=st.data())
    def one_is_deleted(self, data):
        if self.company.rows:
            del self.company.rows[self.some_key(data)]

    @rule(data=st.data(), name=NAMES, ago=st.integers(0, OVERLAP - 1))
    def a_transaction_commits_late(self, data, name, ago):
        """A change becomes visible that was stamped some time ago."""
        stamp = self.server.now - timedelta(seconds=ago)
        keys = [
            key
            for key, row in self.company.rows.items()
            if row[STAMP] is not None and row[STAMP] <= stamp
        ]
        if keys:
            row = self.company.rows[data.draw(st.sampled_from(keys))]
            row.update({"name": name, STAMP: stamp})

    def some_key(self, data):
        return data.draw(st.sampled_from(sorted(self.company.rows)))

    # What happens to the company, and to the copy.

    @rule(data=st.data())
    def a_role_hides_rows(self, data):
        keys = sorted(self.company.rows)
        self.company.hidden = (
            data.draw(st.sets(st.sampled_from(keys))) if keys else set()
        )

    @rule()
    def the_role_shows_them(self):
        self.company.hidden = set()

    @rule()
    def a_backup_is_made(self):
        self.backups.append(copy.deepcopy(self.company.rows))

    @precondition(lambda self: self.backups)
    @rule()
    def the_backup_is_restored(self):
        """Records go back with their stamps; two of one stamp cannot be distinguished."""
        self.note_contents()
        self.company.rows = copy.deepcopy(self.backups[-1])
        seen = {(key, row[STAMP]) for key, row in self.company.rows.items()}
        self.ambiguous |= {one for one in seen if len(self.contents.get(one, ())) > 1}

    @precondition(lambda self: self.held is not None)
    @rule(data=st.data())
    def a_table_is_dropped_by_hand(self, data):
        tables = self.scenario.target.tables()
        if tables:
            name = data.draw(st.sampled_from(sorted(tables)))
            self.scenario.target.sql(f'DROP TABLE "{name}"')
            if not name.endswith("contacts"):
                self.held = None

    @precondition(lambda self: self.held is not None and self.has_names)
    @rule()
    def a_column_is_dropped_by_hand(self):
        table = f'"{self.scenario.target.prefix}customers"'
        self.scenario.target.sql(f"ALTER TABLE {table} DROP COLUMN name")
        self.has_names = False

    @precondition(lambda self: self.held is not None)
    @rule()
    def a_row_is_deleted_by_hand(self):
        target = self.scenario.target
        keys = sorted(target.column("id", "id IS NOT NULL"))
        if keys:
            target.sql(f'DELETE FROM "{target.prefix}customers" WHERE id = {keys[0]}')
        if len(keys) == 1:
            self.held = None  # a table that was emptied is as good as dropped

    # Syncs.

    @rule(
        asked=st.tuples(
            st.sampled_from(["all", "all", *QUERIES]),
            st.sampled_from(["json", "tables"]),
            st.sampled_from(["1", "1", "1", "2"]),
        ),
        replace=st.booleans(),
        whole=st.booleans(),
        sweep_every=st.sampled_from([0, 0, 1e9]),
    )
    def a_sync(self, asked, replace, whole, sweep_every):
        """It succeeds, or refuses what is not the copy's query."""
        asked = self.asked(*asked)
        if not replace and self.refuses(asked):
            with pytest.raises(SinkConflict):
                self.sync(asked, whole=whole)
            return
        flags = {"replace": replace, "whole": whole, "sweep_every": sweep_every}
        self.check(asked, self.sync(asked, **flags))

    @rule()
    def a_sync_again(self):
        """A second sync of the same writes nothing."""
        asked = self.held or self.asked("all", "json", "1")
        self.check(asked, self.sync(asked))
        again = self.sync(asked)
        assert (again.changed, again.deleted) == (0, 0)

    @rule(number=st.integers(1, 25), whole=st.booleans())
    def a_sync_that_is_killed(self, number, whole):
        """The next one goes on, or begins anew."""
        asked = self.held or self.asked("all", "json", "1")
        self.server.dies_at = number
        try:
            self.check(asked, self.sync(asked, whole=whole))
        except Killed:
            state = self.scenario.target.state()
            self.part = asked if "checkpoint" in state else None
            self.held = asked if "certificate" in state else None
        finally:
            self.server.dies_at = None

    @rule(lie=st.sampled_from(["changes", "by key", "all", "half"]))
    def a_sync_with_partial_answers(self, lie):
        """It ends with the truth, or fails and says why; no living row is marked."""
        asked = self.held or self.asked("all", "json", "1")
        self.sync(asked)
        dead = self.scenario.target.deleted
        with (
            self.scenario.lying(LIES[lie]),
            contextlib.suppress(ExtractError, PagingError),
        ):
            self.check(asked, self.sync(asked, most=0.1))
        living = {row["id"] for row in self.rows(asked)}
        assert self.scenario.target.deleted - dead <= set(self.company.rows) - living

    def asked(self, query, related, company):
        """Return what is asked: the query's name, the layout and the company."""
        return query, (related if query == "contacts" else ""), company

    def refuses(self, asked):
        """Return whether the copy, or the part of one, is of something else."""
        return any(
            one is not None and differs(one, asked) for one in (self.held, self.part)
        )

    def sync(self, asked, **options):
        query, related, company = asked
        client = Sage200Client(
            Settings(site="s", company=int(company)), transport=self.server
        )
        options.setdefault("drop_columns", True)
        result = self.scenario.sync(
            QUERIES[query](self.scenario.query.page_size(7)),
            client=client,
            related=related or "json",
            restart=self.part is not None and differs(self.part, asked),
            **options,
        )
        self.held, self.part, self.has_names = asked, None, True
        return result

    def rows(self, asked):
        query, _, company = asked
        rows = self.server.companies[company].visible()
        return [row for row in rows if query != "held" or row["on_hold"]]

    def check(self, asked, result):
        """Compare the copy with the source, as far as a sync promises."""
        self.note_contents()
        if not result.swept:
            return
        rows = self.rows(asked)
        names = self.scenario.target.names
        assert set(names) == {row["id"] for row in rows}
        for row in rows:
            version = row["id"], row[STAMP]
            allowed = {row["name"]} | (
                self.contents.get(version, set())
                if version in self.ambiguous
                else set()
            )
            assert names[row["id"]] in allowed
        if asked[0] == "contacts" and not result.may_be_stale:
            wanted = {
                row["id"]: [one["id"] for one in row["contacts"]]
                for row in rows
                if row["contacts"]
            }
            assert self.scenario.target.contacts(asked[1]) == wanted
        if not result.whole:
            assert result.may_be_stale == (
                ("contacts",) if asked[0] == "contacts" else ()
            )

    def note_contents(self):
        """Remember which names each record had under one stamp."""
        for key, row in self.company.rows.items():
            self.contents.setdefault((key, row[STAMP]), set()).add(row["name"])

    @invariant()
    def contents_are_noted(self):
        self.note_contents()


def differs(held, asked):
    """Return whether two are no copies of the same."""
    both = held[1] and asked[1]
    filters = (held[0] == "held") != (asked[0] == "held")
    return filters or held[2] != asked[2] or bool(both and held[1] != asked[1])


LIES = {
    "changes": lambda options, rows: (
        [] if f"{STAMP} ge" in options.get("$filter", "") else rows
    ),
    "by key": lambda options, rows: (
        [] if "id eq" in options.get("$filter", "") else rows
    ),
    "all": lambda _, __: [],
    "half": lambda _, rows: rows[: (len(rows) + 1) // 2],
}

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") in {"ci", "long"}
KINDS = ["sqlite", "duckdb", "postgres", "pgbouncer"] if THOROUGH else ["sqlite"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_equals_its_source_after_each_sync(kind, tmp_path, request, monkeypatch):
    """So it is whatever happened, in all that moves a stamp or the set of ids."""
    monkeypatch.setattr(database_sink, "ROWS", 10)
    kinds = {"sqlite": SQLiteCopy, "duckdb": DuckDBCopy}
    server = None if kind in kinds else request.getfixturevalue(kind)
    count = itertools.count()

    def weeks():
        number = next(count)
        if server is not None:
            return Weeks(PostgresCopy(server.url(), f"weeks_{kind}_{number}_"))
        return Weeks(kinds[kind](f"{kind}:///{tmp_path.as_posix()}/{number}.db"))

    examples = settings().max_examples if kind == "sqlite" else 25
    run_state_machine_as_test(
        weeks, settings=settings(max_examples=examples, stateful_step_count=30)
    )
