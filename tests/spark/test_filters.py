"""Conditions of Spark select the same rows, whether Sage answers them or not."""

import pytest

CONDITIONS = {
    "reference = '{reference}'": "reference%20eq",
    "name LIKE '{prefix}%'": "startswith",
    "reference IN ('{reference}', 'no such')": "reference%20eq",
    "id >= {id} AND on_hold": "id%20ge",
    "NOT name LIKE '{prefix}%'": "",
    "balance > 100": "",
    "lower(name) = lower('{name}')": "",
    "reference = '{reference}' OR id = {id}": "",
    "reference <> '{reference}'": "",
    "name IS NULL OR name = ''": "",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_pushed_or_not(spark, small_company, condition):
    """The rows are the same, and what is pushed down is in the requests."""
    keys = small_company.store.keys("customers")
    some = small_company.store.get("customers", keys[30])
    text = condition.format(
        reference=some["reference"],
        name=some["name"].replace("'", "''"),
        prefix=some["name"][:3],
        id=some["id"],
    )
    rows, requests = {}, {}
    for enabled in ("false", "true"):
        spark.conf.set("spark.sql.python.filterPushdown.enabled", enabled)
        small_company.sandbox.requests.clear()
        reader = small_company.reader(spark, numPartitions=2)
        frame = reader.option("columns", "id,reference,name,balance,on_hold").load()
        rows[enabled] = sorted(map(tuple, frame.where(text).collect()))
        requests[enabled] = small_company.pages()
    assert rows["true"] == rows["false"]
    everything = [small_company.store.get("customers", key) for key in keys]
    assert len(rows["true"]) <= len(everything)
    pushed = CONDITIONS[condition]
    if pushed:
        assert any(pushed in one for one in requests["true"])
        assert len(requests["true"]) < len(requests["false"])
    else:
        assert len(requests["true"]) == len(requests["false"])


def test_values_that_no_literal_has(spark, small_company):
    """Texts with quotes, blanks and control characters select what Spark selects."""
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    key = small_company.store.keys("customers")[3]
    for text in ("O'Neill & Söhne #1 %2B+", "  ", "tab\there"):
        small_company.store.update("customers", key, {"name": text})
        frame = small_company.reader(spark, columns="id,name").load()
        rows = frame.where(frame["name"] == text).collect()
        assert [row["id"] for row in rows] == [key], text
