"""Bodies of every resource that takes POST: a right one, and each way to spoil it."""

from __future__ import annotations

import asyncio
import json

import pytest

from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.server.routes import load_routes
from tests.sandbox_server.conftest import signed_in

TABLES = load_catalog().tables
SMALL = {"customers": 5, "products": 5, "sop_orders": 5}
ROUTES = {
    route.name: route
    for route in load_routes().values()
    if "create" in route.verbs and len(route.names) == 1
}
SOURCES = {
    "pop_orders_duplicate": "pop_orders",
    "products_duplicate": "products",
    "sop_orders_duplicate": "sop_orders",
    "sop_quotes_duplicate": "sop_quotes",
    "sop_returns_duplicate": "sop_returns",
}
NO_RECORD = 987_654_321
KEYS = {
    "banks": ("code",),
    "cost_centres": ("code",),
    "customers": ("reference",),
    "departments": ("code",),
    "nominal_codes": ("reference", "cost_centre_id", "department_id"),
    "products": ("code",),
    "product_suppliers": ("product_id", "supplier_id"),
    "alternative_products": ("product_id", "alternative_product_id"),
    "cross_sell_products": ("product_id", "cross_sell_product_id"),
    "suppliers": ("reference",),
    "warehouse_holdings": ("product_id", "warehouse_id"),
    "warehouses": ("name",),
}
"""Natural keys: the guide for customers, inference for the others."""
VALUES = {
    "boolean": True,
    "datetime": "2026-05-06T00:00:00Z",
    "enum": "EnumMadeUp",
    "integer": 1,
    "number": 1.5,
    "text": "A",
}
KINDS = {
    "boolean": 1,
    "datetime": 5,
    "enum": 5,
    "integer": "1",
    "number": "1.5",
    "text": 5,
}
"""A value of the wrong type, by the kind of a field."""
TOO_LARGE = {"integer": (2**63, -(2**96)), "number": (-(2**96),)}
PAIRS = {"warehouses": 1}
"""Which record of a resource a right body refers to, if not the first."""


def right_body(store, name):
    """Return a body with every field that the documents require, and ids that exist."""
    shape, body = shape_of(ROUTES[name].model), {}
    if ROUTES[name].model is None:
        return body
    for field in sorted(shape.required):
        target = referenced_resource(field, TABLES)
        if field in shape.expandables:
            body[field] = [{}]
        elif field == "source_id":
            body[field] = store.keys(SOURCES[name])[0]
        elif target:
            body[field] = store.keys(target)[-1]
        else:
            body[field] = VALUES[shape.scalars[field]]
    if name in {"products", "warehouses", "banks"}:
        body[KEYS[name][0]] = "NEW"
    return body


def spoilings(name, body):
    """Yield the spoilt bodies, each with the field that the refusal has to name."""
    shape = shape_of(ROUTES[name].model)
    known = shape.enum_values
    for field in sorted(shape.writable & shape.scalars.keys()):
        kind = shape.scalars[field]
        if kind in KINDS:
            yield "type", field, body | {field: KINDS[kind]}
        for number in TOO_LARGE.get(kind, ()):
            yield "large", field, body | {field: number}
        yield "null", field, body | {field: None}
        if field in shape.lengths:
            yield "length", field, body | {field: "x" * (shape.lengths[field] + 1)}
        if kind == "enum":
            yield "enum", field, body | {field: "no such value"}
        if known.get(field):
            yield "known", field, body | {field: f"{known[field][0]} x"}
        if kind == "integer" and referenced_resource(field, TABLES):
            yield "dangling", field, body | {field: NO_RECORD}
    for field in sorted(shape.required):
        yield "missing", field, {k: v for k, v in body.items() if k != field}
        for text in ("", "  ") if shape.scalars.get(field) == "text" else ():
            yield "blank", field, body | {field: text}


