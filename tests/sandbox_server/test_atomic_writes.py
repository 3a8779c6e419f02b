"""Writes: one that is refused leaves no trace, and two at once do not mix."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter

import pytest

from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.view_specs import VIEWS
from tests.sandbox_server.test_consistency import check_sums
from tests.sandbox_server.test_views import disagreements

SMALL = {"customers": 6, "products": 6, "sop_orders": 4}


@pytest.mark.parametrize("restored", [None, "earlier", "later"])
def test_a_refused_first_write_leaves_every_table_readable(on_sandbox, restored):
    """Tables that a refused write was the first to use are there for the next."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        line = {"posted_tran_id": 5, "value_to_allocate": 1}
        refused = {"customer_id": key, "allocation_lines": [line]}
        snapshot = sandbox.snapshot()
        response = await http.request("POST", "sales_allocations", body=refused)
        assert response.status == 400
        if restored:
            sandbox.restore(snapshot if restored == "earlier" else sandbox.snapshot())
        for table in sandbox.store.tables:
            assert sandbox.store.count(table) == len(sandbox.store.keys(table))
        posting = {"customer_id": key, "document_goods_value": 1}
        response = await http.request("POST", "sales_invoices", body=posting)
        assert response.status == 200

    on_sandbox(scenario, SMALL)


def test_a_table_is_not_seen_before_it_is_committed(on_sandbox):
    """A reader in another thread waits for a write, and finds its table if it fails."""

    async def scenario(sandbox, _):
        store, loop = sandbox.store, asyncio.get_running_loop()
        assert not store.has_table("banks")
        with pytest.raises(RuntimeError), store.database.transaction():
            store.count("banks")
            reader = loop.run_in_executor(None, store.count, "banks")
            await asyncio.sleep(0.2)
            assert not reader.done()
            raise RuntimeError
        assert await reader == store.count("banks")

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("restored", [False, True])
def test_every_view_is_true_after_a_refused_write(on_sandbox, restored):
    """A view that a refused write brought up to date is brought up to date again."""

    async def scenario(sandbox, _):
        store = sandbox.store
        for view in VIEWS:
            store.count(view)
        for path in ("customers", "products", "suppliers"):
            for key in store.keys(path):
                store.update(path, key, {"name": f"Renamed {key}"})
        with pytest.raises(RuntimeError), store.database.transaction():
            for view in VIEWS:
                store.count(view)
            store.update("customers", store.keys("customers")[0], {"name": "Undone"})
            raise RuntimeError
        if restored:
            sandbox.restore(sandbox.snapshot())
        assert [d for view in VIEWS for d in disagreements(store, view)] == []

    on_sandbox(scenario, SMALL)


def test_views_are_true_after_the_sandbox_was_killed(tmp_path):
    """A file that was never closed has the last writes in its views."""
    file, left = tmp_path / "company.db", tmp_path / "left.db"

    async def main():
        async with Sandbox(SMALL, database=file) as sandbox:
            store = sandbox.store
            for view in VIEWS:
                store.count(view)
            key = store.insert("customers", {"reference": "NEW", "name": "New"})["id"]
            store.delete("sop_orders", store.keys("sop_orders")[-1])
            shutil.copy(file, left)
        async with Sandbox(database=left) as sandbox:
            assert sandbox.store.get("customer_views", key)["name"] == "New"
            lines = sum(len(row["lines"]) for row in sandbox.store.rows("sop_orders"))
            assert sandbox.store.count("sop_order_line_views") == lines
            wrong = [d for view in VIEWS for d in disagreements(sandbox.store, view)]
            assert wrong == []

    asyncio.run(main())


COMMENT = {"line_type": "EnumLineTypeComment", "description": "Thank you"}


async def at_once(http, method, path, bodies):
    """Send requests at once, and return how many were answered with each status."""
    requests = [http.request(method, path, body=body) for body in bodies]
    return Counter([response.status for response in await asyncio.gather(*requests)])


