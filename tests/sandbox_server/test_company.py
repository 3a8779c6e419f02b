"""Made-up companies and data folders."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from decimal import Decimal

import msgspec
import pytest

from sage200_async.catalog import Customer, Product, SopOrder, SopOrderLineView
from sage200_async.errors import ClientClosed, SettingsError
from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.data.company import generate_rows
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.store.timestamps import (
    now_after,
    served_timestamp,
    sortable_timestamp,
    timestamp_at,
)

CATALOG = load_catalog()
RECORDS = {
    "customers": Customer,
    "products": Product,
    "sop_orders": SopOrder,
    "sop_order_line_views": SopOrderLineView,
}


def open_store(**arguments):
    """Open and close a sandbox."""

    async def main():
        async with Sandbox(**arguments) as sandbox:
            return {path: list(sandbox.store.rows(path)) for path in RECORDS}

    return asyncio.run(main())


@pytest.mark.parametrize("path", RECORDS)
def test_the_same_seed_makes_the_same_records(path):
    """Records depend on the seed alone, not on how many are made."""
    few, many = (
        list(generate_rows(CATALOG, path, 20, 1)),
        list(generate_rows(CATALOG, path, 60, 1)),
    )
    assert few == many[:20]
    assert few != list(generate_rows(CATALOG, path, 20, 2))
    keys = [row.key for row in many]
    assert all(a < b for a, b in itertools.pairwise(keys))
    if path != "sop_order_line_views":
        assert len({b - a for a, b in itertools.pairwise(keys)}) > 1


def test_ids_are_unique_across_resources_and_embedded_records():
    """No two records share an id, as in the real product."""
    ids = []
    for path in ("customers", "products", "sop_orders"):
        for row in generate_rows(CATALOG, path, 500, 1):
            related = json.loads(row.expandables)
            ids.append(row.key)
            ids += [line["id"] for line in related.get("lines", ())]
            for contact in related.get("contacts", ()):
                ids += [contact["id"], *(email["id"] for email in contact["emails"])]
            if "main_address" in related:
                ids.append(related["main_address"]["id"])
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", RECORDS)
def test_made_up_records_fit_the_catalog(path):
    """Each record decodes as its model, fields and related records."""
    table = CATALOG.tables[path]
    for row in generate_rows(CATALOG, path, 50, 3):
        record = msgspec.json.decode(row.body, type=RECORDS[path])
        msgspec.json.decode(row.expandables, type=RECORDS[path])
        blank = {
            kind
            for name, kind in table.shape.scalars.items()
            if getattr(record, name) is None and name not in table.shape.unserved
        }
        assert blank <= {"datetime"}  # null dates are left out


def test_the_company_is_varied():
    """There are accents, quotes, ampersands, negative balances and held accounts."""
    rows = [
        json.loads(row.body) for row in generate_rows(CATALOG, "customers", 2_000, 1)
    ]
    names = " ".join(row["name"] for row in rows)
    assert all(mark in names for mark in ("'", "&", "í", "%", "_"))
    assert {row["on_hold"] for row in rows} == {True, False}
    assert min(row["balance"] for row in rows) < 0 < max(row["balance"] for row in rows)
    references = [row["reference"] for row in rows]
    assert len(set(references)) == len(references)
    assert max(map(len, references)) <= 8


def test_the_sums_of_an_order_add_up():
    """An order's totals are the sums of its lines."""
    for row in generate_rows(CATALOG, "sop_orders", 50, 1):
        order = json.loads(row.body, parse_float=Decimal)
        lines = json.loads(row.expandables, parse_float=Decimal)["lines"]
        assert order["total_net_value"] == sum(
            line["line_total_value"] for line in lines
        )
        assert (
            order["total_gross_value"]
            == order["total_net_value"] + order["total_tax_value"]
        )


def test_a_small_company_is_there_by_default():
    """Without arguments there is a company, with the view of its orders' lines."""
    rows = open_store()
    assert [len(rows[path]) for path in ("customers", "products", "sop_orders")] == [
        2_000,
        1_000,
        500,
    ]
    lines = [line["id"] for order in rows["sop_orders"] for line in order["lines"]]
    views = [view["sop_order_line_id"] for view in rows["sop_order_line_views"]]
    assert views == lines


