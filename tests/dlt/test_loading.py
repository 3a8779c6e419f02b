"""What pipelines load: all of it at first, then what has changed."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pipelines import COLUMNS, KEY, STAMP, cause_of, few, stored

from sage200_async.catalog import Endpoints
from sage200_async.engines.dlt import sage200
from sage200_async.errors import SinkConflict
from sage200_async.limits import PAGE_MAX

NARROW = {KEY, STAMP}
UNKEYED = "sales_aged_debtor_summary_views"


def customers(sandbox, *, columns=COLUMNS, **options):
    """Return a source of customers, with few of their columns."""
    chosen = {"customers": columns}
    return sage200("customers", columns=chosen, settings=sandbox.settings, **options)


def wide(sandbox):
    """Return a source of customers with all their columns."""
    return sage200("customers", settings=sandbox.settings)


def test_duckdb_holds_what_the_company_has_to_the_last_digit(sandbox, duckdb):
    """Numbers and times are those of the company's JSON, read by plain Python."""
    assert duckdb.run(wide(sandbox)) == {"customers": 30}
    assert few(duckdb.rows()) == stored(sandbox)
    types = duckdb.types()
    assert types["balance"] == "DECIMAL(38,10)"
    assert types[STAMP] == "TIMESTAMP WITH TIME ZONE"
    assert types["on_hold"] == "BOOLEAN"
    assert types[KEY] == "BIGINT"


def test_parquet_holds_what_the_company_has_to_the_last_digit(sandbox, parquet):
    """The same for files, whose types are those of the catalog."""
    parquet.run(wide(sandbox))
    (table,) = parquet.tables()
    assert few(table.to_pylist()) == stored(sandbox)
    assert table.schema.field("balance").type == pa.decimal128(38, 10)
    assert table.schema.field(STAMP).type == pa.timestamp("us", tz="UTC")