def test_one_of_many_takes_a_new_reference(on_sandbox):
    """Of 30 requests at once for one reference or code, one makes a record."""

    async def scenario(sandbox, http):
        store = sandbox.store
        group = store.keys("product_groups")[0]
        product = store.keys("products")[0]
        for number in range(6):
            bodies = {
                "customers": {"reference": f"R{number}", "name": "New"},
                "products": {
                    "code": f"P{number}",
                    "name": "New",
                    "product_group_id": group,
                },
            }
            for path, body in bodies.items():
                before = store.count(path)
                statuses = await at_once(http, "POST", path, [body] * 30)
                assert statuses == {200: 1, 400: 29}
                assert store.count(path) == before + 1
        copy = {"source_id": product, "new_code": "COPY", "new_name": "Copy"}
        statuses = await at_once(http, "POST", "products_duplicate", [copy] * 30)
        assert statuses == {200: 1, 400: 29}

    on_sandbox(scenario, SMALL)


def test_orders_and_lines_are_numbered_once(on_sandbox):
    """Orders made at once have numbers of their own, and so have lines of one order."""

    async def scenario(sandbox, http):
        store = sandbox.store
        customer = store.keys("customers")[0]
        body = {"customer_id": customer, "lines": [COMMENT]}
        for _ in range(3):
            statuses = await at_once(http, "POST", "sop_orders", [body] * 30)
            assert statuses == {200: 30}
        numbers = [row["document_no"] for row in store.rows("sop_orders")]
        assert len(numbers) == len(set(numbers)) == 94
        order = (await http.request("POST", "sop_orders", body=body)).json["id"]
        lines = [{"lines": [COMMENT | {"description": f"{n}"}]} for n in range(30)]
        for _ in range(3):
            statuses = await at_once(http, "PUT", f"sop_orders/{order}", lines)
            assert statuses == {200: 30}
        rows = store.get("sop_orders", order)["lines"]
        assert sorted(row["line_number"] for row in rows) == list(range(1, 92))

    on_sandbox(scenario, SMALL)


def stocked_line(store):
    """Return a line of an order for one of a product that is in stock."""
    stocked = (row for row in store.rows("products") if row["free_stock_quantity"])
    product = next(stocked)["id"]
    line_type = "EnumLineTypeStandard"
    return {"line_type": line_type, "product_id": product, "line_quantity": 1}


def test_stock_is_allocated_once(on_sandbox):
    """Orders, lines and deletes at once leave the stock that their lines say."""

    async def scenario(sandbox, http):
        store = sandbox.store
        customer = store.keys("customers")[0]
        line = stocked_line(store)
        body = {"customer_id": customer, "lines": [line]}
        for _ in range(3):
            old = store.keys("sop_orders")
            await asyncio.gather(
                at_once(http, "POST", "sop_orders", [body] * 30),
                at_once(http, "PUT", f"sop_orders/{old[0]}", [{"lines": [line]}] * 30),
                *(http.request("DELETE", f"sop_orders/{key}") for key in old[1:] * 2),
            )
            assert store.count("sop_orders") == 31
        check_sums(store)

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_write_that_fails_halfway_leaves_no_trace(on_sandbox, monkeypatch, method):
    """If a step after the first fails, no order, line or stock has changed."""
    from sage200_async.sandbox.store.store import Store

    async def scenario(sandbox, http):
        store = sandbox.store
        key, customer = store.keys("sop_orders")[0], store.keys("customers")[0]
        line = stocked_line(store)
        whole = {"customer_id": customer, "lines": [line]}
        key = (await http.request("POST", "sop_orders", body=whole)).json["id"]

        def content():
            orders = [
                row | {"date_time_updated": ""} for row in store.rows("sop_orders")
            ]
            return orders, list(store.rows("products"))

        before = content()
        calls = Counter()

        def failing(name):
            original = getattr(Store, name)

            def call(self, resource, *args, **kwargs):
                calls[resource] += 1
                if resource == "sop_orders" and (name == "delete" or calls["products"]):
                    raise WriteError("refused halfway")
                return original(self, resource, *args, **kwargs)

            return call

        for name in ("update", "delete"):
            monkeypatch.setattr(Store, name, failing(name))
        path = "sop_orders" if method == "POST" else f"sop_orders/{key}"
        response = await http.request(method, path, body=whole)
        monkeypatch.undo()
        assert response.status == 400, response.body
        assert calls["products"]
        assert content() == before

    on_sandbox(scenario, SMALL)
