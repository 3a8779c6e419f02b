"""A collection in Spark: equal to the source, complete, and whole when processes die."""

import json
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from companies import CUSTOMERS
from processes import executors, fails_once, kill, python_workers

from sage200_async.engines.spark import certify_folder
from sage200_async.errors import ExtractError

PARTS = 4


def source(company, query=""):
    """Return all customers by plain HTTP and JSON, in the order of their ids."""
    settings, rows, after = company.settings, [], 0
    token = company.sandbox.create_access_token()
    headers = {
        "Authorization": f"Bearer {token}",
        "X-Site": settings.site,
        "X-Company": str(settings.company),
    }
    while True:
        options = f"$filter=id%20gt%20{after}&$orderby=id&$top=5000{query}"
        url = f"{settings.base_url}customers?{options}"
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request) as response:
            page = json.load(response, parse_float=Decimal)
        if not page:
            return rows
        rows += page
        after = page[-1]["id"]


def row_as_source(row, record):
    """Return the columns in which *row* differs from *record*."""
    return {
        name: (value, record.get(name))
        for name, value in row.items()
        if not same(value, record.get(name))
    }


def same(value, like):
    """Whether a value of Spark is exactly that of the source."""
    if isinstance(value, datetime):
        return (
            like is not None and datetime.fromisoformat(like).astimezone(UTC) == value
        )
    if isinstance(value, list):
        return len(value) == len(like) and not any(map(row_as_source, value, like))
    if isinstance(value, dict):
        return not row_as_source(value, like)
    return value == like


def assert_whole(table, company):
    """Check that *table* has all customers, once, and equal to the last digit."""
    rows = sorted(table.to_pylist(), key=lambda row: row["id"])
    records = source(company)
    assert len(rows) == len(records) == CUSTOMERS
    assert [row["id"] for row in rows] == [record["id"] for record in records]
    wrong = (row_as_source(row, one) for row, one in zip(rows, records, strict=True))
    assert next(filter(None, wrong), None) is None


def test_equal_to_the_source(spark, company, tmp_path):
    """All customers come once, equal to the last digit, and the certificate says so."""
    frame = company.reader(spark, numPartitions=PARTS, certificates=tmp_path).load()
    table = frame.toArrow()
    assert_whole(table, company)
    assert frame.rdd.getNumPartitions() == PARTS
    kinds = {
        type(value) for row in table.slice(0, 50).to_pylist() for value in row.values()
    }
    assert {Decimal, datetime, bool, int, str} <= kinds

    whole = certify_folder(tmp_path)
    assert (whole.records, whole.rejected) == (CUSTOMERS, 0)
    for lost in tmp_path.glob("*/stage-*/2-*.json"):
        lost.unlink()
    with pytest.raises(
        ExtractError, match=r"1 of 4 ranges have no certificate: range 2"
    ):
        certify_folder(tmp_path)


def test_the_schema_of_an_empty_table(spark, company, tmp_path):
    """Nothing has the columns, the types and the nulls that everything has."""
    reader = company.reader(spark, certificates=tmp_path)
    full, empty = reader.load(), reader.option("filter", "id lt 0").load()
    assert empty.collect() == []
    assert empty.schema == full.schema
    assert full.schema["id"].nullable is False
    assert full.schema["balance"].dataType.simpleString() == "decimal(38,10)"
    assert full.schema["date_time_created"].dataType.simpleString() == "timestamp"
    assert certify_folder(tmp_path).records == 0


def test_expanded_records(spark, company):
    """Expanded records are arrays of structs, equal to the source."""
    reader = company.reader(spark, columns="id,reference", expand="contacts")
    frame = reader.option("filter", "id lt 40000").load()
    assert frame.schema["contacts"].dataType.typeName() == "array"
    assert frame.schema["contacts"].dataType.elementType.typeName() == "struct"
    rows = frame.toArrow().to_pylist()
    records = {one["id"]: one for one in source(company, "&$expand=contacts")}
    expected = {key for key in records if key < 40_000}
    assert {row["id"] for row in rows} == expected
    assert any(len(row["contacts"]) > 1 for row in rows)
    for row in rows:
        contacts = records[row["id"]]["contacts"]
        assert [one["id"] for one in row["contacts"]] == [one["id"] for one in contacts]
        assert [one["name"] for one in row["contacts"]] == [
            one["name"] for one in contacts
        ]


def test_a_task_is_killed_in_the_middle(spark, company, tmp_path):
    """The Python processes of a task are killed in the middle: it is run again, once."""
    frame = company.reader(spark, numPartitions=PARTS, certificates=tmp_path).load()
    frame.limit(1).collect()  # the executors have started
    company.sandbox.requests.clear()

    def kill_workers():
        kill(pid for one in executors() for pid in python_workers(one))

    company.on_page(12, kill_workers)
    assert_whole(frame.toArrow(), company)
    pages = Counter(company.pages())
    assert max(pages.values()) > 1  # a range was read from its beginning again
    assert certify_folder(tmp_path).records == CUSTOMERS


