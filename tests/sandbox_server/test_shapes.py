"""The fields of replies, and their order, as in captured ones."""

from __future__ import annotations

import pytest

from tests.sandbox_server.served_fields import (
    ABSENT,
    GET,
    HOLDING,
    ORDER_REPLY,
    REPLY_PARTS,
    UNORDERED,
    names_in,
)

SMALL = {"customers": 10, "products": 10, "sop_orders": 5}


def assert_as_captured(row, text, *, ordered=True):
    """Check that a record has the captured names, in their order."""
    expected = names_in(text)
    assert [name for name in expected if name not in row] == []
    if ordered:
        assert [name for name in row if name in expected] == expected


async def some_record(sandbox, http, path):
    """Return one record: a new one where all fields of those are seen."""
    if path == "customer_delivery_addresses":
        key = sandbox.store.keys("customers")[0]
        tax_code = sandbox.store.keys("tax_codes")[1]
        body = {"customer_id": key, "description": "Home", "tax_code_id": tax_code}
        await http.request("POST", path, body=body)
    if path == "customers":
        body = {"reference": "NEW", "name": "New"}
        key = (await http.request("POST", path, body=body)).json["id"]
        return (await http.get(f"{path}/{key}")).json
    if path == "sop_order_lines":
        return (await http.get(f"{path}/{sandbox.store.keys(path)[0]}")).json
    return (await http.get(path)).json[-1]


@pytest.mark.parametrize("path", GET)
def test_a_get_has_the_fields_of_a_captured_one(on_sandbox, path):
    """No captured field is missing, none that captures lack is there."""

    async def scenario(sandbox, http):
        row = await some_record(sandbox, http, path)
        assert_as_captured(row, GET[path], ordered=path not in UNORDERED)
        assert not {*names_in(ABSENT.get(path, ""))} & row.keys()

    on_sandbox(scenario, SMALL)


def test_a_new_order_comes_with_its_related_records(on_sandbox):
    """POST expands customer, currency, payment, profitability, lines and memos."""

    async def scenario(sandbox, http):
        body = {"customer_id": sandbox.store.keys("customers")[-1], "is_editing": True}
        order = (await http.request("POST", "sop_orders", body=body)).json
        assert_as_captured(order, ORDER_REPLY)
        for name, text in REPLY_PARTS.items():
            assert_as_captured(order[name], text)
        assert not {"date_time_created", "delivery_address"} & order.keys()
        assert "date_time_created" not in order["profitability"]
        assert (order["lines"], order["memos"], order["customer"]["alerts"]) == (
            [],
        ) * 3
        assert [*order["payment_method"].values()] == ["", "", 0, 0, False, 0]
        assert order["document_no"] == "TBA"
        body = {"delivery_address": {"postal_name": "Elsewhere"}}
        changed = await http.request("PUT", f"sop_orders/{order['id']}", body=body)
        assert changed.json["delivery_address"]["postal_name"] == "Elsewhere"
        assert_as_captured(changed.json, f"{ORDER_REPLY} date_time_created")
        assert "date_time_updated" in changed.json["profitability"]

    on_sandbox(scenario, SMALL)


def test_a_new_product_comes_with_its_holdings_and_bins(on_sandbox):
    """POST of a product expands its holdings, and their bins; the rows lack stamps."""

    async def scenario(sandbox, http):
        group = sandbox.store.keys("product_groups")[0]
        warehouse = sandbox.store.keys("warehouses")[0]
        body = {
            "code": "NEW",
            "name": "New",
            "product_group_id": group,
            "warehouse_holdings": [{"warehouse_id": warehouse, "reorder_level": 1}],
        }
        product = (await http.request("POST", "products", body=body)).json
        (holding,) = product["warehouse_holdings"]
        assert_as_captured(holding, HOLDING)
        (row,) = holding["bin_holdings"]
        assert (row["name"], row["product_id"]) == ("Unspecified", product["id"])
        assert "date_time_created" not in {*holding, *row}
        assert (
            "warehouse_holdings"
            not in (await http.get(f"products/{product['id']}")).json
        )
        held = await http.get(f"products/{product['id']}/warehouse_holdings")
        assert held.ids == [holding["id"]]

    on_sandbox(scenario, SMALL)


def test_seeded_lines_have_all_fields_of_posted_ones(on_sandbox):
    """A made-up order's line has the names of a posted one, in the same order."""

    async def scenario(sandbox, http):
        customer, product = (
            sandbox.store.keys(path)[0] for path in ("customers", "products")
        )
        line = {"line_type": "EnumLineTypeStandard", "product_id": product}
        body = {"customer_id": customer, "lines": [line]}
        posted = (await http.request("POST", "sop_orders", body=body)).json["id"]
        rows = [
            (await http.get(f"sop_orders/{key}/sop_order_lines")).json[-1]
            for key in (sandbox.store.keys("sop_orders")[0], posted)
        ]
        seeded, new = ([*row] for row in rows)
        units = {"selling_unit_id", "pricing_unit_id"}
        assert [n for n in seeded if n not in units] == [
            n for n in new if n not in units
        ]

    on_sandbox(scenario, SMALL)


