"""Paths below a record, and records that are embedded in others."""

from __future__ import annotations

import json

import pytest

from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour

SMALL = {"customers": 20, "products": 20, "sop_orders": 10}


def test_a_parents_records_are_those_that_name_it(on_sandbox):
    """A nested list equals the list of the resource, filtered by its parent."""

    async def scenario(sandbox, http):
        for key in sandbox.store.keys("customers")[:5]:
            for name in ("customer_contacts", "sop_orders", "customer_memos"):
                nested = (await http.get(f"customers/{key}/{name}")).json
                filtered = (await http.get(name, filter=f"customer_id eq {key}")).json
                assert nested == filtered
        contact = (await http.get("customer_contacts")).json[0]
        above = f"customers/{contact['customer_id']}/customer_contacts/{contact['id']}"
        emails = (await http.get(f"{above}/customer_emails")).json
        path = f"customer_contacts/{contact['id']}/customer_emails"
        assert emails == (await http.get(path)).json != []
        narrowed = await http.get(path, filter="id eq 1", count="true")
        assert narrowed.json == 0

    on_sandbox(scenario, SMALL)


@pytest.mark.parametrize(
    "path",
    [
        "customers/1/customer_contacts",
        "customers/{other}/customer_contacts/{contact}",
        "customers/{other}/customer_contacts/{contact}/customer_emails",
        "customers/{owner}/customer_contacts/1",
        "customers/{owner}/customer_contacts/x",
        "customers/{owner}/products",
        "customer_contacts/{contact}/customer_emails/1",
    ],
)
def test_a_record_that_is_not_below_its_parent_is_404(on_sandbox, path):
    """An unknown parent, or a child of another one, brings 404."""

    async def scenario(sandbox, http):
        owner, other = sandbox.store.keys("customers")[:2]
        contact = sandbox.store.get("customers", owner)["contacts"][0]["id"]
        names = {"owner": owner, "other": other, "contact": contact}
        assert (await http.get(path.format(**names))).status == 404

    on_sandbox(scenario, SMALL)


def test_contacts_are_one_wherever_they_are_read_and_written(on_sandbox):
    """A contact is the same in all lists and in its customer, after each write."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        nested = f"customers/{key}/customer_contacts"
        before = (await http.get(nested)).ids
        created = await http.request("POST", nested, body={"first_name": "Róisín"})
        assert created.status == 200
        contact = created.json["id"]
        assert created.json["customer_id"] == key
        email = f"customer_contacts/{contact}/customer_emails"
        added = await http.request("POST", email, body={"email": "r@example.test"})
        assert added.json["customer_contact_id"] == contact
        whole = (await http.get(f"customers/{key}", expand="contacts")).json
        last = whole["contacts"][-1]
        assert last["first_name"] == "Róisín"
        assert last["emails"][0]["email"] == "r@example.test"
        change = {"last_name": "Walsh", "customer_id": 1}
        await http.request("PUT", f"customer_contacts/{contact}", body=change)
        assert (await http.get(f"{nested}/{contact}")).json["last_name"] == "Walsh"
        assert (await http.get(email)).ids == [added.json["id"]]
        assert (await http.request("DELETE", f"{nested}/{contact}")).status == 200
        assert (await http.get(nested)).ids == before
        assert (await http.get(f"customer_emails/{added.json['id']}")).status == 404

    on_sandbox(scenario, SMALL)


def test_rows_that_a_parent_writes_are_listed(on_sandbox):
    """Rows that a PUT of the parent adds, changes or removes are so everywhere."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        (await http.get("customer_memos")).json  # noqa: B018 - its table exists then
        path = f"customers/{key}"
        await http.request(
            "PUT", path, body={"memos": [{"note": "one"}, {"note": "two"}]}
        )
        one, two = (await http.get(f"{path}/customer_memos", orderby="id")).json[-2:]
        assert (one["note"], two["note"]) == ("one", "two")
        rows = [{"id": one["id"], "is_to_delete": True}, {"id": two["id"], "note": "2"}]
        await http.request("PUT", path, body={"memos": rows})
        assert (await http.get(f"customer_memos/{one['id']}")).status == 404
        assert (await http.get(f"customer_memos/{two['id']}")).json["note"] == "2"
        sandbox.behaviour = Behaviour(referenced_deletes="take")
        await http.request("DELETE", path)
        assert (await http.get(f"customer_memos/{two['id']}")).status == 404

    on_sandbox(scenario, SMALL)


