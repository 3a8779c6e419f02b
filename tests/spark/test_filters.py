"""Conditions of Spark select the right rows of a data frame, each of its own query."""

import pytest

PUSHDOWN = "spark.sql.python.filterPushdown.enabled"


@pytest.fixture(params=["true", "false"])
def pushdown(spark, request):
    """Let Spark push filters down, or not."""
    spark.conf.set(PUSHDOWN, request.param)
    yield request.param
    spark.conf.set(PUSHDOWN, "false")


def ids(frame):
    """Return the ids of the rows, in order."""
    return sorted(row["id"] for row in frame.select("id").collect())


@pytest.mark.usefixtures("pushdown")
def test_many_queries_of_one_frame(spark, small_company):
    """No query of a data frame gets the rows that another one asked for."""
    store = small_company.store
    keys = store.keys("customers")
    first, second = (store.get("customers", key)["reference"] for key in keys[:2])
    reader = small_company.reader(spark, columns="id,reference", numPartitions=1)
    frame = reader.load()
    one = frame.where(frame["reference"] == first)
    other = frame.where(frame["reference"] == second)
    assert ids(one) == keys[:1]
    assert frame.count() == len(keys)
    assert ids(other) == keys[1:2]
    assert ids(one.union(other)) == keys[:2]
    frame.createOrReplaceTempView("asked_often")
    query = "SELECT id FROM asked_often WHERE id"
    assert ids(spark.sql(f"{query} > {keys[9]}")) == keys[10:]
    assert ids(spark.sql(f"{query} > 0")) == keys


def test_the_option_filter(spark, small_company):
    """A filter with quotes and signs is sent to Sage, which sends those records alone."""
    store = small_company.store
    keys = store.keys("customers")
    store.update("customers", keys[3], {"name": "O'Neill & Söhne #1 %2B+"})
    small_company.sandbox.requests.clear()
    text = "name eq 'O''Neill & Söhne #1 %2B+'"
    frame = small_company.reader(spark, numPartitions=1, filter=text).load()
    assert ids(frame) == [keys[3]]
    assert sum(one.records for one in small_company.sandbox.requests) < len(keys)
