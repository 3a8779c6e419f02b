"""Jobs on a server that answers as the test says: what is sent, and how rows end."""

import asyncio
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aiohttp import web
from hostile_server import HostileServer
from writing import run_job, settings_for

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import (
    Forbidden,
    JournalError,
    LimitError,
    QueryError,
    Unauthorized,
    UnsupportedOperation,
)
from sage200_async.write import clear_journal
from sage200_async.write.write_journal import Journal

SETTLE = 0.3


@pytest.fixture
def server() -> Iterator[HostileServer]:
    """A server with one customer of no interest; it does nothing wrong."""
    hostile = HostileServer()
    hostile.add_customer(reference="FIRST", name="There before")
    hostile.add_transaction(second_reference="there before")
    with hostile.running():
        yield hostile


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "job.db"


def upsert(server: HostileServer, rows: Any, journal: Path, **options: Any) -> Any:
    """Upsert customers; return the outcomes by their rows, and the report."""
    options.setdefault("settle", SETTLE)
    outcomes, report = run_job(server.url, rows, journal, **options)
    return {one.row: one for one in outcomes}, report


def bodies(server: HostileServer) -> list[tuple[str, str, Any]]:
    """Return each write with its body, decoded."""
    return [(m, p, json.loads(body)) for m, p, body in server.writes]


def lost(server: HostileServer, times: int = 1) -> None:
    """Let the responses of the next writes be lost, though they are carried out."""
    left = [times]

    def hook(request: web.Request, values: dict[str, Any]) -> web.Response | None:
        if request.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        server._carry_out(request.method, request.match_info["path"], values)
        return server._drop(request)

    server.hook = hook


def test_equal_rows_send_no_write(server: HostileServer, journal: Path) -> None:
    """Rows that are at the server already, in other forms, send nothing."""
    server.add_customer(
        reference="a1", name="A ", credit_limit=10.5, on_hold=False, short_name=""
    )
    row = {"reference": "A1", "name": "A", "credit_limit": 10.501, "short_name": None}
    outcomes, report = upsert(server, [row | {"on_hold": False}], journal)
    assert (outcomes[1].kind, report.is_complete) == ("unchanged", True)
    assert server.writes == []


def test_only_the_changed_field_is_sent(server: HostileServer, journal: Path) -> None:
    """An update has the field that differs, and no other."""
    id_ = server.add_customer(reference="A1", name="A", credit_limit=10.5)
    row = {"reference": "A1", "name": "A", "credit_limit": 10.46}
    outcomes, _ = upsert(server, [row], journal)
    assert bodies(server) == [("PUT", f"customers/{id_}", {"credit_limit": 10.46})]
    assert (outcomes[1].kind, outcomes[1].id) == ("updated", id_)


def test_what_a_service_shows_otherwise_is_said(
    server: HostileServer, journal: Path
) -> None:
    """An update of which the record shows nothing is done, with the fields' names."""
    id_ = server.add_customer(reference="A1", name="A", account_status_type=1)

    def hook(request: web.Request, values: dict[str, Any]) -> web.Response | None:
        if request.method == "PUT":
            server._merge(server.customers[id_], {"name": values["name"]})
            return web.json_response(server.customers[id_])
        return None

    server.hook = hook
    rows = [
        {"reference": "A1", "name": "B", "account_status_type": "AccountStatusHidden"}
    ]
    outcomes, report = upsert(server, rows, journal)
    assert (outcomes[1].kind, report.is_complete) == ("updated", True)
    assert (
        "account_status_type (sent 'AccountStatusHidden', shown 1)"
        in outcomes[1].reason
    )
    assert "name" not in outcomes[1].reason.partition("account_status_type")[0]
    again, _ = upsert(server, rows, journal)
    assert again[1].reason == outcomes[1].reason


@pytest.mark.parametrize("insert", [False, True])
def test_a_dry_run_shows_what_a_run_sends(
    server: HostileServer, journal: Path, insert: bool
) -> None:
    """A dry run sends no write, and shows the bytes that the run sends."""
    server.add_customer(reference="A1", name="A")
    rows: list[dict[str, Any]] = [
        {"reference": "A1", "name": "B"},
        {"reference": "é'1", "name": "O'Brien"},
    ]
    if insert:
        own = {"customer_id": 1, "second_reference": "MINE"}
        rows = [{"customer_id": 1}, {"customer_id": 1}, own]
    dry, _ = upsert(server, rows, journal, insert=insert, dry_run=True)
    assert server.writes == []
    outcomes, report = upsert(server, rows, journal, insert=insert, workers=1)
    shown = {(one.method, one.path, one.body) for one in dry.values()}
    assert shown == set(server.writes)
    assert {n: one.kind for n, one in dry.items()} == {
        n: one.kind for n, one in outcomes.items()
    }
    assert report.is_complete