def test_a_folder_of_files_is_served_as_it_is_written(tmp_path):
    """Fields, related records and digits come from the file; times are trimmed."""
    (tmp_path / "nonsense.ndjson").write_text("no JSON")
    (tmp_path / "customers.ndjson").write_text(
        '{"name":"Ó Súilleabháin","balance":1.50,"id":7,"contacts":[{"id":8}],'
        '"vat_number":null,"account_opened":null,"extra":[1],'
        '"date_time_updated":"2024-01-02T03:04:05.640Z"}\n\n',
        encoding="utf-8",
    )
    (row,) = open_store(data=tmp_path)["customers"]
    assert row == {
        "name": "Ó Súilleabháin",
        "balance": Decimal("1.50"),
        "vat_number": "",
        "id": 7,
        "extra": [1],
        "contacts": [{"id": 8}],
        "date_time_updated": "2024-01-02T03:04:05.64Z",
    }
    assert str(row["balance"]) == "1.50"


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{",
        '{"name":"x"}',
        '{"id":"7"}',
        '{"id":1.5}',
        '{"id":7}\n{"id":7}',
        '{"id":7,"balance":"5"}',
        '{"id":7,"name":5}',
        '{"id":7,"on_hold":1}',
        '{"id":7,"account_opened":"soon"}',
        '{"id":7,"name":"\\u0000"}',
    ],
)
def test_a_malformed_line_is_named(tmp_path, line):
    """A malformed data file is an error that names the file and the line."""
    (tmp_path / "customers.ndjson").write_text('{"id":1}\n' + line)
    with pytest.raises(SettingsError, match=r"customers\.ndjson, line [23]: "):
        open_store(data=str(tmp_path))


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": "no/such/folder"},
        {"records": {"nonsense": 1}},
        {"records": {"customers": 1}, "data": "."},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    """Arguments that cannot be served are an error on entering."""
    with pytest.raises(SettingsError):
        open_store(**arguments)


def test_a_database_file_keeps_its_records(tmp_path):
    """A file that holds records is served as it is; new ids follow its own."""
    file = tmp_path / "company.db"

    async def main():
        async with Sandbox({"customers": 3}, database=file) as sandbox:
            first = sandbox.store.insert("customers", {"name": "x", "reference": "X"})
        async with Sandbox({"customers": 30}, database=file) as sandbox:
            assert sandbox.store.count("customers") == 4
            other = sandbox.store.insert("customers", {"name": "y", "reference": "Y"})
            assert other["id"] > first["id"]

    asyncio.run(main())


def test_a_sandbox_that_is_not_running_says_so():
    """Outside of ``async with`` there is no store and there are no requests."""
    sandbox = Sandbox()
    for name in ("store", "requests", "in_flight"):
        with pytest.raises(ClientClosed, match=r"async with"):
            getattr(sandbox, name)
    assert sandbox.connections == 0


def test_times_are_written_and_compared():
    """Fractions are trimmed, zones converted, and a new timestamp is always later."""
    assert served_timestamp("2024-01-02T03:04:05.000Z") == "2024-01-02T03:04:05Z"
    assert sortable_timestamp("2024-01-02T03:04+02:00") == "2024-01-02T01:04:00"
    assert timestamp_at(0) == "1970-01-01T00:00:00Z"
    for text in ("2024-13-01", "0000-01-01", "0001-01-01T00:00:00+01:00", "12:00"):
        with pytest.raises(ValueError, match=r"."):
            sortable_timestamp(text)
    future = "2999-01-01T00:00:00.997Z"
    assert now_after(future).rstrip("Z") > future.rstrip("Z")


def test_without_the_parser_the_message_says_what_to_install():
    """The error names the missing package and the command, in one line."""
    program = (
        "import sys; sys.modules['odata_query'] = None\n"
        "try:\n    import sage200_async.sandbox\n"
        "except ImportError as error:\n    print(error, error.extra)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    expected = "the sandbox needs odata-query: run pip install 'sage200-async[sandbox]' sandbox"
    assert done.stdout.strip() == expected
