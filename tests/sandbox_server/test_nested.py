"""Paths below a record, and records that are parts of others."""

from __future__ import annotations

import json

import pytest

from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour

SMALL = {"customers": 20, "products": 20, "sop_orders": 10}


def test_a_parents_records_are_those_that_name_it(serve):
    """A nested listing is the root listing, filtered by its parent."""

    async def inside(sandbox, raw):
        for key in sandbox.store.keys("customers")[:5]:
            for name in ("customer_contacts", "sop_orders", "customer_memos"):
                below = (await raw.get(f"customers/{key}/{name}")).json
                alike = (await raw.get(name, filter=f"customer_id eq {key}")).json
                assert below == alike
        contact = (await raw.get("customer_contacts")).json[0]
        above = f"customers/{contact['customer_id']}/customer_contacts/{contact['id']}"
        emails = (await raw.get(f"{above}/customer_emails")).json
        path = f"customer_contacts/{contact['id']}/customer_emails"
        assert emails == (await raw.get(path)).json != []
        narrowed = await raw.get(path, filter="id eq 1", count="true")
        assert narrowed.json == 0

    serve(inside, SMALL)


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
def test_what_is_not_below_its_parent_is_404(serve, path):
    """An unknown parent, or another's child, is not found."""

    async def inside(sandbox, raw):
        owner, other = sandbox.store.keys("customers")[:2]
        contact = sandbox.store.get("customers", owner)["contacts"][0]["id"]
        names = {"owner": owner, "other": other, "contact": contact}
        assert (await raw.get(path.format(**names))).status == 404

    serve(inside, SMALL)


def test_contacts_are_one_wherever_they_are_read_and_written(serve):
    """Nested, at the root and in the customer: one contact, one write."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        nested = f"customers/{key}/customer_contacts"
        before = (await raw.get(nested)).ids
        made = await raw.ask("POST", nested, body={"first_name": "Róisín"})
        assert made.status == 200
        contact = made.json["id"]
        assert made.json["customer_id"] == key
        email = f"customer_contacts/{contact}/customer_emails"
        added = await raw.ask("POST", email, body={"email": "r@example.test"})
        assert added.json["customer_contact_id"] == contact
        whole = (await raw.get(f"customers/{key}", expand="contacts")).json
        last = whole["contacts"][-1]
        assert last["first_name"] == "Róisín"
        assert last["emails"][0]["email"] == "r@example.test"
        change = {"last_name": "Walsh", "customer_id": 1}
        await raw.ask("PUT", f"customer_contacts/{contact}", body=change)
        assert (await raw.get(f"{nested}/{contact}")).json["last_name"] == "Walsh"
        assert (await raw.get(email)).ids == [added.json["id"]]
        assert (await raw.ask("DELETE", f"{nested}/{contact}")).status == 200
        assert (await raw.get(nested)).ids == before
        assert (await raw.get(f"customer_emails/{added.json['id']}")).status == 404

    serve(inside, SMALL)


def test_rows_that_a_parent_writes_are_seen_at_the_root(serve):
    """Rows added, changed and removed in a PUT of the parent are so everywhere."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        (await raw.get("customer_memos")).json  # noqa: B018 - its table is made
        path = f"customers/{key}"
        await raw.ask("PUT", path, body={"memos": [{"note": "one"}, {"note": "two"}]})
        one, two = (await raw.get(f"{path}/customer_memos", orderby="id")).json[-2:]
        assert (one["note"], two["note"]) == ("one", "two")
        rows = [{"id": one["id"], "is_to_delete": True}, {"id": two["id"], "note": "2"}]
        await raw.ask("PUT", path, body={"memos": rows})
        assert (await raw.get(f"customer_memos/{one['id']}")).status == 404
        assert (await raw.get(f"customer_memos/{two['id']}")).json["note"] == "2"
        await raw.ask("DELETE", path)
        assert (await raw.get(f"customer_memos/{two['id']}")).status == 404

    serve(inside, SMALL)