def test_a_lost_reply_is_looked_for(server: HostileServer, journal: Path) -> None:
    """A row whose response was lost is found after it has settled, not sent again."""
    lost(server)
    outcomes, _ = upsert(server, [{"reference": "N1", "name": "New"}], journal)
    assert len(server.writes) == len(server.commits) == 1
    assert (outcomes[1].kind, outcomes[1].id) == ("created", server.commits[0].id)


def test_a_late_commit_within_the_settling_time_is_waited_for(
    server: HostileServer, journal: Path
) -> None:
    """A write that is carried out shortly before it has settled is not sent again."""

    def hook(request: web.Request, values: dict[str, Any]) -> web.Response | None:
        if request.method == "GET":
            return None
        path = request.match_info["path"]
        loop = asyncio.get_running_loop()
        loop.call_later(0.8 * SETTLE, server._carry_out, "POST", path, values)
        return server._drop(request)

    server.hook = hook
    outcomes, _ = upsert(server, [{"reference": "N1", "name": "New"}], journal)
    assert (len(server.writes), outcomes[1].kind) == (1, "created")


def test_a_tunnel_that_answers_nothing_proves_nothing(
    server: HostileServer, journal: Path
) -> None:
    """Where look-ups bring no rows at all, rows are unknown, and nothing is sent."""
    server.hook = lambda request, _: (
        web.json_response([]) if "filter" in request.query_string else None
    )
    rows = [{"reference": f"N{n}", "name": "New"} for n in range(2)]
    outcomes, _ = upsert(server, rows, journal)
    assert {one.kind for one in outcomes.values()} == {"unknown"}
    assert "nothing was sent" in outcomes[1].reason
    assert server.writes == []
    server.hook = None
    outcomes, report = upsert(server, rows, journal)
    assert (report.created, len(server.commits)) == (2, 2)


@pytest.mark.parametrize("times", range(1, 6))
def test_a_table_that_seems_to_be_empty_is_asked_for_again(
    server: HostileServer, journal: Path, times: int
) -> None:
    """Some answers without rows, at the very beginning, cause no second record."""
    server.add_customer(reference="A1", name="A")
    left = [times]

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "GET" and left[0]:
            left[0] -= 1
            return web.json_response([])
        return None

    server.hook = hook
    outcomes, _ = upsert(server, [{"reference": "A1", "name": "A"}], journal)
    assert (outcomes[1].kind, server.writes) == ("unchanged", [])


def test_a_table_with_records_never_seems_empty_again(
    server: HostileServer, journal: Path
) -> None:
    """Once a record was there, answers without rows are no proof for any other row."""

    def hook(request: web.Request, _: Any) -> web.Response | None:
        is_first = len(server.requests) == 1
        return None if request.method == "POST" or is_first else web.json_response([])

    server.hook = hook
    outcomes, _ = upsert(server, [{"reference": "A1", "name": "A"}], journal)
    assert (outcomes[1].kind, server.writes) == ("unknown", [])


def test_the_first_records_of_a_company(server: HostileServer, journal: Path) -> None:
    """Where nothing is there, rows are created; a lost response is still found."""
    server.customers.clear()
    lost(server)
    rows = [{"reference": f"N{n}", "name": "New"} for n in range(3)]
    _, report = upsert(server, rows, journal, workers=2)
    assert (report.created, len(server.commits)) == (3, 3)


@pytest.mark.parametrize("most", [1, 2, 3, 10])
def test_a_clamped_look_up_proves_nothing(
    server: HostileServer, journal: Path, most: int
) -> None:
    """A server that returns few rows, whatever is asked for, causes no second record."""
    for number in range(30):
        server.add_customer(reference=f"C{number}", name="Old")
    full = server.matching
    server.matching = lambda path, query: full(path, query)[:most]  # type: ignore[method-assign]
    rows = [{"reference": f"c{n}", "name": "New"} for n in range(40)]
    outcomes, report = upsert(server, rows, journal)
    assert len(server.customers) == 41
    assert report.updated == 30
    assert {one.kind for one in outcomes.values()} == {"created", "updated"}