def test_every_resource_that_takes_post_is_tried():
    """The documents have 78 of them, and five came with 2025 R1."""
    newer = {name for name in ROUTES if "sop_returns" in name}
    assert len(ROUTES.keys() - newer) >= 78
    assert newer


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_right_body_is_taken_and_each_spoiling_of_it_refused(name):
    """What is wrong brings 400 with the field's name, and stores nothing."""

    async def main():
        async with signed_in(SMALL) as (sandbox, http):
            store = sandbox.store
            body = right_body(store, name)
            count = store.count(name) if name in TABLES else 0
            for what, field, spoilt in () if not body else spoilings(name, body):
                response = await http.request("POST", name, body=spoilt)
                assert response.status == 400, (what, field, response.body)
                assert field in response.json["Message"], (what, field)
            assert (store.count(name) if name in TABLES else 0) == count
            response = await http.request("POST", name, body=body)
            assert response.status == 200, (body, response.body)
            if name in KEYS:
                again = await http.request("POST", name, body=body)
                assert again.status == 400
                word = KEYS[name][-1].removesuffix("_id")
                assert KEYS[name][0].replace("_id", "") in again.json["Message"] or (
                    word in again.json["Message"]
                )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("switch", "body"),
    [
        ({"unknown_names": "refuse"}, {"nonsense": 1}),
        ({"unknown_names": "refuse"}, {"contacts": [{"email": "a@b.test"}]}),
    ],
)
def test_a_name_that_no_field_has_is_ignored(on_sandbox, switch, body):
    """Unknown names are ignored, in nested rows too; by a switch they are refused."""

    async def scenario(sandbox, http):
        new = {"reference": "N1", "name": "New"} | body
        assert (await http.request("POST", "customers", body=new)).status == 200
        sandbox.behaviour = Behaviour(**switch)
        new["reference"] = "N2"
        response = await http.request("POST", "customers", body=new)
        assert response.status == 400
        assert "property named" in response.json["Message"]

    on_sandbox(scenario, {})


@pytest.mark.parametrize(
    ("switch", "path", "body"),
    [
        ({"nulls": "ignore"}, "customers", {"short_name": None}),
        ({"long_texts": "take"}, "customers", {"name": "x" * 61}),
        ({"unknown_enum_values": "take"}, "customers", {"account_type": "none such"}),
        ({"dangling_ids": "take"}, "customers", {"currency_id": NO_RECORD}),
        ({"missing_fields": "take"}, "customers", {"name": None}),
        ({"duplicate_keys": "take"}, "customers", {"reference": "TAKEN"}),
    ],
)
def test_each_rule_is_a_switch(on_sandbox, switch, path, body):
    """What is refused by default is taken with a switch."""

    async def scenario(sandbox, http):
        sandbox.store.insert("customers", {"reference": "TAKEN", "name": "Taken"})
        new = {"reference": "N1", "name": "New"} | body
        new = {name: value for name, value in new.items() if name != "name" or value}
        assert (await http.request("POST", path, body=new)).status == 400
        sandbox.behaviour = Behaviour(**switch)
        assert (await http.request("POST", path, body=new)).status == 200

    on_sandbox(scenario, {})


def test_a_line_needs_no_warehouse_but_by_a_switch(on_sandbox):
    """A standard line without warehouse_id is taken: public clients send none."""

    async def scenario(sandbox, http):
        customer, product = (
            sandbox.store.keys(path)[0] for path in ("customers", "products")
        )
        line = {"line_type": "EnumLineTypeStandard", "product_id": product}
        body = {"customer_id": customer, "lines": [line]}
        assert (await http.request("POST", "sop_orders", body=body)).status == 200
        sandbox.behaviour = Behaviour(missing_warehouse="refuse")
        response = await http.request("POST", "sop_orders", body=body)
        assert "warehouse_id" in response.json["Message"]

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("path", ["customers", "products", "suppliers"])
def test_a_reference_cannot_be_changed(on_sandbox, path):
    """PUT with another reference or code is refused; with the same it is taken."""

    async def scenario(sandbox, http):
        name = "code" if path == "products" else "reference"
        row = next(iter(sandbox.store.rows(path)))
        for value, status in ((row[name], 200), ("OTHER", 400)):
            response = await http.request(
                "PUT", f"{path}/{row['id']}", body={name: value}
            )
            assert response.status == status
        assert name in response.json["Message"]
        sandbox.behaviour = Behaviour(changed_references="take")
        path_of_one = f"{path}/{row['id']}"
        taken = await http.request("PUT", path_of_one, body={name: "OTHER"})
        assert taken.json[name] == "OTHER"

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ({"product_id": NO_RECORD}, "lines[0].product_id"),
        ({"warehouse_id": NO_RECORD}, "lines[0].warehouse_id"),
        ({"tax_code_id": NO_RECORD}, "lines[0].tax_code_id"),
        ({"nominal_reference": "9999"}, "lines[0].nominal_reference"),
        ({"line_type": "EnumLineTypeOther"}, "lines[0].line_type"),
        ({"code": "x" * 31}, "lines[0].code"),
    ],
)
def test_a_wrong_line_is_named(on_sandbox, lines, field):
    """The refusal says which line it is, and which field."""

    async def scenario(sandbox, http):
        line = {"line_type": "EnumLineTypeComment", "description": "d"} | lines
        body = {"customer_id": sandbox.store.keys("customers")[0], "lines": [line]}
        response = await http.request("POST", "sop_orders", body=body)
        assert response.status == 400
        assert response.json["Message"].startswith(field)

    on_sandbox(scenario, SMALL)