def test_a_part_needs_what_it_is_a_part_of(serve):
    """A memo for a customer that there is not is refused."""

    async def inside(sandbox, raw):
        body = {"customer_id": 1, "note": "x"}
        reply = await raw.ask("POST", "customer_memos", body=body)
        assert reply.status == 400
        assert "customer_id" in reply.json["Message"]
        body = {"customer_id": sandbox.store.keys("customers")[0], "note": "x"}
        assert (await raw.ask("POST", "customer_memos", body=body)).status == 200

    serve(inside, SMALL)


def test_stock_is_found_from_both_sides(serve):
    """A holding is listed below its product, its warehouse, and both."""

    async def inside(_, raw):
        holding = (await raw.get("warehouse_holdings")).json[0]
        product, warehouse = holding["product_id"], holding["warehouse_id"]
        for path in (
            f"products/{product}/warehouse_holdings",
            f"warehouses/{warehouse}/warehouse_holdings",
            f"products/{product}/warehouses/{warehouse}/warehouse_holdings",
            f"warehouses/{warehouse}/products/{product}/warehouse_holdings",
        ):
            assert holding["id"] in (await raw.get(path)).ids
        assert warehouse in (await raw.get(f"products/{product}/warehouses")).ids
        held = (await raw.get("bin_holdings")).json[0]
        path, other = f"bin_holdings/{held['id']}", holding["id"] + 1
        body = {"name": "Bin", "warehouse_holding_id": other}
        kept = (await raw.ask("PUT", path, body=body)).json["warehouse_holding_id"]
        assert kept == held["warehouse_holding_id"]
        bins = (await raw.get(f"products/{product}/bin_holdings")).json
        assert {each["warehouse_holding_id"] for each in bins} == {holding["id"]}

    serve(inside, SMALL | {"warehouse_holdings": 20, "bin_holdings": 20})


def test_records_that_do_not_name_their_parent_lie_below_one(serve):
    """Each linked line is below one order line, and those below all are all."""

    async def inside(sandbox, raw):
        found = []
        for key in sandbox.store.keys("pop_order_lines"):
            path = f"pop_order_lines/{key}/pop_linked_order_lines"
            found += (await raw.get(path)).ids
        assert sorted(found) == sandbox.store.keys("pop_linked_order_lines")
        assert len(found) == 3

    serve(inside, {})


def test_parts_are_loaded_with_their_owners_or_apart(serve, tmp_path):
    """A file of contacts adds to those inside the customers; strangers are refused."""
    customer = {"id": 7, "reference": "A", "name": "B", "contacts": [{"id": 8}]}
    (tmp_path / "customers.ndjson").write_text(json.dumps(customer))
    contact = {"id": 9, "customer_id": 7, "first_name": "Ann"}
    same = {"id": 8, "customer_id": 7}
    file = tmp_path / "customer_contacts.ndjson"
    file.write_text(json.dumps(contact) + "\n" + json.dumps(same))

    async def inside(_, raw):
        whole = (await raw.get("customers/7", expand="contacts")).json
        assert whole["contacts"] == [{"id": 8}, contact]
        assert (await raw.get("customers/7/customer_contacts")).ids == [8, 9]
        assert (await raw.get("suppliers")).json == []
        assert (await raw.get("licence")).status == 200

    serve(inside, data=tmp_path)
    file.write_text(json.dumps(contact | {"customer_id": 1}))
    with pytest.raises(SettingsError, match="no customers has the id 1"):
        serve(inside, data=tmp_path)


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_part_moves_its_owners_stamp_can_be_played_both_ways(serve, moves):
    """A write to a contact moves its own stamp, and its customer's on demand."""

    async def inside(sandbox, raw):
        contact = (await raw.get("customer_contacts")).json[0]
        path = f"customers/{contact['customer_id']}"
        before = (await raw.get(path)).json["date_time_updated"]
        change = {"last_name": "Walsh"}
        reply = await raw.ask("PUT", f"customer_contacts/{contact['id']}", body=change)
        assert reply.json["date_time_updated"] > contact["date_time_updated"]
        assert ((await raw.get(path)).json["date_time_updated"] > before) is moves

    serve(inside, SMALL, behaviour=Behaviour(parts_move_owners=moves))