def test_a_refusal_of_a_second_try_is_looked_into(
    server: HostileServer, journal: Path
) -> None:
    """A row refused as a duplicate of its own first try ends as created."""
    lost(server)
    inner, full, hidden = server.hook, server.matching, [1]

    def matching(path: str, query: Any) -> Any:
        rows = full(path, query)
        if server.commits and "$filter" in query and hidden[0]:
            hidden[0] -= 1  # later than promised: the look-up does not show it yet
            return [row for row in rows if row["id"] != server.commits[0].id]
        return rows

    server.matching = matching  # type: ignore[method-assign]
    assert inner is not None
    outcomes, _ = upsert(server, [{"reference": "N1", "name": "New"}], journal)
    assert [m for m, _, _ in server.writes] == ["POST", "POST"]
    assert (outcomes[1].kind, len(server.commits)) == ("created", 1)


@pytest.mark.parametrize("status", [429, 408, 500, 503, 200])
def test_a_row_is_looked_for_before_it_is_sent_again(
    server: HostileServer, journal: Path, status: int
) -> None:
    """Whatever a gateway says in place of the server, the row is looked up first."""
    left = [1]

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        return web.Response(text="<html>busy</html>", status=status)

    server.hook = hook
    rows = [{"reference": "N1", "name": "New"}]
    outcomes, _ = upsert(server, rows, journal)
    methods = [r.method for r in server.requests if "N1" in r.filter or r.body]
    assert methods == ["GET", "POST", "GET", "POST"]
    assert (outcomes[1].kind, len(server.commits)) == ("created", 1)


NOTHING: list[Any] = [{}, {"id": None, "urn": None}, {"id": 0}, {"reference": "N1"}]


@pytest.mark.parametrize("body", NOTHING)
@pytest.mark.parametrize("insert", [False, True])
def test_a_response_without_an_id_creates_nothing(
    server: HostileServer, journal: Path, body: Any, insert: bool
) -> None:
    """A status of success alone is no record: the row is looked for, and sent again."""
    left = [1]

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        return web.json_response(body)

    server.hook = hook
    row = {"customer_id": 1} if insert else {"reference": "N1", "name": "New"}
    outcomes, report = upsert(server, [row], journal, insert=insert)
    assert (outcomes[1].id, report.is_complete) == (server.commits[0].id, True)
    assert (len(server.writes), len(server.commits)) == (2, 1)


