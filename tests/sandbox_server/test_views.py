"""Views: their rows are those of the records that they show."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.store.database import column_sql
from sage200_async.sandbox.store.view_plans import plan_of
from sage200_async.sandbox.store.view_rows import body_of
from sage200_async.sandbox.store.view_specs import VIEWS

TABLES = load_catalog().tables
NEW = {"reference": "APITEST", "name": "API Test 02"}
SMALL = {"customers": 20, "products": 20, "sop_orders": 10}


def disagreements(store, view):
    """Return what differs between the rows of a view and its records, by names alone."""
    spec, table = VIEWS[view], TABLES[view]
    base = {row["id"]: row for row in store.rows(spec.base)}
    wrong = []
    for row in store.rows(view):
        own = base.get(row.get(f"{spec.base_prefix}id", row.get(table.key)), {})
        if not own:
            wrong.append((view, row[table.key], "no record"))
        for name in row.keys() & own.keys() & table.shape.scalars.keys():
            if (
                row[name] != own[name]
                and TABLES[spec.base].shape.scalars[name] == table.shape.scalars[name]
            ):
                wrong.append((view, name, row[name], own[name]))
        wrong += list(linked_disagreements(store, table, row))
    return wrong


def linked_disagreements(store, table, row):
    """Yield what differs between a row and the records whose ids it has."""
    for field in table.shape.scalars:
        path = referenced_resource(field, TABLES) if field.endswith("_id") else ""
        prefix = field.removesuffix("id")
        if not path or not row.get(field) or path == VIEWS[table.path].base:
            continue
        other = store.get(path, row[field])
        for name in ("name", "code", "reference", "symbol"):
            if f"{prefix}{name}" in row and name in TABLES[path].shape.scalars:
                expected = other.get(name)
                if row[f"{prefix}{name}"] != expected:
                    yield (table.path, prefix + name, row[prefix + name], expected)


@pytest.mark.parametrize("view", VIEWS)
def test_each_row_of_a_view_agrees_with_its_record(on_sandbox, view):
    """A view has a row for each record, which says what the records say."""

    async def scenario(sandbox, _):
        store = sandbox.store
        assert disagreements(store, view) == []
        rows, spec = list(store.rows(view)), VIEWS[view]
        lists = [row.get(spec.rows, ()) for row in store.rows(spec.base)]
        expected = sum(map(len, lists)) if spec.rows else len(lists)
        assert len(rows) == expected
        for row in rows:
            blank = [name for name in plan_of(view).fields if name.name not in row]
            kinds = {TABLES[view].shape.scalars[field.name] for field in blank}
            assert kinds <= {"datetime", "any"}

    on_sandbox(scenario, SMALL)


def test_a_new_record_is_in_its_views_at_once(on_sandbox):
    """A customer is in its view and look-up with its id; changed and deleted alike."""

    async def scenario(sandbox, http):
        assert len((await http.get("customer_views")).json) == 20
        assert len((await http.get("lookup_customers")).json) == 20
        created = (await http.request("POST", "customers", body=NEW)).json
        for path in ("customer_views", "lookup_customers"):
            (row,) = (await http.get(path, filter="reference eq 'APITEST'")).json
            assert (row["id"], row["name"]) == (created["id"], "API Test 02")
        body = {"name": "Renamed", "main_address": {"postcode": "LS1 4AP"}}
        await http.request("PUT", f"customers/{created['id']}", body=body)
        (row,) = (await http.get("lookup_customers", filter="name eq 'Renamed'")).json
        assert (row["id"], row["post_code"]) == (created["id"], "LS1 4AP")
        (row,) = (await http.get("customer_views", filter="name eq 'Renamed'")).json
        assert row["customer_location_full_address"].startswith("LS1 4AP")
        await http.request("DELETE", f"customers/{created['id']}")
        assert len((await http.get("customer_views")).json) == 20

    on_sandbox(scenario, SMALL)


def test_a_linked_record_that_changes_is_seen_in_the_view(on_sandbox):
    """A customer's new name is in the views of its orders' lines."""

    async def scenario(sandbox, http):
        view = (await http.get("sop_order_line_views", top="1")).json[0]
        key = view["customer_id"]
        await http.request("PUT", f"customers/{key}", body={"name": "Renamed"})
        rows = (
            await http.get("sop_order_line_views", filter=f"customer_id eq {key}")
        ).json
        assert {row["customer_name"] for row in rows} == {"Renamed"}
        others = await http.get(
            "sop_order_line_views", filter=f"customer_id ne {key} and customer_id ne 0"
        )
        assert "Renamed" not in {row["customer_name"] for row in others.json}

    on_sandbox(scenario, SMALL)


def test_views_in_a_file_are_up_to_date_when_it_is_opened_again(tmp_path):
    """A write that no view was read after is in the view of the next run."""
    file = tmp_path / "company.db"

    async def main():
        async with Sandbox({"customers": 3}, database=file) as sandbox:
            assert sandbox.store.count("customer_views") == 3
            key = sandbox.store.insert("customers", NEW)["id"]
        async with Sandbox(database=file) as sandbox:
            assert sandbox.store.get("customer_views", key)["name"] == "API Test 02"

    asyncio.run(main())


def test_a_view_with_a_data_file_is_served_as_the_file_says(tmp_path):
    """Rows of a view come from its file if it has one, else from the records."""
    (tmp_path / "customers.ndjson").write_text('{"id":7,"name":"Ours","reference":"A"}')
    (tmp_path / "lookup_customers.ndjson").write_text('{"id":7,"name":"Theirs"}')

    async def main():
        async with Sandbox(data=tmp_path) as sandbox:
            assert sandbox.store.get("lookup_customers", 7)["name"] == "Theirs"
            assert sandbox.store.get("customer_views", 7)["name"] == "Ours"

    asyncio.run(main())


def test_a_page_of_a_view_makes_the_rows_of_that_page_alone(on_sandbox):
    """Whatever is read, filtered or sorted, a row that is not served is not made."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[150]
        rows_made = body_of.cache_info
        all_balances = [row["balance"] for row in sandbox.store.rows("customers")]
        for number, options in enumerate(
            (
                {"top": "5"},
                {"top": "5", "filter": f"id gt {key}"},
                {"top": "5", "orderby": "id desc"},
                {"top": "5", "orderby": "currency_symbol, balance desc"},
                {"filter": f"id eq {key} and currency_symbol eq '£'"},
            )
        ):
            body_of.cache_clear()
            rows = (await http.get("customer_views", **options)).json
            assert len(rows) == (5 if number < 4 else 1)
            assert rows_made().misses == len(rows)
            if number == 3:
                balances = [row["balance"] for row in rows]
                assert balances == sorted(all_balances, reverse=True)[:5]

    on_sandbox(scenario, {"customers": 200})