def test_an_embedded_record_needs_an_owner(on_sandbox):
    """A memo for a customer that does not exist is refused."""

    async def scenario(sandbox, http):
        body = {"customer_id": 1, "note": "x"}
        response = await http.request("POST", "customer_memos", body=body)
        assert response.status == 400
        assert "customer_id" in response.json["Message"]
        body = {"customer_id": sandbox.store.keys("customers")[0], "note": "x"}
        assert (await http.request("POST", "customer_memos", body=body)).status == 200

    on_sandbox(scenario, SMALL)


def test_stock_is_listed_below_products_and_warehouses(on_sandbox):
    """A holding is listed below its product, its warehouse, and both."""

    async def scenario(_, http):
        holding, another = (await http.get("warehouse_holdings")).json[:2]
        product, warehouse = holding["product_id"], holding["warehouse_id"]
        for path in (
            f"products/{product}/warehouse_holdings",
            f"warehouses/{warehouse}/warehouse_holdings",
            f"products/{product}/warehouses/{warehouse}/warehouse_holdings",
            f"warehouses/{warehouse}/products/{product}/warehouse_holdings",
        ):
            assert holding["id"] in (await http.get(path)).ids
        assert warehouse in (await http.get(f"products/{product}/warehouses")).ids
        held = (await http.get("bin_holdings")).json[0]
        path, other = f"bin_holdings/{held['id']}", another["id"]
        body = {"name": "Bin", "warehouse_holding_id": other}
        after = (await http.request("PUT", path, body=body)).json[
            "warehouse_holding_id"
        ]
        assert after == held["warehouse_holding_id"]
        bins = (await http.get(f"products/{product}/bin_holdings")).json
        assert {row["warehouse_holding_id"] for row in bins} == {holding["id"]}

    on_sandbox(scenario, SMALL | {"warehouse_holdings": 20, "bin_holdings": 20})


def test_records_without_a_link_field_are_listed_below_one_parent(on_sandbox):
    """Each linked line is listed below exactly one order line."""

    async def scenario(sandbox, http):
        ids = []
        for key in sandbox.store.keys("pop_order_lines"):
            path = f"pop_order_lines/{key}/pop_linked_order_lines"
            ids += (await http.get(path)).ids
        assert sorted(ids) == sandbox.store.keys("pop_linked_order_lines")
        assert len(ids) == 3

    on_sandbox(scenario, {})


def test_embedded_records_are_loaded_with_their_owners_or_from_a_file(
    on_sandbox, tmp_path
):
    """A file of contacts adds to those in the customers; an unknown owner is an error."""
    customer = {"id": 7, "reference": "A", "name": "B", "contacts": [{"id": 8}]}
    (tmp_path / "customers.ndjson").write_text(json.dumps(customer))
    contact = {"id": 9, "customer_id": 7, "first_name": "Ann"}
    same = {"id": 8, "customer_id": 7}
    file = tmp_path / "customer_contacts.ndjson"
    file.write_text(json.dumps(contact) + "\n" + json.dumps(same))

    async def scenario(_, http):
        whole = (await http.get("customers/7", expand="contacts")).json
        assert whole["contacts"] == [{"id": 8}, contact]
        assert (await http.get("customers/7/customer_contacts")).ids == [8, 9]
        assert (await http.get("suppliers")).json == []
        assert (await http.get("licence")).status == 200

    on_sandbox(scenario, data=tmp_path)
    file.write_text(json.dumps(contact | {"customer_id": 1}))
    with pytest.raises(SettingsError, match="no customers has the id 1"):
        on_sandbox(scenario, data=tmp_path)


@pytest.mark.parametrize("touches", [True, False])
def test_a_write_to_an_embedded_record_may_touch_its_owner(on_sandbox, touches):
    """A write to a contact changes its timestamp, and its customer's if so configured."""

    async def scenario(sandbox, http):
        contact = (await http.get("customer_contacts")).json[0]
        path = f"customers/{contact['customer_id']}"
        before = (await http.get(path)).json["date_time_updated"]
        change = {"last_name": "Walsh"}
        response = await http.request(
            "PUT", f"customer_contacts/{contact['id']}", body=change
        )
        assert response.json["date_time_updated"] > contact["date_time_updated"]
        assert ((await http.get(path)).json["date_time_updated"] > before) is touches

    on_sandbox(scenario, SMALL, behaviour=Behaviour(touch_owners=touches))