def test_a_transfer_whose_response_is_empty_is_unknown(
    server: HostileServer, journal: Path
) -> None:
    """Where nothing finds a row again, a response without a value ends it as unknown."""
    server.hook = lambda _, __: web.json_response({})

    async def main() -> Any:
        async with Sage200Client(settings_for(server.url)) as client:
            rows: Any = [{"bank_from_id": 1, "bank_to_id": 2, "payment_value": 3}]
            job = client.bank_transfer.insert(rows, journal=journal, at_most_once=True)
            return await _finished(job)

    assert asyncio.run(main()).unknown == len(server.writes) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_year_that_a_server_asks_for_is_not_waited(
    server: HostileServer, journal: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """A long Retry-After is cut to what requests obey, and the reason says so."""
    left = [1]

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        year = {"Retry-After": "31536000"}
        return web.json_response({}, status=status, headers=year)

    asked: list[tuple[float, str]] = []
    postpone = Journal.postpone

    def noted(
        self: Journal, row: int, ready_at: float, *, in_doubt: bool, reason: str
    ) -> None:
        asked.append((ready_at - time.time(), reason))
        postpone(self, row, 0.0, in_doubt=in_doubt, reason=reason)

    monkeypatch.setattr(Journal, "postpone", noted)
    server.hook = hook
    outcomes, _ = upsert(server, [{"reference": "N1", "name": "New"}], journal)
    [(seconds, reason)] = asked
    assert seconds <= 121
    assert "Retry-After of 31536000 s; tried after 120 s" in reason
    assert outcomes[1].kind == "created"


def test_a_record_of_another_key_is_never_sent_again(
    server: HostileServer, journal: Path
) -> None:
    """Where Sage makes another key of the one that was sent, the row stays unknown."""

    def hook(request: web.Request, values: dict[str, Any]) -> web.Response | None:
        if request.method == "GET":
            return None
        return server._carry_out("POST", "customers", values | {"reference": "00017"})

    server.hook = hook
    rows = [{"reference": "N1", "name": "New"}]
    for _ in range(2):
        outcomes, _ = upsert(server, rows, journal)
        assert (outcomes[1].kind, len(server.writes)) == ("unknown", 1)
        assert "00017" in outcomes[1].reason
    assert outcomes[1].id == server.commits[0].id


def test_a_refused_row_has_the_words_of_sage(
    server: HostileServer, journal: Path
) -> None:
    """A row that Sage refuses is not sent again in the run, and again in the next."""

    def hook(request: web.Request, _: Any) -> web.Response | None:
        if request.method == "GET":
            return None
        return web.json_response({"Message": "The name is wrong."}, status=400)

    server.hook = hook
    rows = [{"reference": "N1", "name": "New"}]
    outcomes, report = upsert(server, rows, journal)
    assert (outcomes[1].kind, outcomes[1].reason) == ("refused", "The name is wrong.")
    assert (len(server.writes), report.refused) == (1, 1)
    server.hook = None
    assert upsert(server, rows, journal)[1].created == 1


KEYS = ["O'Brien", "a b", "Ünïcode", "x=1&+2%4", "漢字", "blank  ", "100"]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_found_again(server: HostileServer, journal: Path, key: str) -> None:
    """Quotes, signs and other scripts in a key reach the server as they are."""
    lost(server)
    outcomes, _ = upsert(server, [{"reference": key, "name": "New"}], journal)
    assert (outcomes[1].kind, len(server.writes)) == ("created", 1)
    assert server.commits[0].values["reference"] == key


@pytest.mark.parametrize("key", ["", "  ", " A1", "\tA1", "A\x00", "A\n1", None])
def test_a_key_that_sage_may_change_is_refused(
    server: HostileServer, journal: Path, key: Any
) -> None:
    """A key that could not be found again is refused before anything is sent."""
    outcomes, _ = upsert(server, [{"reference": key, "name": "New"}], journal)
    assert outcomes[1].kind == "refused"
    assert outcomes[1].reason.startswith("reference: ")
    assert server.requests == []


def test_rows_of_the_same_key_are_refused_both(
    server: HostileServer, journal: Path
) -> None:
    """Keys compare in any case, width and trailing blanks: nobody knows which is right."""
    keys = ["A1", "a1 ", "\uff21\uff11", "STRASSE", "straße", "Other"]
    rows = [{"reference": key, "name": "New"} for key in keys]
    outcomes, report = upsert(server, rows, journal)
    assert (report.refused, report.created) == (5, 1)
    assert outcomes[2].reason == "the same key as row 1"
    assert [c.values["reference"] for c in server.commits] == ["Other"]


def test_what_a_server_takes_for_the_same_key_is_not_written(
    server: HostileServer, journal: Path
) -> None:
    """Where the server compares more freely than is known, the row is refused."""
    id_ = server.add_customer(reference="ÆRØ", name="Old")
    full = server.matching

    def matching(path: str, query: Any) -> Any:
        taken = "'AERØ'" in query.get("$filter", "")
        return full(path, query) if not taken else [server.customers[id_], *_last(full)]

    def _last(full: Any) -> Any:
        return full("customers", {"$top": "1"})

    server.matching = matching  # type: ignore[method-assign]
    rows = [{"reference": "AERØ", "name": "New"}, {"reference": "N1", "name": "New"}]
    outcomes, _ = upsert(server, rows, journal)
    assert outcomes[1].kind == "refused"
    assert "ÆRØ" in outcomes[1].reason
    assert [c.values["reference"] for c in server.commits] == ["N1"]


@pytest.mark.parametrize("case_sensitive", [True, False])
def test_the_record_that_proves_an_answer_may_be_the_one_that_is_meant(
    server: HostileServer,
    journal: Path,
    monkeypatch: pytest.MonkeyPatch,
    case_sensitive: bool,
) -> None:
    """It is taken for the row's only where the server itself finds it by the key."""
    if case_sensitive:
        monkeypatch.setattr("hostile_server.folded", str)
    rows = [{"reference": "first", "name": "New"}, {"reference": "N1", "name": "New"}]
    outcomes, _ = upsert(server, rows, journal)
    old = [row for row in server.customers.values() if row["reference"] == "FIRST"]
    assert outcomes[1].kind == ("refused" if case_sensitive else "updated")
    assert old[0]["name"] == ("There before" if case_sensitive else "New")
    assert outcomes[2].kind == "created"


def test_what_others_change_meanwhile_stays(
    server: HostileServer, journal: Path
) -> None:
    """A field that another changes between the look-up and the update is not sent."""
    id_ = server.add_customer(reference="A1", name="A", short_name="x", on_hold=False)

    def hook(request: web.Request, _: Any) -> None:
        if request.method == "PUT":
            server.customers[id_] |= {"short_name": "theirs", "on_hold": True}

    server.hook = hook
    row = {"reference": "A1", "name": "B", "short_name": "x"}
    upsert(server, [row], journal)
    assert server.customers[id_] == {
        "id": id_,
        "reference": "A1",
        "name": "B",
        "short_name": "theirs",
        "on_hold": True,
    }


def test_a_record_that_is_deleted_meanwhile_is_created(
    server: HostileServer, journal: Path
) -> None:
    """Where the record is gone when it is to be updated, the row is looked up again."""
    id_ = server.add_customer(reference="A1", name="A")

    def hook(request: web.Request, _: Any) -> None:
        if request.method == "PUT":
            server.customers.pop(id_, None)

    server.hook = hook
    outcomes, _ = upsert(server, [{"reference": "A1", "name": "B"}], journal)
    assert (outcomes[1].kind, len(server.customers)) == ("created", 2)


def test_related_rows_are_changed_by_their_own_keys(
    server: HostileServer, journal: Path, tmp_path: Path
) -> None:
    """Related rows that differ or are new are sent; what is not mentioned stays."""
    first = {"id": 1, "name": "Ann", "first_name": "A"}
    id_ = server.add_customer(
        reference="A1", name="A", contacts=[first, {"id": 2, "name": "Bo"}]
    )
    contacts = [{"name": "ann", "first_name": "Ann"}, {"name": "Cy"}]
    rows = [{"reference": "A1", "contacts": contacts}]
    lost(server)
    nested_by = {"contacts": "name"}
    outcomes, _ = upsert(server, rows, journal, nested_by=nested_by)
    sent = {"contacts": [{"id": 1, "first_name": "Ann"}, {"name": "Cy"}]}
    assert bodies(server) == [("PUT", f"customers/{id_}", sent)]
    assert outcomes[1].kind == "updated"
    names = [contact["name"] for contact in server.customers[id_]["contacts"]]
    assert names == ["Ann", "Bo", "Cy"]
    again, _ = upsert(server, rows, tmp_path / "other.db", nested_by=nested_by)
    assert (again[1].kind, len(server.writes)) == ("unchanged", 1)


@pytest.mark.parametrize(
    "contacts",
    [
        [{"name": "Ann"}, {"name": "ANN "}],
        [{"id": 1, "first_name": "A"}, {"id": 1, "first_name": "B"}],
    ],
)
def test_related_rows_of_one_key_are_refused(
    server: HostileServer, journal: Path, contacts: list[Any]
) -> None:
    """Two that are about the same one are refused before anything is asked for."""
    server.add_customer(reference="A1", name="A", contacts=[])
    rows = [{"reference": "A1", "contacts": contacts}]
    outcomes, _ = upsert(server, rows, journal, nested_by={"contacts": "name"})
    reason = "contacts: several rows are about the same one, by their id or key"
    assert (outcomes[1].kind, outcomes[1].reason) == ("refused", reason)
    assert server.requests == []


def test_related_rows_without_a_key_are_refused(
    server: HostileServer, journal: Path
) -> None:
    """A related row that nothing identifies is not added to a record that exists."""
    server.add_customer(reference="A1", name="A", contacts=[])
    rows = [{"reference": "A1", "contacts": [{"name": "Ann"}]}]
    outcomes, _ = upsert(server, rows, journal)
    assert outcomes[1].kind == "refused"
    assert "nested_by={'contacts': '...'}" in outcomes[1].reason
    assert server.writes == []


async def _later(rows: list[Any]) -> Any:
    for row in rows:
        yield row


ROWS: list[Any] = [
    {"reference": f"N{n}", "name": "New", "on_hold": True} for n in (1, 2)
]
FORMS = {
    "a generator": lambda: (row for row in ROWS),
    "an asynchronous generator": lambda: _later(ROWS),
    "an Arrow table": lambda: pa.Table.from_pylist(ROWS),
    "records": lambda: [Customer(id=5, balance=9, **row) for row in ROWS],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_come_in_any_form(server: HostileServer, journal: Path, form: str) -> None:
    """Of records, what is read-only is not sent."""
    _, report = upsert(server, FORMS[form](), journal)
    assert report.created == 2
    assert sorted(str(c.values) for c in server.commits) == [*map(str, ROWS)]


def test_a_misspelled_column_is_refused_in_each_row(
    server: HostileServer, journal: Path
) -> None:
    """Each row says so, with the name that is meant; nothing is asked for."""
    rows = [{"reference": f"N{n}", "nmae": "New"} for n in range(30)]
    outcomes, _ = upsert(server, rows, journal)
    reasons = {one.reason for one in outcomes.values()}
    assert reasons == {"Customer has no field 'nmae'; did you mean 'name'?"}
    assert (len(outcomes), server.requests) == (30, [])


@pytest.mark.parametrize("rows", [{"reference": "A1"}, "A1", 5, None])
def test_what_is_no_rows_is_refused(
    server: HostileServer, journal: Path, rows: Any
) -> None:
    """One mapping instead of many, or anything else, is an error before any I/O."""
    with pytest.raises(QueryError, match="rows: expected a list of mappings"):
        upsert(server, rows, journal)
    assert not journal.exists()


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"workers": 65}, {"settle": -1}, {"settle": float("nan")}],
)
def test_numbers_out_of_range_are_refused(
    server: HostileServer, journal: Path, options: Any
) -> None:
    """Workers and seconds that make no sense are an error before any I/O."""
    with pytest.raises(LimitError):
        upsert(server, [], journal, **options)


