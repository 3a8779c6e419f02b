"""Where tables are loaded to: other destinations, other sources, what is there."""

import dlt
import pytest
from pipelines import COLUMNS, DuckDB, cause_of, few, stored

from sage200_async.engines.dlt import sage200
from sage200_async.errors import SinkConflict

HISTORY = {
    "disposition": "merge",
    "strategy": "scd2",
    "row_version_column_name": "date_time_updated",
}


def customers(sandbox, **options):
    chosen = {"customers": COLUMNS}
    return sage200("customers", columns=chosen, settings=sandbox.settings, **options)


def rows_of(sandbox):
    return stored(sandbox, names=COLUMNS)


def change_some(sandbox):
    """Change a customer, and delete another."""
    first, second = sandbox.store.keys("customers")[:2]
    sandbox.store.update("customers", first, {"name": "Changed"})
    sandbox.store.delete("customers", second)


def test_rows_of_an_unknown_past_are_replaced(sandbox, duckdb):
    """Where the state is lost, rows that the company deleted since do not stay."""
    duckdb.run(customers(sandbox))
    change_some(sandbox)
    duckdb.sql("DELETE FROM sage._dlt_pipeline_state")
    duckdb.pipeline.drop()
    again = DuckDB(duckdb.folder)
    source = customers(sandbox)
    assert again.run(source) == {"customers": 29}
    assert few(again.rows()) == rows_of(sandbox)
    change_some(sandbox)
    assert again.run(source) == {"customers": 2}
    assert few(again.rows()) == rows_of(sandbox)


def test_a_part_that_was_loaded_is_replaced(sandbox, duckdb):
    """A row of a run with add_limit is gone if it was deleted before the next one."""
    source = customers(sandbox)
    source.resources["customers"].add_limit(2, count_rows=False)
    duckdb.run(source)
    assert duckdb.state() == ""
    change_some(sandbox)
    duckdb.run(customers(sandbox))
    assert few(duckdb.rows()) == rows_of(sandbox)


def test_a_parallel_resource_is_replaced_once(sandbox, duckdb):
    """In the threads of dlt, too, the first run replaces, and the next one merges."""
    duckdb.run(customers(sandbox))
    change_some(sandbox)
    duckdb.sql("DELETE FROM sage._dlt_pipeline_state")
    duckdb.pipeline.drop()
    again, source = DuckDB(duckdb.folder), customers(sandbox)
    source.resources["customers"].parallelize()
    again.run(source)
    assert few(again.rows()) == rows_of(sandbox)
    change_some(sandbox)
    assert again.run(source) == {"customers": 2}
    assert few(again.rows()) == rows_of(sandbox)


def test_two_destinations_in_turn_both_have_everything(sandbox, tmp_path):
    """The state of one says nothing of the other: it is read anew, and no change lost."""
    one, other = (tmp_path / name for name in ("one.duckdb", "other.duckdb"))
    for path in (one, other, one, other):
        pipeline = DuckDB(tmp_path)
        pipeline.path = path
        destination = dlt.destinations.duckdb(str(path))
        change_some(sandbox)
        pipeline.run(customers(sandbox), destination=destination)
        assert few(pipeline.rows()) == rows_of(sandbox)


def test_another_query_of_another_source_is_refused(sandbox, duckdb):
    """Two companies of one pipeline would be mixed: keys are the same in both."""
    duckdb.run(customers(sandbox))
    rows = duckdb.rows()
    held = customers(sandbox, name="other", filter={"customers": "on_hold eq true"})
    with pytest.raises(Exception, match="both would be mixed") as caught:
        duckdb.run(held)
    assert isinstance(cause_of(caught.value), SinkConflict)
    assert duckdb.rows() == rows
    held.resources["customers"].apply_hints(table_name="held")
    duckdb.run(held)
    assert {row["on_hold"] for row in duckdb.rows("held")} == {True}
    assert duckdb.rows() == rows


def test_a_history_has_all_rows_that_are_valid(sandbox, duckdb):
    """Each load has all rows: dlt ends those that it lacks."""
    duckdb.run(customers(sandbox), write_disposition=HISTORY)
    change_some(sandbox)
    duckdb.run(customers(sandbox), write_disposition=HISTORY)
    valid = "SELECT id, name FROM sage.customers WHERE _dlt_valid_to IS NULL ORDER BY 1"
    assert duckdb.sql(valid) == [
        {"id": row["id"], "name": row["name"]} for row in rows_of(sandbox)
    ]
    assert duckdb.sql("SELECT count(*) AS n FROM sage.customers") == [{"n": 31}]


def test_a_load_that_failed_in_part_is_repeated(sandbox, duckdb, monkeypatch):
    """Where dlt goes on after a failed job, the next run reads the table anew."""
    duckdb.run(customers(sandbox))
    change_some(sandbox)
    duckdb.run(customers(sandbox))
    change_some(sandbox)
    monkeypatch.setenv("LOAD__RAISE_ON_FAILED_JOBS", "false")
    duckdb.sql("ALTER TABLE sage.customers RENAME COLUMN name TO hidden")
    assert duckdb.pipeline.run(customers(sandbox)).has_failed_jobs
    duckdb.sql("ALTER TABLE sage.customers RENAME COLUMN hidden TO name")
    assert duckdb.run(customers(sandbox)) == {"customers": 28}
    assert few(duckdb.rows()) == rows_of(sandbox)


def test_rows_can_be_read_without_a_load(sandbox, duckdb):
    """A resource is iterated over as any other; the pipeline's state stays."""
    resource = customers(sandbox).resources["customers"]
    assert sum(len(batch) for batch in resource) == 30
    assert duckdb.state() == ""
