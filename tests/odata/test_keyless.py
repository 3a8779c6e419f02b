"""Every row of a resource without a key comes, also those that are alike."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from sage200_async.extract import Extraction, export, files_at

ENTITY = "sales_aged_transaction_period_views"
FIELDS = ("customer_id", "ageing_period_name")


def rows_of(count):
    """Return rows in no order, many of which are the same in all fields."""
    return [
        {
            "customer_id": number * 7919 % 50,
            "base_outstanding_value": Decimal(number % 3) / 4,
            "ageing_period_name": f"Period {number % 5}",
            "ageing_date": None,
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 100, 101, 1250])
def test_a_stream_of_a_keyless_resource_brings_every_row(server, put_rows, count):
    """It is read by offset, in an order of all fields."""
    rows = rows_of(count)
    put_rows(ENTITY, rows)

    async def body(client, _):
        return [row async for row in client.sales_aged_transaction_period_views]

    names = list(rows[0]) if rows else []
    records = server.run(body)
    read = Counter(tuple(getattr(row, name) for name in names) for row in records)
    assert read == Counter(tuple(row.values()) for row in rows)


@pytest.mark.parametrize("count", [1, 100, 1250])
def test_an_export_of_a_keyless_resource_holds_every_row(
    server, put_rows, tmp_path, count
):
    """Its certificate counts them."""
    rows = rows_of(count)
    put_rows(ENTITY, rows)

    async def body(client, _):
        views = Extraction(
            name="views", query=client.sales_aged_transaction_period_views
        )
        return await export(client, views, files_at(tmp_path / "out", "ndjson"))

    certificate = server.run(body)
    lines = (tmp_path / "out" / "views.ndjson").read_text("utf-8").splitlines()
    read = Counter(tuple(json.loads(line)[name] for name in FIELDS) for line in lines)
    assert read == Counter(tuple(row[name] for name in FIELDS) for row in rows)
    assert certificate.records == count
