"""Actions such as postings and copies, bulk updates, and the rules of orders."""

from __future__ import annotations

import re

import pytest

from sage200_async.sandbox import Behaviour

SMALL = {"customers": 20, "products": 20, "sop_orders": 10}
IDS = {"department": "departments", "report_category": "nominal_report_categories"}
LEDGERS = [
    ("sales_invoices", "sales_posted_transactions", "customer_id", "customers"),
    ("sales_receipts", "sales_posted_transactions", "customer_id", "customers"),
    (
        "purchase_credit_notes",
        "purchase_posted_transactions",
        "supplier_id",
        "suppliers",
    ),
    ("bank_payment", "bank_posted_transactions", "bank_id", "banks"),
]


@pytest.mark.parametrize(("path", "ledger", "link", "owner"), LEDGERS)
def test_a_posting_returns_its_urn_and_is_listed_by_it(
    on_sandbox, path, ledger, link, owner
):
    """A posting returns a URN, by which the transaction can be found."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys(owner)[0]
        body = {
            link: key,
            "transaction_date": "2024-05-06T00:00:00Z",
            "reference": "R1",
            "cheque_value": 12.5,
            "bank_id": sandbox.store.keys("banks")[0],
            "nominal_analysis_items": [],
        }
        if "invoice" in path or "credit" in path:
            del body["cheque_value"], body["bank_id"]
            body |= {"document_goods_value": 10, "document_tax_value": 2.5}
        response = await http.request("POST", path, body=body)
        assert list(response.json) == ["urn"]
        urn = response.json["urn"]
        (row,) = (await http.get(ledger, filter=f"urn eq {urn}")).json
        assert (row[link], row["reference"]) == (key, "R1")
        sign = 1 if path == "sales_invoices" else -1
        assert row.get("document_gross_value", sign * 12.5) == sign * 12.5
        assert row["id"] in (await http.get(f"{owner}/{key}/{ledger}")).ids
        again = await http.request("POST", path, body=body)
        assert again.json["urn"] == urn + 1
        sandbox.behaviour = Behaviour(urn_as="text")
        assert (await http.request("POST", path, body=body)).json == {
            "urn": str(urn + 2)
        }

    on_sandbox(scenario, SMALL)


def test_a_posting_is_refused_where_sage_refuses_it(on_sandbox):
    """A posting without a trader, or without a tax code, is refused."""

    async def scenario(sandbox, http):
        before = sandbox.store.count("sales_posted_transactions")
        assert (await http.request("POST", "sales_invoices", body={})).status == 400
        customer = sandbox.store.keys("customers")[0]
        body = {"customer_id": customer, "tax_analysis_items": [{"goods_amount": 1}]}
        response = await http.request("POST", "sales_invoices", body=body)
        assert response.status == 400
        assert "SageNullFieldException" in response.json["Message"]
        assert sandbox.store.count("sales_posted_transactions") == before

    on_sandbox(scenario, SMALL)


def test_a_new_object_has_defaults_and_is_not_stored(on_sandbox):
    """``*_new`` returns a blank record with the body's values, and stores nothing."""

    async def scenario(sandbox, http):
        customer = sandbox.store.keys("customers")[0]
        body = {"customer_id": customer}
        order = (await http.request("POST", "sop_orders_new", body=body)).json
        assert (order["id"], order["customer_id"]) == (0, customer)
        invoice = (await http.request("POST", "sales_invoices_new", body=body)).json
        assert invoice["customer_id"] == customer
        blank = (await http.request("POST", "customers_new", body={})).json
        assert blank["account_type"] == "TradingAccountTypeOpenItem"
        assert sandbox.store.count("sop_orders") == 10
        assert sandbox.store.count("customers") == 20
        key = sandbox.store.keys("sop_orders")[0]
        change = {"customer_document_no": "PO-1"}
        response = await http.request("PUT", f"sop_orders_new/{key}", body=change)
        assert (response.json["id"], response.json["customer_document_no"]) == (
            key,
            "PO-1",
        )
        stored = sandbox.store.get("sop_orders", key)["customer_document_no"]
        assert stored != "PO-1"
        assert (await http.request("PUT", "sop_orders_new/1", body={})).status == 404

    on_sandbox(scenario, SMALL)


def test_a_duplicate_is_a_draft_to_confirm_or_delete(on_sandbox):
    """``*_duplicate`` stores a copy with new ids, which is numbered once confirmed."""

    async def scenario(sandbox, http):
        source = sandbox.store.get("sop_orders", sandbox.store.keys("sop_orders")[0])
        body = {"source_id": source["id"], "customer_id": source["customer_id"]}
        copy = (await http.request("POST", "sop_orders_duplicate", body=body)).json
        assert (copy["is_draft"], copy["document_no"]) == (True, "TBA")
        path = f"sop_orders/{copy['id']}"
        lines = (await http.get(path, expand="lines")).json["lines"]
        assert [row["code"] for row in lines] == [r["code"] for r in source["lines"]]
        assert not {row["id"] for row in lines} & {row["id"] for row in source["lines"]}
        done = (await http.request("PUT", path, body={"is_editing": False})).json
        assert (done["is_draft"], done["document_no"]) == (False, "0000000011")
        missing = await http.request(
            "POST", "sop_orders_duplicate", body=body | {"source_id": 1}
        )
        assert missing.status == 404
        key = sandbox.store.keys("products")[0]
        body = {"source_id": key, "new_code": "NEW/1", "new_name": "New"}
        product = (await http.request("POST", "products_duplicate", body=body)).json
        assert (product["code"], product["name"]) == ("NEW/1", "New")
        assert (await http.get(f"products/{product['id']}")).json["code"] == "NEW/1"
        assert (
            await http.request("POST", "products_duplicate", body=body)
        ).status == 400

    on_sandbox(scenario, SMALL)


