"""Writes: one that is refused leaves no trace, and two at once do not mix."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from sage200_async.sandbox import Sandbox
from sage200_async.sandbox.store.view_specs import VIEWS
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