@pytest.mark.parametrize("url", [":memory:", "postgresql://host/db", "", None])
def test_a_journal_is_a_file(server: HostileServer, url: Any) -> None:
    """A journal that would be lost with the process is refused."""
    with pytest.raises(JournalError, match="expected a file"):
        upsert(server, [], url)


class Opaque:
    """A value that JSON has nothing for."""


@pytest.mark.parametrize("name", ["name", ("name",)])
def test_a_value_that_is_none_of_json_is_refused_in_each_run(
    server: HostileServer, journal: Path, name: Any
) -> None:
    """The row with it is refused, and the job goes on with the same rows later."""
    for value in [Opaque(), Opaque()]:  # at two addresses
        rows = [{"reference": "N1", "name": "New"}, {"reference": "N2", name: value}]
        outcomes, report = upsert(server, rows, journal)
        assert (outcomes[2].kind, report.created) == ("refused", 1)
    assert len(server.commits) == 1


def test_another_input_under_the_same_journal_is_refused(
    server: HostileServer, journal: Path
) -> None:
    """Once a row was sent, a journal takes the rows that it began with, in any order."""
    rows = [{"reference": f"N{n}", "name": "New"} for n in range(3)]
    upsert(server, [{"reference": "N1"}], journal, dry_run=True)  # nothing is sent yet
    upsert(server, rows, journal)
    assert upsert(server, rows[::-1], journal)[1].created == 3
    with pytest.raises(JournalError, match="name another journal"):
        upsert(server, rows[:2], journal)
    assert len(server.writes) == 3


