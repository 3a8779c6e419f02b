"""POSTs that keep nothing of their own, and the rules of documents."""

from __future__ import annotations

import pytest

from sage200_async.sandbox import Behaviour

SMALL = {"customers": 20, "products": 20, "sop_orders": 10}
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
def test_a_posting_gives_its_urn_and_is_found_by_it(serve, path, ledger, link, owner):
    """A ledger's POST answers with a URN, under which the transaction is listed."""

    async def inside(sandbox, raw):
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
        reply = await raw.ask("POST", path, body=body)
        assert list(reply.json) == ["urn"]
        urn = reply.json["urn"]
        (row,) = (await raw.get(ledger, filter=f"urn eq {urn}")).json
        assert (row[link], row["reference"]) == (key, "R1")
        assert row.get("document_gross_value", 12.5) == 12.5
        assert row["id"] in (await raw.get(f"{owner}/{key}/{ledger}")).ids
        again = await raw.ask("POST", path, body=body)
        assert again.json["urn"] == urn + 1
        sandbox.behaviour = Behaviour(urn_as="text")
        assert (await raw.ask("POST", path, body=body)).json == {"urn": str(urn + 2)}

    serve(inside, SMALL)


def test_a_posting_is_refused_where_sage_refuses_it(serve):
    """What lacks a trader, or a tax code, is refused and not posted."""

    async def inside(sandbox, raw):
        before = sandbox.store.count("sales_posted_transactions")
        assert (await raw.ask("POST", "sales_invoices", body={})).status == 400
        customer = sandbox.store.keys("customers")[0]
        body = {"customer_id": customer, "tax_analysis_items": [{"goods_amount": 1}]}
        reply = await raw.ask("POST", "sales_invoices", body=body)
        assert reply.status == 400
        assert "SageNullFieldException" in reply.json["Message"]
        assert sandbox.store.count("sales_posted_transactions") == before

    serve(inside, SMALL)


def test_a_new_object_has_defaults_and_is_not_kept(serve):
    """``*_new`` gives a blank record with what was said, and keeps nothing."""

    async def inside(sandbox, raw):
        customer = sandbox.store.keys("customers")[0]
        body = {"customer_id": customer}
        order = (await raw.ask("POST", "sop_orders_new", body=body)).json
        assert (order["id"], order["customer_id"]) == (0, customer)
        invoice = (await raw.ask("POST", "sales_invoices_new", body=body)).json
        assert invoice["customer_id"] == customer
        blank = (await raw.ask("POST", "customers_new", body={})).json
        assert blank["account_type"] == "TradingAccountTypeOpenItem"
        assert sandbox.store.count("sop_orders") == 10
        assert sandbox.store.count("customers") == 20
        key = sandbox.store.keys("sop_orders")[0]
        change = {"customer_document_no": "PO-1"}
        reply = await raw.ask("PUT", f"sop_orders_new/{key}", body=change)
        assert (reply.json["id"], reply.json["customer_document_no"]) == (key, "PO-1")
        kept = sandbox.store.get("sop_orders", key)["customer_document_no"]
        assert kept != "PO-1"
        assert (await raw.ask("PUT", "sop_orders_new/1", body={})).status == 404

    serve(inside, SMALL)


def test_a_duplicate_is_a_draft_to_confirm_or_delete(serve):
    """``*_duplicate`` keeps a copy with new ids, numbered when it is confirmed."""

    async def inside(sandbox, raw):
        source = sandbox.store.get("sop_orders", sandbox.store.keys("sop_orders")[0])
        body = {"source_id": source["id"], "customer_id": source["customer_id"]}
        copy = (await raw.ask("POST", "sop_orders_duplicate", body=body)).json
        assert (copy["is_draft"], copy["document_no"]) == (True, "TBA")
        path = f"sop_orders/{copy['id']}"
        lines = (await raw.get(path, expand="lines")).json["lines"]
        assert [row["code"] for row in lines] == [r["code"] for r in source["lines"]]
        assert not {row["id"] for row in lines} & {row["id"] for row in source["lines"]}
        done = (await raw.ask("PUT", path, body={"is_editing": False})).json
        assert (done["is_draft"], done["document_no"]) == (False, "0000000011")
        missing = await raw.ask(
            "POST", "sop_orders_duplicate", body=body | {"source_id": 1}
        )
        assert missing.status == 404
        key = sandbox.store.keys("products")[0]
        body = {"source_id": key, "new_code": "NEW/1", "new_name": "New"}
        product = (await raw.ask("POST", "products_duplicate", body=body)).json
        assert (product["code"], product["name"]) == ("NEW/1", "New")
        assert (await raw.get(f"products/{product['id']}")).json["code"] == "NEW/1"
        assert (await raw.ask("POST", "products_duplicate", body=body)).status == 400

    serve(inside, SMALL)


