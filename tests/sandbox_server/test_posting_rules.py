"""Postings and allocations: what they move, and what they refuse."""

from __future__ import annotations

from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.server.routes import load_routes

POSTINGS = sorted(
    route.name
    for route in load_routes().values()
    if "create" in route.verbs
    and len(route.names) == 1
    and route.name.startswith(("bank_", "purchase_", "sales_"))
)


async def post(http, path, status=200, **body):
    """Send a posting, and return what came back."""
    response = await http.request("POST", path, body=body)
    assert response.status == status, response.body
    return response.json


def test_an_empty_posting_is_taken_by_a_switch(on_sandbox):
    """With missing_fields="take", no posting without its fields is a server error."""
    assert "sales_invoices" in POSTINGS

    async def scenario(sandbox, http):
        sandbox.behaviour = Behaviour(missing_fields="take")
        for path in POSTINGS:
            response = await http.request("POST", path, body={})
            assert response.status < 500, (path, response.body)
        assert (await http.request("POST", "sales_invoices", body={})).status == 200

    on_sandbox(scenario, {"customers": 3})


def allocation(customer, *values):
    """Return a body that allocates values to transactions."""
    lines = [
        {"posted_tran_id": key, "value_to_allocate": value} for key, value in values
    ]
    return {"customer_id": customer, "allocation_lines": lines}


def test_no_more_is_allocated_than_is_outstanding(on_sandbox):
    """An allocation beyond what is outstanding is refused, and moves nothing."""

    async def scenario(sandbox, http):
        store = sandbox.store
        customer = store.keys("customers")[0]
        bank = store.keys("banks")[0]
        account = {"customer_id": customer, "exchange_rate": 2}
        money = {"document_goods_value": 100, "document_tax_value": 20}
        await post(http, "sales_invoices", **account, **money)
        await post(http, "sales_receipts", **account, bank_id=bank, cheque_value=500)
        path = "sales_posted_transactions"
        invoice, receipt = store.keys(path)[-2:]
        for value, status, allocated in (
            (50, 200, 50), (71, 400, 50), (70, 200, 120), (1, 400, 120),
            (-120, 200, 0), (-1, 400, 0),
        ):  # fmt: skip
            body = allocation(customer, (invoice, value), (receipt, -value))
            answer = await post(http, "sales_allocations", status, **body)
            if status == 400:
                field = "allocation_lines[0].value_to_allocate: "
                assert answer["Message"].startswith(field)
            row = store.get(path, invoice)
            assert row["document_allocated_value"] == allocated
            assert row["document_outstanding_value"] == 120 - allocated
            assert row["base_allocated_value"] == allocated / 2
            other = store.get(path, receipt)
            assert other["document_outstanding_value"] == allocated - 500

    on_sandbox(scenario, {"customers": 3})