def test_another_job_under_the_same_journal_is_refused(
    server: HostileServer, journal: Path
) -> None:
    """A journal of another resource, key or operation says whose it is."""
    upsert(server, [], journal)
    with pytest.raises(JournalError, match="journal of an upsert of customers by ref"):
        upsert(server, [], journal, by="name")
    with pytest.raises(JournalError, match="not of an insert of sales_invoices"):
        upsert(server, [], journal, insert=True)


def test_two_jobs_on_one_journal(server: HostileServer, journal: Path) -> None:
    """The second is refused while the first runs; a file of something else always."""

    async def main() -> None:
        async with Sage200Client(settings_for(server.url)) as client:
            one = client.customers.upsert([], journal=journal)
            other = client.customers.upsert([], journal=journal)

            async def endless() -> Any:
                while True:
                    await asyncio.sleep(0.01)
                    yield {"reference": "A1"}

            one = client.customers.upsert(endless(), journal=journal)
            async with one:
                with pytest.raises(JournalError, match="another process") as refused:
                    await other.__aenter__()
                assert refused.value.retryable
            report = await _finished(client.customers.upsert([], journal=journal))
            assert report.is_complete

    asyncio.run(main())
    journal.write_bytes(b"something else" * 100)
    with pytest.raises(JournalError, match="not a journal"):
        upsert(server, [], journal)


