"""Orders, quotes and returns: what a write of one changes, and what it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sage200_async.sandbox import Behaviour

SMALL = {"customers": 5, "products": 5, "sop_orders": 5}
COMMENT = {"line_type": "EnumLineTypeComment", "description": "Thank you"}
NO_RECORD = 987_654_321


def standard(product, quantity=3, **more):
    """Return a standard line of a body."""
    line = {"line_type": "EnumLineTypeStandard", "product_id": product}
    return line | {"line_quantity": quantity} | more


def stocked(store):
    """Return the ids of products that have at least ten in stock."""
    return [
        row["id"] for row in store.rows("products") if row["free_stock_quantity"] > 9
    ]


async def write(http, method, path, status=200, **body):
    """Send a write, and return what came back."""
    response = await http.request(method, path, body=body)
    assert response.status == status, response.body
    return response.json


def test_returns_take_lines(on_sandbox):
    """A return is created with lines, and takes more of them later."""

    async def scenario(sandbox, http):
        store = sandbox.store
        customer, product = store.keys("customers")[0], store.keys("products")[0]
        lines = [standard(product, selling_unit_price=2)]
        body = {"customer_id": customer, "lines": lines}
        new = await write(http, "POST", "sop_returns", **body)
        assert new["total_net_value"] == 6
        path = f"sop_returns/{new['id']}"
        changed = await write(http, "PUT", path, lines=[COMMENT])
        assert [row["line_number"] for row in changed["lines"]] == [1, 2]

    on_sandbox(scenario, SMALL)


def test_a_line_may_name_no_product_by_a_switch(on_sandbox):
    """With dangling_ids="take", an order of an unknown product is taken."""

    async def scenario(sandbox, http):
        sandbox.behaviour = Behaviour(dangling_ids="take")
        customer = sandbox.store.keys("customers")[0]
        lines = [standard(NO_RECORD, selling_unit_price=2)]
        new = await write(http, "POST", "sop_orders", customer_id=customer, lines=lines)
        assert new["total_net_value"] == 6

    on_sandbox(scenario, SMALL)


def test_an_order_of_a_product_that_costs_too_much_is_refused(on_sandbox):
    """A price that no decimal number can hold is a refusal, not a server error."""

    async def scenario(sandbox, http):
        customer = sandbox.store.keys("customers")[0]
        product = stocked(sandbox.store)[0]
        sandbox.store.update("products", product, {"standard_cost": 2**95})
        lines = [standard(product)]
        refusal = await write(
            http, "POST", "sop_orders", 400, customer_id=customer, lines=lines
        )
        assert "out of range" in refusal["Message"]

    on_sandbox(scenario, SMALL)


def free(store, *products):
    """Return the free stock of products."""
    return [store.get("products", key)["free_stock_quantity"] for key in products]


def test_a_line_that_is_moved_to_another_product_is_the_others(on_sandbox):
    """It has the code, description, price and stock of that; the old one's is free."""

    async def scenario(sandbox, http):
        store = sandbox.store
        first, second = stocked(store)[:2]
        before = free(store, first, second)
        customer = store.keys("customers")[0]
        lines = [standard(first, unit_discount_percent=10)]
        new = await write(http, "POST", "sop_orders", customer_id=customer, lines=lines)
        path, row = f"sop_orders/{new['id']}", new["lines"][0]
        assert free(store, first, second) == [before[0] - 3, before[1]]
        lines = [{"id": row["id"], "product_id": second}]
        (moved,) = (await write(http, "PUT", path, lines=lines))["lines"]
        product = store.get("products", second)
        assert moved["code"] == product["code"] != row["code"]
        assert moved["description"] == product["name"]
        assert moved["cost_price"] == product["standard_cost"]
        assert moved["allocated_quantity"] == moved["line_quantity"] == 3
        assert moved["unit_discount_percent"] == 10
        price = moved["selling_unit_price"] - moved["unit_discount_value"]
        assert moved["line_total_value"] == 3 * price
        assert free(store, first, second) == [before[0], before[1] - 3]

    on_sandbox(scenario, {"customers": 5, "products": 12, "sop_orders": 0})


