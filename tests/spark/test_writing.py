"""Rows of a data frame become records: each once, whatever runs twice."""

import pytest
from processes import fails_once

from sage200_async.errors import JournalError

COLUMNS = "reference STRING, name STRING, credit_limit DECIMAL(18,2)"


def rows_of(count):
    """Return rows of new customers."""
    from decimal import Decimal

    return [(f"WEB{n:03}", f"Shop {n}", Decimal(n)) for n in range(count)]


def sent(company):
    """Return the methods and paths of the requests that write."""
    return [one.method for one in company.sandbox.requests if one.method != "GET"]


def test_rows_are_written_once(spark, small_company, tmp_path):
    """New rows are created and others updated; the same job again sends nothing."""
    known = small_company.store.get(
        "customers", small_company.store.keys("customers")[0]
    )
    rows = [*rows_of(20), (known["reference"], "Renamed", known["credit_limit"])]
    frame = spark.createDataFrame(rows, COLUMNS).repartition(3)
    journal = f"sqlite:///{tmp_path / 'job.db'}"
    for _ in range(2):
        small_company.writer(frame, by="reference", journal=journal).save()
    assert sorted(sent(small_company)) == ["POST"] * 20 + ["PUT"]
    store = small_company.store
    stored = [store.get("customers", key) for key in store.keys("customers")]
    assert len(stored) == 60
    assert {row["reference"]: row["name"] for row in stored}["WEB007"] == "Shop 7"
    assert store.get("customers", known["id"])["name"] == "Renamed"


def test_a_task_that_is_run_again(spark, small_company, tmp_path):
    """A task that fails after its rows and is run again doubles none of them."""
    marker = tmp_path / "failed"

    frame = spark.createDataFrame(rows_of(20), COLUMNS).repartition(3)
    frame = frame.mapInArrow(fails_once(marker), frame.schema)
    journal = f"sqlite:///{tmp_path / 'job.db'}"
    small_company.writer(frame, by="reference", journal=journal).save()
    assert marker.exists()
    assert sent(small_company) == ["POST"] * 20
    assert small_company.store.count("customers") == 60


def test_the_same_key_in_two_tasks(spark, small_company, tmp_path):
    """Two rows of one key are refused, also in two partitions; the others are written."""
    rows = rows_of(6)
    first = spark.createDataFrame(rows, COLUMNS).coalesce(1)
    frame = first.union(spark.createDataFrame(rows[:1], COLUMNS).coalesce(1))
    journal = f"sqlite:///{tmp_path / 'job.db'}"
    with pytest.raises(Exception, match="2 of 7 rows were not written"):
        small_company.writer(frame, by="reference", journal=journal).save()
    assert sent(small_company) == ["POST"] * 5


@pytest.mark.parametrize(
    "case",
    [
        ({"by": "refrence"}, COLUMNS, "refrence"),
        ({}, COLUMNS.replace("name ", "nmae "), "nmae"),
        ({"resource": "customer_views"}, COLUMNS, "takes no upsert"),
    ],
)
def test_errors_before_anything_is_sent(spark, small_company, tmp_path, case):
    """What cannot be written is refused before any request."""
    options, columns, message = case
    frame = spark.createDataFrame(rows_of(3), columns)
    options = {"by": "reference", "journal": str(tmp_path / "job.db"), **options}
    with pytest.raises(Exception, match=message):
        small_company.writer(frame, **options).save()
    assert small_company.sandbox.requests == []


def test_nothing_is_overwritten(spark, small_company, tmp_path):
    """A resource cannot be overwritten."""
    frame = spark.createDataFrame(rows_of(3), COLUMNS)
    writer = small_company.writer(frame, journal=str(tmp_path / "job.db"))
    with pytest.raises(Exception, match="cannot overwrite a resource"):
        writer.mode("overwrite").save()
    assert small_company.sandbox.requests == []


def test_the_rows_of_a_task_do_not_arrive(small_company, tmp_path):
    """Where Spark has nothing of a task, nothing is written, and an error says so."""
    from pyspark.sql.types import StructType

    from sage200_async.engines.spark.source_options import WriteOptions
    from sage200_async.engines.spark.writer import Rows, UpsertWriter

    options = {"resource": "customers", "journal": str(tmp_path / "job.db")}
    schema = StructType().add("reference", "string")
    writer = UpsertWriter(WriteOptions.of(options), schema)
    with pytest.raises(JournalError, match="nothing was written"):
        writer.commit([Rows(iter([])), None])
    assert small_company.sandbox.requests == []