async def _finished(job: Any) -> Any:
    async with job:
        return await job.finish()


def test_a_job_that_is_left_goes_on_later(server: HostileServer, journal: Path) -> None:
    """Leaving the block ends all tasks; the next run writes what is missing, once."""
    rows = [{"reference": f"N{n}", "name": "New"} for n in range(60)]

    async def main() -> None:
        async with Sage200Client(settings_for(server.url)) as client:
            async with client.customers.upsert(rows, journal=journal) as job:
                async for _ in job:
                    break
            assert len(asyncio.all_tasks()) <= 2  # this one, perhaps a refresher

    asyncio.run(main())
    assert 0 < len(server.commits) < 60
    _, report = upsert(server, rows, journal)
    assert (report.created, len(server.commits)) == (60, 60)


@pytest.mark.parametrize(("status", "error"), [(401, Unauthorized), (403, Forbidden)])
def test_a_user_who_may_not_write_ends_the_job(
    server: HostileServer, journal: Path, status: int, error: type[Exception]
) -> None:
    """Where no row could be written, the job ends, and its rows stay to be written."""
    server.hook = lambda request, _: (
        None if request.method == "GET" else web.json_response({}, status=status)
    )
    rows = [{"reference": f"N{n}", "name": "New"} for n in range(50)]
    with pytest.raises(error):
        upsert(server, rows, journal, workers=1)
    assert len(server.writes) <= 2
    server.hook = None
    assert upsert(server, rows, journal)[1].created == 50


def test_a_journal_is_for_its_owner_and_can_be_cleared(
    server: HostileServer, journal: Path
) -> None:
    """Nobody else reads it; with rows in doubt it is not removed."""
    server.hook = lambda request, _: (
        None if request.method == "GET" and not server.writes else server._drop(request)
    )
    rows = [{"reference": "N1", "name": "New"}]
    outcomes, _ = upsert(server, rows, journal, settle=0.01)
    assert outcomes[1].kind == "unknown"
    if os.name == "posix":
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    with pytest.raises(JournalError, match="1 rows were sent"):
        clear_journal(journal)
    server.hook = None
    assert upsert(server, rows, journal)[1].created == 1
    clear_journal(f"sqlite:///{journal.as_posix()}")
    assert not any(journal.parent.iterdir())