def test_a_run_without_changes_loads_nothing(sandbox, duckdb):
    """It reads keys and stamps, and of the rest what was stamped lately; no load."""
    source = customers(sandbox)
    duckdb.run(source)
    state = duckdb.state()
    sandbox.requests.clear()
    assert duckdb.run(source) == {}
    assert duckdb.state() == state
    rich = [one for one in sandbox.requests if not is_narrow(one)]
    assert len(sandbox.requests) <= -(-30 // PAGE_MAX) + 12
    assert len(rich) == 1
    assert f"{STAMP} ge" in rich[0].query["$filter"]


def test_between_sweeps_only_late_stamps_are_asked_for(sandbox, parquet):
    """Such a run lists no keys; without a change it loads nothing."""
    source = customers(sandbox, sweep_every=86_400)
    parquet.run(source)
    sandbox.requests.clear()
    assert parquet.run(source) == {}
    filters = [one.query.get("$filter", "") for one in sandbox.requests]
    assert all(f"{STAMP} ge" in text for text in filters if text)
    assert sum(one.records for one in sandbox.requests) < 30


def is_narrow(request):
    selected = set(request.query.get("$select", "").split(","))
    return request.path == "sites" or selected <= NARROW


def test_a_later_run_loads_only_what_has_changed(sandbox, duckdb):
    """A row that was changed and one that is new are loaded, and no other."""
    duckdb.run(customers(sandbox))
    first = sandbox.store.keys("customers")[0]
    sandbox.store.update("customers", first, {"name": "Renamed"})
    sandbox.store.insert("customers", {"reference": "NEW1", "name": "New"})
    assert duckdb.run(customers(sandbox)) == {"customers": 2}
    assert few(duckdb.rows()) == stored(sandbox, names=COLUMNS)


def test_rows_that_the_company_deleted_are_deleted(sandbox, duckdb):
    """They leave the table, and come back with the record."""
    duckdb.run(customers(sandbox))
    before = sandbox.snapshot()
    first, second = sandbox.store.keys("customers")[:2]
    sandbox.store.delete("customers", first)
    sandbox.store.delete("customers", second)
    assert duckdb.run(customers(sandbox)) == {"customers": 2}
    assert few(duckdb.rows()) == stored(sandbox, names=COLUMNS)
    sandbox.restore(before)
    assert duckdb.run(customers(sandbox)) == {"customers": 2}
    assert few(duckdb.rows()) == stored(sandbox, names=COLUMNS)
    assert duckdb.run(customers(sandbox)) == {}


def test_files_have_a_row_for_each_delete(sandbox, parquet):
    """Files that can only be added to have the key, marked as deleted."""
    parquet.run(customers(sandbox))
    first = sandbox.store.keys("customers")[0]
    sandbox.store.delete("customers", first)
    parquet.run(customers(sandbox))
    _, later = parquet.tables()
    marked = [
        {n: v for n, v in row.items() if v is not None} for row in later.to_pylist()
    ]
    assert marked == [{KEY: first, "_deleted": True}]


def test_a_change_with_the_same_stamp_is_loaded(sandbox, parquet):
    """Records near the newest stamp are compared as a whole."""
    parquet.run(customers(sandbox))
    newest = max(stored(sandbox), key=lambda row: row[STAMP])[KEY]
    sandbox.store.update("customers", newest, {"name": "Same tick"}, touch=False)
    assert parquet.run(customers(sandbox)) == {"customers": 1}
    assert few(parquet.rows()) == stored(sandbox, names=COLUMNS)


def test_a_late_commit_is_loaded(sandbox, parquet):
    """A stamp that is older than the overlap is found: all stamps are compared."""
    parquet.run(customers(sandbox))
    first = sandbox.store.keys("customers")[0]
    values = {"name": "Late", STAMP: "2020-05-01T00:00:00Z"}
    sandbox.store.update("customers", first, values, touch=False)
    assert parquet.run(customers(sandbox)) == {"customers": 1}
    assert few(parquet.rows()) == stored(sandbox, names=COLUMNS)


def test_a_stamp_from_the_future_does_not_move_the_watermark(sandbox, parquet):
    """What is changed after it is still found without comparing all stamps."""
    first, second = sandbox.store.keys("customers")[:2]
    future = (datetime.now(UTC) + timedelta(days=900)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sandbox.store.update("customers", first, {STAMP: future}, touch=False)
    source = customers(sandbox, sweep_every=86_400)
    parquet.run(source)
    sandbox.store.update("customers", second, {"name": "Now"})
    assert parquet.run(source) == {"customers": 1}
    assert few(parquet.rows()) == stored(sandbox, names=COLUMNS)


def test_a_table_without_a_key_is_replaced(sandbox, duckdb):
    """Two runs do not double it."""
    for _ in range(2):
        loaded = duckdb.run(sage200(UNKEYED, settings=sandbox.settings))
        assert loaded == {UNKEYED: 30}
    count = duckdb.sql(f"SELECT count(*) AS n FROM sage.{UNKEYED}")
    assert count == [{"n": 30}]


def test_a_table_without_stamps_is_compared_as_a_whole(sandbox, duckdb):
    """Only rows that differ are loaded, and deletes arrive."""
    name = "tax_account_entry_types"
    duckdb.run(sage200(name, settings=sandbox.settings))
    assert duckdb.run(sage200(name, settings=sandbox.settings)) == {}
    first, second = sandbox.store.keys(name)[:2]
    sandbox.store.update(name, first, {"description": "Changed"})
    sandbox.store.delete(name, second)
    assert duckdb.run(sage200(name, settings=sandbox.settings)) == {name: 2}
    assert few(duckdb.rows(name)) == stored(sandbox, name)


def test_related_records_are_nested(sandbox, parquet):
    """An expanded list is a list of structs in files."""
    orders = Endpoints.sop_orders.query.expand("lines")
    parquet.run(sage200(orders, settings=sandbox.settings))
    (table,) = parquet.tables("sop_orders")
    lists = [[line["id"] for line in row] for row in table["lines"].to_pylist()]
    store = sandbox.store
    records = [store.get("sop_orders", key) for key in sorted(store.keys("sop_orders"))]
    assert lists == [[line["id"] for line in one["lines"]] for one in records]
    assert any(lists)


def test_related_records_are_json_where_nothing_is_nested(sandbox, duckdb):
    """In DuckDB an expanded list is a JSON column."""
    source = sage200(
        "sop_orders", expand={"sop_orders": ["lines"]}, settings=sandbox.settings
    )
    duckdb.run(source)
    assert duckdb.types("sop_orders")["lines"] == "JSON"
    assert duckdb.run(source) == {}


def test_columns_and_records_can_be_chosen(sandbox, duckdb):
    """The key and the stamp are among the columns, always."""
    duckdb.run(
        customers(
            sandbox,
            columns=["name"],
            filter={"customers": "on_hold eq false"},
        )
    )
    assert set(duckdb.rows()[0]) == {KEY, "name", STAMP, "_deleted"}
    free = [row[KEY] for row in stored(sandbox) if not row["on_hold"]]
    assert [row[KEY] for row in duckdb.rows()] == free


def test_a_new_column_is_filled(sandbox, duckdb):
    """A wider selection reads everything once more."""
    duckdb.run(customers(sandbox, columns=["name"]))
    wider = customers(sandbox, columns=["name", "balance"])
    assert duckdb.run(wider) == {"customers": 30}
    balances = [row["balance"] for row in duckdb.rows()]
    assert balances == [row["balance"] for row in stored(sandbox)]
    assert duckdb.run(wider) == {}


def test_a_table_of_other_records_is_refused(sandbox, duckdb):
    """A filter that differs from the table's says how to go on; the state stays."""
    duckdb.run(customers(sandbox))
    state = duckdb.state()
    other = customers(sandbox, filter={"customers": "on_hold eq false"})
    with pytest.raises(Exception, match="refresh='drop_resources'") as caught:
        duckdb.run(other)
    assert isinstance(cause_of(caught.value), SinkConflict)
    assert duckdb.state() == state
    assert duckdb.run(other, refresh="drop_resources") == {
        "customers": len([row for row in stored(sandbox) if not row["on_hold"]])
    }


def test_replace_loads_everything_anew(sandbox, duckdb):
    """A run that replaces is followed by one that finds nothing to load."""
    source = customers(sandbox)
    duckdb.run(source)
    gone = sandbox.store.keys("customers")[3]
    sandbox.store.delete("customers", gone)
    assert duckdb.run(source, write_disposition="replace") == {"customers": 29}
    assert few(duckdb.rows()) == stored(sandbox, names=COLUMNS)
    sandbox.store.update("customers", sandbox.store.keys("customers")[0], {"name": "x"})
    duckdb.run(customers(sandbox))
    assert few(duckdb.rows()) == stored(sandbox, names=COLUMNS)


def test_a_table_without_records_has_its_columns(sandbox, duckdb):
    """What matches nothing is an empty table with the types of the catalog."""
    nothing = customers(sandbox, filter={"customers": "id eq 1"})
    duckdb.run(nothing)
    assert duckdb.rows() == []
    assert duckdb.types()["balance"] == "DECIMAL(38,10)"


def test_a_run_that_takes_a_part_is_followed_by_a_whole_one(sandbox, parquet):
    """With add_limit the state stays empty, so that nothing is missing later."""
    source = customers(sandbox, workers=1)
    source.resources["customers"].add_limit(1)
    parquet.run(source)
    assert parquet.state() == ""
    assert parquet.run(customers(sandbox)) == {"customers": 30}
    assert few(parquet.rows()) == stored(sandbox, names=COLUMNS)


def test_a_source_can_be_run_again(sandbox, parquet):
    """Tokens that are kept in memory outlast the client of a run."""
    source = customers(sandbox)
    parquet.run(source)
    sandbox.expire_tokens()
    parquet.run(source)
    sandbox.expire_tokens()
    assert parquet.run(source) == {}


def test_several_tables_share_one_client(sandbox, parquet):
    """One token is obtained for all of them."""
    sandbox.token_requests.clear()
    source = sage200("customers", "suppliers", "sop_orders", settings=sandbox.settings)
    loaded = parquet.run(source)
    assert loaded["customers"] == 30
    assert len(sandbox.token_requests) == 1