def test_a_draft_that_is_confirmed_takes_stock(on_sandbox):
    """Until then it has allocated nothing; a later change allocates no more."""

    async def scenario(sandbox, http):
        store = sandbox.store
        product, customer = stocked(store)[0], store.keys("customers")[0]
        before = free(store, product)[0]
        lines = [standard(product)]
        draft = await write(
            http,
            "POST",
            "sop_orders",
            customer_id=customer,
            is_editing=True,
            lines=lines,
        )
        assert draft["lines"][0]["allocated_quantity"] == 0
        path = f"sop_orders/{draft['id']}"
        for body in ({"is_editing": False}, {"order_priority": "A"}):
            order = await write(http, "PUT", path, **body)
            assert order["is_draft"] is False
            assert order["lines"][0]["allocated_quantity"] == 3
            assert free(store, product) == [before - 3]

    on_sandbox(scenario, SMALL)


def test_of_two_discounts_of_a_line_the_last_counts(on_sandbox):
    """A percentage of 0 takes a discount back; a value replaces the percentage."""

    async def scenario(sandbox, http):
        store = sandbox.store
        product, customer = store.keys("products")[0], store.keys("customers")[0]
        lines = [standard(product, 2, selling_unit_price=100)]
        order = await write(
            http, "POST", "sop_orders", customer_id=customer, lines=lines
        )
        path, key = f"sop_orders/{order['id']}", order["lines"][0]["id"]
        for change, percent, value in (
            ({"unit_discount_percent": 50}, 50, 50),
            ({"unit_discount_percent": 0}, 0, 0),
            ({"unit_discount_value": 30}, 0, 30),
            ({"unit_discount_percent": 20}, 20, 20),
            ({"unit_discount_value": 5}, 0, 5),
            ({"description": "x"}, 0, 5),
        ):
            order = await write(http, "PUT", path, lines=[{"id": key, **change}])
            (row,) = order["lines"]
            discounts = (row["unit_discount_percent"], row["unit_discount_value"])
            assert discounts == (percent, value), change
            assert order["total_net_value"] == 2 * (100 - value)

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("path", ["sop_orders", "sop_quotes", "sop_returns"])
def test_a_discount_of_the_document_is_taken_off(on_sandbox, path):
    """It lowers the goods' part of the totals, and their VAT, but no line."""

    async def scenario(sandbox, http):
        store = sandbox.store
        tax = next(row["id"] for row in store.rows("tax_codes") if row["code"] == 1)
        body = {
            "customer_id": store.keys("customers")[0],
            "document_discount_percent": 10,
            "lines": [
                {
                    "line_type": "EnumLineTypeFreeText",
                    "description": "Work",
                    "line_quantity": 2,
                    "selling_unit_price": 50,
                    "tax_code_id": tax,
                }
            ],
        }
        order = await write(http, "POST", path, **body)
        one = f"{path}/{order['id']}"
        for percent in (10, 25, 0):
            order = await write(http, "PUT", one, document_discount_percent=percent)
            assert order["lines"][0]["line_total_value"] == 100
            assert order["subtotal_discount_value"] == percent
            assert order["total_net_value"] == 100 - percent
            assert order["total_tax_value"] == Decimal(20) * (100 - percent) / 100

    on_sandbox(scenario, SMALL)


def test_an_order_has_the_exchange_rate_of_its_currency(on_sandbox):
    """That of the customer's currency, or the rate that a body sets."""

    async def scenario(sandbox, http):
        store = sandbox.store
        euro = next(row for row in store.rows("currencies") if row["symbol"] == "€")
        values = {"reference": "EUR1", "name": "Euro", "currency_id": euro["id"]}
        customer = (await write(http, "POST", "customers", **values))["id"]
        for more, rate in (
            ({}, euro["core_currency_rate"]),
            ({"exchange_rate": 2}, 2),
        ):
            order = await write(
                http, "POST", "sop_orders", customer_id=customer, **more
            )
            assert order["exchange_rate"] == rate

    on_sandbox(scenario, SMALL)
