"""Conditions of Spark select the same rows, whether Sage answers them or not."""

import pytest
from companies import Company

from sage200_async.testing import SandboxThread

PUSHDOWN = "spark.sql.python.filterPushdown.enabled"
# With the part of the request that shows that Sage was asked.
CONDITIONS = {
    "reference = '{reference}'": "reference%20eq",
    "name LIKE '{prefix}%'": "startswith",
    "reference IN ('{reference}', 'no such')": "reference%20eq",
    "id >= {id} AND on_hold": "id%20ge",
    "NOT name LIKE '{prefix}%'": "",
    "balance > 100 AND lower(name) = lower('{name}')": "",
    "reference = '{reference}' OR id = {id}": "",
}


@pytest.fixture(scope="module")
def watched(spark, config_folder):
    """Yield a company, the conditions filled in, and what Spark itself makes of them."""
    with SandboxThread(records={"customers": 40}) as sandbox:
        company = Company(sandbox, config_folder)
        keys = company.store.keys("customers")
        those = (company.store.get("customers", key) for key in keys[25:])
        some = next(one for one in those if "'" not in one["name"])
        values = {**some, "prefix": some["name"][:3]}
        texts = {text: text.format(**values) for text in CONDITIONS}
        spark.conf.set(PUSHDOWN, "false")
        frame = company.reader(spark, numPartitions=1).load()
        columns = [f"{text} AS c{n}" for n, text in enumerate(texts.values())]
        rows = frame.selectExpr("id", *columns).collect()
        assert len(rows) == len(keys)
        expected = {
            name: {row["id"] for row in rows if row[f"c{n}"]}
            for n, name in enumerate(texts)
        }
        yield company, texts, expected
        spark.conf.set(PUSHDOWN, "false")


@pytest.mark.parametrize("condition", CONDITIONS)
def test_pushed_or_not(spark, watched, condition):
    """The rows are the same, and what can be pushed down is in the requests."""
    company, texts, expected = watched
    spark.conf.set(PUSHDOWN, "true")
    company.sandbox.requests.clear()
    frame = company.reader(spark, numPartitions=1).load()
    rows = frame.where(texts[condition]).select("id").collect()
    assert {row["id"] for row in rows} == expected[condition]
    assert len(rows) == len(expected[condition])
    assert 0 < len(rows) < 40 or "balance" in condition
    arrived = sum(one.records for one in company.sandbox.requests)
    pushed = CONDITIONS[condition]
    assert (arrived < 40) == bool(pushed)
    assert any(pushed in one for one in company.pages())
    if not pushed:
        assert all("name" not in one and "eq" not in one for one in company.pages())


def test_values_that_no_literal_has(spark, small_company):
    """Texts with quotes, blanks and control characters select what Spark selects."""
    spark.conf.set(PUSHDOWN, "true")
    keys = small_company.store.keys("customers")
    texts = ["O'Neill & Söhne #1 %2B+", "tab\there"]
    for key, text in zip(keys, texts, strict=False):
        small_company.store.update("customers", key, {"name": text})
    for key, text in zip(keys, texts, strict=False):
        reader = small_company.reader(spark, columns="id,name", numPartitions=1)
        frame = reader.load()
        rows = frame.where(frame["name"] == text).collect()
        assert [row["id"] for row in rows] == [key], text
    spark.conf.set(PUSHDOWN, "false")