def test_an_executor_is_killed_in_the_middle(spark, company, tmp_path):
    """An executor is killed in the middle: another one reads its range, and all is there."""
    frame = company.reader(spark, numPartitions=PARTS, certificates=tmp_path).load()
    frame.limit(1).collect()  # the read is planned: what is killed is in its middle
    before = executors()
    assert len(before) == 2
    company.on_page(12, lambda: kill(before[:1]))
    assert_whole(frame.toArrow(), company)
    assert before[0] not in executors()
    assert certify_folder(tmp_path).records == CUSTOMERS


def test_speculation(spark, company, tmp_path):
    """A task that Spark runs twice brings its rows once, and is certified once."""
    frame = company.reader(spark, numPartitions=PARTS, certificates=tmp_path).load()
    frame.limit(1).collect()  # the read is planned
    company.sandbox.requests.clear()
    company.on_page(12, company.wait_for_repeated_page)
    assert_whole(frame.toArrow(), company)
    assert company.has_repeated_page  # by a copy: the first task was still waiting
    assert certify_folder(tmp_path).records == CUSTOMERS


def test_records_that_do_not_fit(spark, small_company, tmp_path):
    """They end the job, or go to a folder: once each, also when a task is run again."""
    store = small_company.store
    wrong = store.keys("customers")[3::10]
    for key in wrong:
        store.update("customers", key, {"balance": "a lot"})
    reader = small_company.reader(spark, columns="id,balance", numPartitions=3)
    with pytest.raises(Exception, match="set the option rejects to a folder") as caught:
        reader.load().count()
    assert "quarantine" not in str(caught.value)

    options = {
        "certificates": tmp_path / "certificates",
        "rejects": tmp_path / "rejects",
    }
    frame = reader.options(**options).load()
    marker = tmp_path / "failed"

    rows = frame.mapInArrow(fails_once(marker), frame.schema).collect()
    assert marker.exists()
    assert {row["id"] for row in rows} == {*store.keys("customers")} - {*wrong}
    lines = read_lines(tmp_path / "rejects")
    assert [line["key"] for line in lines] == wrong
    assert {line["resource"] for line in lines} == {"customers"}
    assert {line["column"] for line in lines} == {"balance"}
    assert {line["record"]["balance"] for line in lines} == {"a lot"}
    whole = certify_folder(tmp_path / "certificates")
    assert (whole.records, whole.rejected) == (40 - len(wrong), len(wrong))

    for key in wrong:
        store.update("customers", key, {"balance": 1})
    assert frame.count() == 40  # the same ranges
    assert read_lines(tmp_path / "rejects") == []


def read_lines(folder):
    """Return the lines of all files of a folder, in the order of their keys."""
    files = [path.read_text("utf-8") for path in folder.iterdir()]
    lines = [json.loads(line) for text in files for line in text.splitlines()]
    return sorted(lines, key=lambda line: line["key"])


def test_a_part_is_not_the_whole(spark, company, tmp_path):
    """An action that needs five rows reads one range, and is not certified."""
    frame = company.reader(spark, numPartitions=PARTS, certificates=tmp_path).load()
    assert len(frame.take(5)) == 5
    with pytest.raises(ExtractError, match="no certificate"):
        certify_folder(tmp_path)


def test_a_token_that_expires_on_the_way(spark, company):
    """With a store of tokens, executors refresh a dead one: once for all of them."""
    reader = company.reader(spark, numPartitions=PARTS, tokenStore=company.tokens)
    frame = reader.load()
    frame.limit(1).collect()
    company.sandbox.token_requests.clear()
    company.sandbox.requests.clear()
    company.on_page(12, company.sandbox.expire_tokens)
    assert_whole(frame.toArrow(), company)
    assert [one.status for one in company.sandbox.token_requests] == [200]
    assert 401 in {one.status for one in company.sandbox.requests}


def test_a_token_that_is_too_old(spark, small_company):
    """Without a store, the error of a dead token says what to do."""
    frame = small_company.reader(spark, columns="id", numPartitions=1).load()
    assert frame.count() == 40
    small_company.sandbox.expire_tokens()
    with pytest.raises(Exception, match="Load the data frame again, or set the option"):
        frame.count()


def test_a_schema_of_the_users_own(spark, company):
    """Only the columns of the user's schema are asked for, in its order."""
    reader = company.reader(spark, filter="id lt 10000").schema(
        "reference STRING, balance DECIMAL(38,10)"
    )
    frame = reader.load()
    assert frame.columns == ["reference", "balance"]
    rows = frame.toArrow().to_pylist()
    queries = [one.query for one in company.sandbox.requests]
    expected = [one for one in source(company) if one["id"] < 10_000]
    assert sorted(row["reference"] for row in rows) == sorted(
        one["reference"] for one in expected
    )
    assert sum(row["balance"] for row in rows) == sum(
        one["balance"] for one in expected
    )
    names = {name for one in queries for name in one.get("$select", "").split(",")}
    assert names - {""} == {"id", "reference", "balance"}