def test_a_delivery_address_has_to_be_the_customers(on_sandbox):
    """An order to the address of another customer, or to none, is refused."""

    async def scenario(sandbox, http):
        store = sandbox.store
        first, second = store.keys("customers")[:2]
        address = store.insert("customer_delivery_addresses", {"customer_id": first})
        for customer, key, status in (
            (first, address["id"], 200),
            (second, address["id"], 400),
            (first, NO_RECORD, 400),
        ):
            body = {"customer_id": customer, "customer_delivery_address_id": key}
            response = await http.request("POST", "sop_orders", body=body)
            assert response.status == status
        assert "customer_delivery_address_id" in response.json["Message"]

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tax_analysis_items": [{"id": NO_RECORD}]}, "tax_analysis_items[0].id"),
        (
            {"nominal_analysis_items": [{"code": "9999"}]},
            "nominal_analysis_items[0].code",
        ),
    ],
)
def test_a_posting_to_an_unknown_account_is_refused(on_sandbox, body, field):
    """The tax codes and nominal codes of a posting have to exist."""

    async def scenario(sandbox, http):
        body["customer_id"] = sandbox.store.keys("customers")[0]
        response = await http.request("POST", "sales_invoices", body=body)
        assert response.status == 400
        assert response.json["Message"].startswith(field)

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize("name", ["", "  "])
def test_a_change_cannot_empty_a_required_field(on_sandbox, name):
    """PUT of a blank name is refused, as POST of one is; by a switch it is taken."""

    async def scenario(sandbox, http):
        path = f"customers/{sandbox.store.keys('customers')[0]}"
        response = await http.request("PUT", path, body={"name": name})
        assert response.json == {"Message": "name: a value is required."}
        sandbox.behaviour = Behaviour(missing_fields="take")
        taken = await http.request("PUT", path, body={"name": name})
        assert taken.json["name"] == name

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("customers", "credit_limit", "1e400"),
        ("sales_invoices", "document_goods_value", "-8e28"),
        ("sop_orders", "line_quantity", "1e30"),
        ("sop_orders", "line_quantity", "7e28"),
    ],
)
def test_a_number_out_of_range_is_named(on_sandbox, path, field, text):
    """What no decimal number can hold, or a line cannot amount to, brings 400."""

    async def scenario(sandbox, http):
        store = sandbox.store
        product, customer = store.keys("products")[0], store.keys("customers")[0]
        line = {"line_type": "EnumLineTypeStandard", "product_id": product}
        bodies = {
            "customers": {"reference": "N1", "name": "New", field: "?"},
            "sales_invoices": {"customer_id": customer, field: "?"},
            "sop_orders": {"customer_id": customer, "lines": [line | {field: "?"}]},
        }
        body = json.dumps(bodies[path]).replace('"?"', text)
        url = http.settings.base_url + path
        headers = {**http.headers, "Content-Type": "application/json"}
        async with http.session.post(url, data=body, headers=headers) as response:
            assert response.status == 400
            assert field in (await response.json())["Message"]

    on_sandbox(scenario, SMALL)