def test_what_sage_fills_in_is_filled_in(on_sandbox):
    """A new customer has a currency, tax code, terms, nominal code and opening date."""

    async def scenario(sandbox, http):
        body = {"reference": "NEW", "name": "New"}
        new = (await http.request("POST", "customers", body=body)).json
        currency = sandbox.store.get("currencies", new["currency_id"])
        assert currency["is_base_currency"] is True
        tax_code = sandbox.store.get("tax_codes", new["default_tax_code_id"])
        assert (tax_code["code"], tax_code["tax_rate"]) == (1, 20)
        band = sandbox.store.get("price_bands", new["price_band_id"])
        assert band["is_standard_band"] is True
        assert new["months_to_keep_transactions"] == 36
        assert new["default_nominal_code_reference"] == "4000"
        assert new["account_opened"].endswith("T00:00:00Z")
        body |= {"reference": "NEW2", "months_to_keep_transactions": 12}
        other = (await http.request("POST", "customers", body=body)).json
        assert other["months_to_keep_transactions"] == 12

    on_sandbox(scenario, {})


def test_an_order_is_priced_taxed_and_allocated(on_sandbox):
    """Lines get code, price and VAT, an order its sums, and stock is allocated."""

    async def scenario(sandbox, http):
        product = next(
            row
            for row in sandbox.store.rows("products")
            if row["free_stock_quantity"] >= 3
        )
        lines = [
            {
                "line_type": "EnumLineTypeStandard",
                "product_id": product["id"],
                "line_quantity": 3,
                "selling_unit_price": 10,
                "unit_discount_percent": 50,
            },
            {
                "line_type": "EnumLineTypeFreeText",
                "description": "Carriage",
                "line_quantity": 1,
                "selling_unit_price": 5,
            },
        ]
        customer = sandbox.store.keys("customers")[0]
        body = {"customer_id": customer, "lines": lines}
        order = (await http.request("POST", "sop_orders", body=body)).json
        first, second = order["lines"]
        assert (first["code"], first["description"]) == (
            product["code"],
            product["name"],
        )
        assert (first["line_total_value"], first["line_tax_value"]) == (15, 3)
        assert [row["line_number"] for row in order["lines"]] == [1, 2]
        totals = [order[f"total_{name}_value"] for name in ("net", "tax", "gross")]
        assert totals == [20, 4, 24]
        assert (first["allocated_quantity"], second["allocated_quantity"]) == (3, 0)
        assert first["allocation_status"] == "EnumLineStatusFully"
        free = product["free_stock_quantity"] - 3
        key = product["id"]
        now = (await http.get(f"products/{key}")).json["free_stock_quantity"]
        (view,) = (await http.get("product_views", filter=f"id eq {key}")).json
        assert now == view["free_stock_quantity"] == free
        assert view["quantity_allocated_sop"] == 3
        await http.request("DELETE", f"sop_orders/{order['id']}")
        after = (await http.get(f"products/{key}")).json["free_stock_quantity"]
        assert after == product["free_stock_quantity"]

    on_sandbox(scenario, SMALL)


def test_a_posting_moves_the_balance_and_is_in_the_views(on_sandbox):
    """An invoice raises what a customer owes, a receipt lowers it, also in the views."""

    async def scenario(sandbox, http):
        before = sandbox.store.get("banks", sandbox.store.keys("banks")[0])["balance"]
        body = {"reference": "NEW", "name": "New", "payment_terms_days": 30}
        customer = (await http.request("POST", "customers", body=body)).json["id"]
        bank = sandbox.store.keys("banks")[0]
        invoice = {
            "customer_id": customer,
            "transaction_date": "2026-05-01T00:00:00Z",
            "document_goods_value": 100,
            "document_tax_value": 20,
        }
        receipt = {"customer_id": customer, "bank_id": bank, "cheque_value": 50}
        await http.request("POST", "sales_invoices", body=invoice)
        await http.request("POST", "sales_receipts", body=receipt)
        condition = f"customer_id eq {customer}"
        rows = (await http.get("sales_transaction_views", filter=condition)).json
        assert [row["transaction_type"] for row in rows] == [
            "TradingAccountEntryTypeInvoice",
            "TradingAccountEntryTypeReceipt",
        ]
        assert [row["document_outstanding_value"] for row in rows] == [120, -50]
        assert rows[0]["due_date"] == "2026-05-31T00:00:00Z"
        assert (await http.get(f"customers/{customer}")).json["balance"] == 70
        (view,) = (await http.get("customer_views", filter=f"id eq {customer}")).json
        assert view["balance"] == 70
        assert (await http.get(f"banks/{bank}")).json["balance"] == before + 50

    on_sandbox(scenario, {})
