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
