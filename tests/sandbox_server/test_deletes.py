"""Deletes: what others refer to is kept."""

from __future__ import annotations

import pytest

from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.server.routes import load_routes
from tests.sandbox_server.test_consistency import TABLES, dangling

SMALL = {"customers": 5, "products": 5, "sop_orders": 5}
DELETES = sorted(
    route.name
    for route in load_routes().values()
    if "delete" in route.verbs and len(route.names) == 1
)


def test_what_others_refer_to_is_kept(on_sandbox):
    """No delete leaves an id that leads nowhere, whatever is deleted first."""
    assert {"customers", "products", "warehouses", "banks"} <= {*DELETES}

    async def scenario(sandbox, http):
        store, statuses = sandbox.store, []
        for path in TABLES:
            store.ensure_table(path)
        for path in DELETES:
            for key in store.keys(path)[:2]:
                count = store.count(path)
                response = await http.request("DELETE", f"{path}/{key}")
                assert response.status in {200, 400}, response.body
                statuses.append(response.status)
                assert store.count(path) == count - (response.status == 200)
                if response.status == 400:
                    assert str(key) in response.json["Message"]
        assert {*statuses} == {200, 400}
        wrong = {where for where, _, _ in dangling(store)[0]}
        assert {where for where in wrong if "_views." not in where} == set()

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("path", ["customers", "warehouse_holdings"])
def test_a_switch_takes_such_deletes(on_sandbox, path):
    """With referenced_deletes="take", a customer with orders is deleted."""

    async def scenario(sandbox, http):
        store = sandbox.store
        order = next(iter(store.rows("sop_orders")))
        held = next(
            r for r in store.rows("warehouse_holdings") if r["quantity_in_stock"]
        )
        key = {"customers": order["customer_id"], "warehouse_holdings": held["id"]}[
            path
        ]
        for switch, status in (("refuse", 400), ("take", 200)):
            sandbox.behaviour = Behaviour(referenced_deletes=switch)
            response = await http.request("DELETE", f"{path}/{key}")
            assert response.status == status

    on_sandbox(scenario, SMALL)