def test_suggested_products_are_several(serve):
    """One request, several records in the answer."""

    async def inside(sandbox, raw):
        body = {"customer_id": sandbox.store.keys("customers")[0]}
        rows = (await raw.ask("POST", "suggested_products", body=body)).json
        assert len(rows) == 2
        assert rows[0]["code"] != rows[1]["code"]

    serve(inside, SMALL)


def test_a_request_about_a_record_answers_with_it(serve):
    """Where a body names a record of the answer's kind, that is the answer."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("stocktakes")[0]
        body = {"id": key, "warehouse_id": 1}
        reply = await raw.ask("POST", "stocktake_view_adjustments", body=body)
        assert reply.json["id"] == key
        body["id"] = 1
        reply = await raw.ask("POST", "stocktake_view_adjustments", body=body)
        assert reply.status == 404

    serve(inside, {})


def test_many_are_updated_in_one_request(serve):
    """PUT on a collection changes rows with an id, adds others, removes on demand."""

    async def inside(sandbox, raw):
        first, second, third = sandbox.store.keys("couriers")
        body = [
            {"id": first, "name": "Speedy"},
            {"name": "New"},
            {"id": third, "is_to_delete": True},
        ]
        rows = (await raw.ask("PUT", "couriers", body=body)).json
        assert [row["name"] for row in rows] == ["Speedy", "New"]
        assert rows[0]["id"] == first
        assert sandbox.store.keys("couriers") == [first, second, rows[1]["id"]]
        body = [{"id": first, "name": "Kept"}, {"id": 1, "name": "x"}, {"name": "y"}]
        assert (await raw.ask("PUT", "couriers", body=body)).status == 404
        assert sandbox.store.get("couriers", first)["name"] == "Kept"
        assert sandbox.store.count("couriers") == 3
        assert (await raw.ask("PUT", "couriers", body={})).status == 400
        assert (await raw.ask("PUT", "couriers", body=["x"])).status == 400

    serve(inside, {})


def test_lines_are_saved_until_one_is_refused(serve):
    """A failing line leaves those before it saved, and those after it untried."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("sop_orders")[0]
        before = len(sandbox.store.get("sop_orders", key)["lines"])
        comment = {"line_type": "EnumLineTypeComment", "description": "first"}
        bad = {"line_type": "EnumLineTypeStandard", "product_id": 1}
        body = {"lines": [comment, bad, comment | {"description": "never"}]}
        reply = await raw.ask("PUT", f"sop_orders/{key}", body=body)
        assert reply.status == 400
        assert "warehouse_id" in reply.json["Message"]
        lines = sandbox.store.get("sop_orders", key)["lines"]
        assert len(lines) == before + 1
        assert lines[-1]["description"] == "first"
        order = {"customer_id": sandbox.store.keys("customers")[0], "lines": [bad]}
        assert (await raw.ask("POST", "sop_orders", body=order)).status == 400
        assert sandbox.store.count("sop_orders") == 10

    serve(inside, SMALL)


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("suppliers", {"reference": "S", "name": "s"}, {"reference": "T"}),
        ("departments", {"code": "D"}, {"code": "E"}),
        (
            "nominal_codes",
            {"reference": "1", "department_id": 1, "report_category_id": 1},
            {"department_id": 2},
        ),
    ],
)
def test_codes_are_unique(serve, path, body, other):
    """A reference or a code that is taken is refused, another is not."""

    async def inside(_, raw):
        assert (await raw.ask("POST", path, body=body)).status == 200
        reply = await raw.ask("POST", path, body=body)
        assert reply.status == 400
        assert "already exists" in reply.json["Message"]
        assert (await raw.ask("POST", path, body=body | other)).status == 200

    serve(inside, {})


def test_a_body_does_not_choose_the_id(serve):
    """Ids are the service's: one in a body is passed over."""

    async def inside(sandbox, raw):
        made = await raw.ask("POST", "couriers", body={"id": 5, "name": "x"})
        assert made.json["id"] in sandbox.store.keys("couriers")
        assert made.json["id"] != 5

    serve(inside, {})