def test_rows_that_are_not_done_are_written_as_csv(
    server: HostileServer, journal: Path, tmp_path: Path
) -> None:
    """Each with its reason; nothing in it is run by a spreadsheet."""
    rows = [
        {"reference": "=1+2", "nmae": "x"},
        {"reference": "N1", "name": "New"},
        {"reference": "N2"},
    ]
    _, report = upsert(server, rows, journal)
    assert report.write_csv(tmp_path / "rest.csv") == 2
    lines = (tmp_path / "rest.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "row,key,outcome,reason,input"
    assert lines[1].startswith("1,'=1+2,refused,Customer has no field 'nmae'")
    assert lines[2].startswith('3,N2,refused,"name: missing, a new Customer needs it"')


def test_the_file_of_the_rest_is_private_and_whole(
    server: HostileServer,
    journal: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It holds rows; it is replaced as a whole or not at all, and never the journal."""
    rest = tmp_path / "rest.csv"
    rest.write_text("before", "utf-8")
    _, report = upsert(server, [{"reference": "N1"}], journal)
    for path in (journal, f"{journal}-journal"):
        with pytest.raises(JournalError, match="the journal itself"):
            report.write_csv(path)
    with monkeypatch.context() as patched:
        patched.setattr("csv.writer", lambda _: pytest.fail("the disk is full"))
        with pytest.raises(BaseException, match="the disk is full"):
            report.write_csv(rest)
    assert rest.read_text("utf-8") == "before"
    assert report.write_csv(rest) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"job.db", "rest.csv"}
    if os.name == "posix":
        assert stat.S_IMODE(rest.stat().st_mode) == 0o600


def test_a_marker_of_ones_own_is_looked_for_first(
    server: HostileServer, journal: Path
) -> None:
    """A document that is there already is not sent, and counts as unchanged."""
    urn = server.add_transaction(
        second_reference="web 17",
        customer_id=1,
        trader_transaction_type="TradingAccountEntryTypeInvoice",
    )
    rows = [
        {"customer_id": 1, "second_reference": "WEB 17"},
        {"customer_id": 1, "second_reference": "web 18"},
    ]
    outcomes, _ = upsert(server, rows, journal, insert=True)
    assert (outcomes[1].kind, outcomes[1].id) == ("unchanged", urn)
    assert outcomes[2].kind == "created"
    assert [c.values for c in server.commits] == rows[1:]


INVOICE = {
    "customer_id": 1,
    "trader_transaction_type": "TradingAccountEntryTypeInvoice",
    "second_reference": "WEB 17",
}


@pytest.mark.parametrize(
    "other",
    [
        INVOICE | {"customer_id": 2},
        INVOICE | {"trader_transaction_type": "TradingAccountEntryTypeReceipt"},
        INVOICE | {"trader_transaction_type": 3},
        {"second_reference": "WEB 17"},
    ],
)
@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_marker_on_the_document_of_another_proves_nothing(
    server: HostileServer, journal: Path, other: dict[str, Any], in_doubt: bool
) -> None:
    """A row whose text is on a document of another account or kind is not done."""
    if in_doubt:

        def hook(request: web.Request, _: Any) -> web.Response | None:
            if request.method != "POST":
                return None
            server.add_transaction(**other)
            return server._drop(request)

        server.hook = hook
    else:
        server.add_transaction(**other)
    row = {"customer_id": 1, "second_reference": "WEB 17"}
    outcomes, report = upsert(server, [row], journal, insert=True)
    expected = "unknown" if in_doubt else "refused"
    assert (outcomes[1].kind, report.is_complete) == (expected, False)
    assert "give this row a text that no other document has" in outcomes[1].reason
    assert (len(server.writes), server.commits) == (int(in_doubt), [])


def test_a_marker_that_the_server_takes_for_another_proves_nothing(
    server: HostileServer, journal: Path
) -> None:
    """Where the server compares more freely than is known, a document is not done."""
    server.add_transaction(**INVOICE | {"second_reference": "AE-1"})
    full = server.matching
    server.matching = lambda path, query: full(  # type: ignore[method-assign]
        path, {k: v.replace("Æ", "AE") for k, v in query.items()}
    )
    row = {"customer_id": 1, "second_reference": "Æ-1"}
    outcomes, _ = upsert(server, [row], journal, insert=True)
    assert (outcomes[1].kind, server.writes) == ("refused", [])


def test_equal_documents_are_all_written(server: HostileServer, journal: Path) -> None:
    """Two equal rows are two documents, each with a marker of its own."""
    lost(server, times=2)
    _, report = upsert(server, [{"customer_id": 1}] * 3, journal, insert=True)
    markers = [c.values["second_reference"] for c in server.commits]
    assert (report.created, len(set(markers))) == (3, 3)
    assert max(map(len, markers)) <= 20


def test_without_a_marker_a_row_is_sent_once_or_not_at_all(
    server: HostileServer, journal: Path
) -> None:
    """It takes at_most_once; a row whose response is lost stays unknown for good."""

    async def main(**options: Any) -> Any:
        async with Sage200Client(settings_for(server.url)) as client:
            rows = [{"bank_from_id": 1, "bank_to_id": 2, "payment_value": 3}]
            job = client.bank_transfer.insert(rows, journal=journal, **options)  # type: ignore[arg-type]
            return await _finished(job)

    with pytest.raises(QueryError, match="at_most_once=True"):
        asyncio.run(main())
    server.hook = lambda request, _: server._drop(request)
    for _ in range(2):
        report = asyncio.run(main(at_most_once=True))
        assert (report.unknown, len(server.writes)) == (1, 1)


def test_a_resource_that_cannot_be_written_says_so() -> None:
    """`upsert` and `insert` of a view are unknown, as its other writes are."""
    client = Sage200Client(settings_for("http://127.0.0.1:1/v1/"))
    for name in ("upsert", "insert"):
        with pytest.raises(UnsupportedOperation, match="it can list"):
            getattr(client.customer_views, name)
    with pytest.raises(QueryError, match="pass by="):
        client.sop_orders.upsert([], journal="job.db")
    for by in ("nme", "contacts", "main_address.city", "a b", "id"):
        with pytest.raises(QueryError):
            client.customers.upsert([], by=by, journal="job.db")
    for name in ("contcts", "name"):
        with pytest.raises(QueryError):
            client.customers.upsert([], nested_by={name: "name"}, journal="job.db")
    with pytest.raises(QueryError, match="upsert"):
        client.customers.insert([], journal="job.db")
