"""Writes: one that is refused leaves no trace, and two at once do not mix."""

from __future__ import annotations

import asyncio

import pytest

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