@pytest.mark.parametrize(
    "view", ["customer_views", "product_views", "sales_transaction_views"]
)
def test_a_view_is_filtered_and_sorted_by_what_it_serves(on_sandbox, view):
    """Each field, copied, linked or computed, is compared as the row has it."""

    async def scenario(sandbox, _):
        store = sandbox.store
        rows, table = list(store.rows(view)), store.tables[view]
        for name in table.shape.scalars:
            column = column_sql(table, name)
            sql = f'SELECT key, {column} FROM "{view}" ORDER BY key'
            for row, (key, value) in zip(rows, store.execute(sql), strict=True):
                assert row[table.key] == key
                served = row.get(name)
                if isinstance(served, str):
                    text = served.rstrip("Z") if served[10:11] == "T" else served
                    assert value.decode() == text, name
                elif isinstance(served, (int, Decimal)):
                    assert Decimal(repr(value)) == served, name
                else:
                    assert value is None, name

    on_sandbox(scenario, SMALL)


def test_a_posting_writes_the_rows_concerned_alone(on_sandbox):
    """After the ledger was first used, an invoice changes a few rows of the database."""

    async def scenario(sandbox, http):
        store = sandbox.store
        for view in VIEWS:
            store.count(view)
        invoice = {"customer_id": store.keys("customers")[3], "document_goods_value": 5}
        await http.request("POST", "sales_invoices", body=invoice)
        before = store.database.changes
        await http.request("POST", "sales_invoices", body=invoice)
        assert store.database.changes - before < 20

    on_sandbox(scenario, {"customers": 200, "products": 5, "sop_orders": 5})


def test_a_record_that_lacks_a_field_lacks_it_in_its_view(tmp_path):
    """A record of a data file need not have all fields; its view says what it says."""
    (tmp_path / "customers.ndjson").write_text('{"id":7,"name":"Ours"}')

    async def main():
        async with Sandbox(data=tmp_path) as sandbox:
            row = sandbox.store.get("customer_views", 7)
            assert (row["id"], row["name"]) == (7, "Ours")
            assert "reference" not in row
            assert row["currency_symbol"] == ""

    asyncio.run(main())


def test_the_default_contact_is_in_the_view(on_sandbox):
    """A customer's view shows the contact that is marked as default, else the first."""

    async def scenario(sandbox, http):
        contacts = [
            {"first_name": "Ann", "last_name": "A", "emails": [{"is_default": True}]},
            {"first_name": "Bob", "last_name": "B", "is_default": True},
        ]
        first = sandbox.store.insert("customers", NEW | {"contacts": contacts})
        other = NEW | {"reference": "B", "contacts": contacts[:1]}
        second = sandbox.store.insert("customers", other)
        names = [
            (await http.get("customer_views", filter=f"id eq {row['id']}")).json[0][
                "contact_first_name"
            ]
            for row in (first, second)
        ]
        assert names == ["Bob", "Ann"]

    on_sandbox(scenario, {"customers": 1})