def test_suggested_products_are_several(on_sandbox):
    """One request returns several records."""

    async def scenario(sandbox, http):
        body = {"customer_id": sandbox.store.keys("customers")[0]}
        rows = (await http.request("POST", "suggested_products", body=body)).json
        assert len(rows) == 2
        assert rows[0]["code"] != rows[1]["code"]

    on_sandbox(scenario, SMALL)


def test_an_action_on_a_record_returns_it(on_sandbox):
    """An action whose body refers to a record of the response's type returns it."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("stocktakes")[0]
        body = {"id": key, "warehouse_id": sandbox.store.keys("warehouses")[0]}
        response = await http.request("POST", "stocktake_view_adjustments", body=body)
        assert response.json["id"] == key
        body["id"] = 1
        response = await http.request("POST", "stocktake_view_adjustments", body=body)
        assert response.status == 404

    on_sandbox(scenario, {})


def test_many_are_updated_in_one_request(on_sandbox):
    """PUT on a collection updates rows with an id, adds others, deletes marked ones."""

    async def scenario(sandbox, http):
        first, second, third = sandbox.store.keys("couriers")
        body = [
            {"id": first, "name": "Speedy"},
            {"name": "New"},
            {"id": third, "is_to_delete": True},
        ]
        rows = (await http.request("PUT", "couriers", body=body)).json
        assert [row["name"] for row in rows] == ["Speedy", "New"]
        assert rows[0]["id"] == first
        assert sandbox.store.keys("couriers") == [first, second, rows[1]["id"]]
        body = [{"id": first, "name": "Kept"}, {"id": 1, "name": "x"}, {"name": "y"}]
        assert (await http.request("PUT", "couriers", body=body)).status == 404
        assert sandbox.store.get("couriers", first)["name"] == "Kept"
        assert sandbox.store.count("couriers") == 3
        assert (await http.request("PUT", "couriers", body={})).status == 400
        assert (await http.request("PUT", "couriers", body=["x"])).status == 400

    on_sandbox(scenario, {})


def test_lines_are_saved_until_one_is_refused(on_sandbox):
    """If a line is refused, those before it are saved and those after it are not."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("sop_orders")[0]
        before = len(sandbox.store.get("sop_orders", key)["lines"])
        comment = {"line_type": "EnumLineTypeComment", "description": "first"}
        bad = {"line_type": "EnumLineTypeStandard", "product_id": 1}
        body = {"lines": [comment, bad, comment | {"description": "never"}]}
        response = await http.request("PUT", f"sop_orders/{key}", body=body)
        assert response.status == 400
        assert "lines[1].product_id" in response.json["Message"]
        lines = sandbox.store.get("sop_orders", key)["lines"]
        assert len(lines) == before + 1
        assert lines[-1]["description"] == "first"
        order = {"customer_id": sandbox.store.keys("customers")[0], "lines": [bad]}
        assert (await http.request("POST", "sop_orders", body=order)).status == 400
        assert sandbox.store.count("sop_orders") == 10

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize(
    ("path", "values", "change"),
    [
        ("suppliers", {"reference": "S", "name": "s"}, {"reference": "T"}),
        ("departments", {"code": "D"}, {"code": "E"}),
        (
            "nominal_codes",
            {"reference": "1", "department_id": 0, "report_category_id": 0},
            {"department_id": 1},
        ),
    ],
)
def test_codes_are_unique(on_sandbox, path, values, change):
    """A reference or code that is in use is refused; another is not."""

    async def scenario(sandbox, http):
        keys = {f"{name}_id": sandbox.store.keys(path) for name, path in IDS.items()}
        body, other = (
            {
                name: keys[name][at] if name in keys else at
                for name, at in fields.items()
            }
            for fields in (values, change)
        )
        assert (await http.request("POST", path, body=body)).status == 200
        response = await http.request("POST", path, body=body)
        assert response.status == 400
        assert "already exists" in response.json["Message"]
        assert (await http.request("POST", path, body=body | other)).status == 200

    on_sandbox(scenario, {})


def test_a_body_does_not_choose_the_id(on_sandbox):
    """The service assigns ids: one in a body is ignored."""

    async def scenario(sandbox, http):
        created = await http.request("POST", "couriers", body={"id": 5, "name": "x"})
        assert created.json["id"] in sandbox.store.keys("couriers")
        assert created.json["id"] != 5

    on_sandbox(scenario, {})


def test_a_posting_reads_by_index(on_sandbox, monkeypatch):
    """However long the ledgers are, a posting reads no ledger or view from end to end."""
    from sage200_async.sandbox.store.database import Database

    statements, execute = set(), Database.execute

    def noting(self, sql, values=()):
        statements.add((sql, len(values)))
        return execute(self, sql, values)

    async def scenario(sandbox, http):
        body = {
            "customer_id": sandbox.store.keys("customers")[0],
            "document_goods_value": 1,
        }
        assert (await http.request("POST", "sales_invoices", body=body)).status == 200
        sandbox.store.count("sales_transaction_views")
        monkeypatch.setattr(Database, "execute", noting)
        assert (await http.request("POST", "sales_invoices", body=body)).status == 200
        sandbox.store.ensure_table("sales_transaction_views")
        monkeypatch.undo()
        reads = [
            (sql, count)
            for sql, count in statements
            if sql.startswith("SELECT")
            and re.search("_posted_|_transaction_views", sql)
        ]
        assert len(reads) >= 3
        for sql, count in reads:
            plan = sandbox.store.execute("EXPLAIN QUERY PLAN " + sql, [0] * count)
            assert plan
            assert [step for *_, step in plan if b" USING " not in step] == []

    on_sandbox(scenario, SMALL)
