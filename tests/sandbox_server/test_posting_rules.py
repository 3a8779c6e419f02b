"""Postings and allocations: what they move, and what they refuse."""

from __future__ import annotations

import pytest

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
