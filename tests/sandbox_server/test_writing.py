"""POST, PUT and DELETE, and writes from other threads."""

from __future__ import annotations

import itertools
import threading

import pytest

from sage200_async.sandbox import Behaviour

NEW = {"reference": "APITEST", "name": "API Test 02"}


def test_a_new_customer_comes_back_whole_but_without_stamps(on_sandbox):
    """POST returns the record without timestamps and related records."""

    async def scenario(sandbox, http):
        body = NEW | {
            "contacts": [{"first_name": "Róisín", "default_email": "read-only"}]
        }
        response = await http.request("POST", "customers/", body=body)
        assert response.status == 200
        created = response.json
        assert created["id"] > max(sandbox.store.keys("customers")[:-1])
        assert created["account_type"] == "TradingAccountTypeOpenItem"
        assert (created["balance"], created["short_name"]) == (0, "")
        assert not {"date_time_created", "contacts"} & created.keys()
        later = (await http.get(f"customers/{created['id']}", expand="contacts")).json
        assert {"date_time_created", "date_time_updated"} <= later.keys()
        contact = later["contacts"][0]
        assert contact["customer_id"] == created["id"]
        assert contact["id"] > created["id"]
        assert contact["default_email"] == ""

    on_sandbox(scenario)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("customers", {"name": "x"}, "reference"),
        ("customers", {"reference": "x"}, "name"),
        ("products", {"code": "x", "name": "y"}, "product_group_id"),
        ("sop_orders", {}, "customer_id"),
        ("customers", NEW | {"short_name": None}, "short_name"),
        ("customers", NEW | {"short_name": 5}, "short_name"),
        ("customers", NEW | {"credit_limit": "5"}, "credit_limit"),
        ("customers", NEW | {"credit_limit": True}, "credit_limit"),
        ("customers", NEW | {"on_hold": 1}, "on_hold"),
        ("customers", NEW | {"payment_terms_days": 1.5}, "payment_terms_days"),
        ("customers", NEW | {"account_opened": "2024-01-02"}, "account_opened"),
        ("customers", NEW | {"account_opened": "soon"}, "account_opened"),
        ("customers", NEW | {"contacts": {}}, "contacts"),
        (
            "customers",
            NEW | {"contacts": [{"first_name": 1}]},
            "contacts[0].first_name",
        ),
        ("customers", NEW | {"main_address": []}, "main_address"),
        ("customers", NEW | {"name": "a\0b"}, "name"),
        ("customers", [NEW], "object"),
    ],
)
def test_wrong_bodies_bring_400(on_sandbox, path, body, words):
    """A body with missing, unknown or wrong values is refused, and nothing is stored."""

    async def scenario(sandbox, http):
        response = await http.request("POST", path, body=body)
        assert response.status == 400
        assert words in response.json["Message"]
        assert sandbox.store.count(path) == 0

    on_sandbox(scenario, {})


def test_malformed_bodies_and_options_bring_400(on_sandbox):
    """Bodies that are not JSON, and query options on a write, are refused."""

    async def scenario(_, http):
        url = http.settings.base_url + "customers"
        async with http.session.post(url, data=b"{", headers=http.headers) as response:
            assert response.status == 400
        response = await http.request("POST", "customers", "$select=id", body=NEW)
        assert response.status == 400

    on_sandbox(scenario)


def test_two_accounts_cannot_share_a_reference(on_sandbox):
    """A duplicate reference brings Sage's message, on POST and on PUT."""

    async def scenario(sandbox, http):
        expected = (
            "The account reference already exists. You cannot have two accounts with "
            "the same account reference."
        )
        assert (await http.request("POST", "customers", body=NEW)).status == 200
        response = await http.request("POST", "customers", body=NEW)
        assert (response.status, response.json) == (400, {"Message": expected})
        first, *_, last = sandbox.store.keys("customers")
        clash = {"reference": "APITEST"}
        sandbox.behaviour = Behaviour(changed_references="take")
        assert (
            await http.request("PUT", f"customers/{first}", body=clash)
        ).status == 400
        assert (
            await http.request("PUT", f"customers/{last}", body=clash)
        ).status == 200
        group = sandbox.store.keys("product_groups")[0]
        product = {"code": "P", "name": "p", "product_group_id": group}
        assert (await http.request("POST", "products", body=product)).status == 200
        again = (await http.request("POST", "products", body=product)).json["Message"]
        assert "product code" in again

    on_sandbox(scenario)


def test_an_update_changes_the_fields_in_its_body(on_sandbox):
    """PUT is partial: other fields stay, and ``date_time_updated`` changes."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        before = sandbox.store.get("customers", key)
        body = {"short_name": "APIDemo", "balance": 1, "id": 5}
        response = await http.request("PUT", f"customers/{key}", body=body)
        assert response.status == 200
        after = response.json
        assert after["short_name"] == "APIDemo"
        assert after["balance"] == before["balance"]
        assert after["id"] == key
        assert after["date_time_created"] == before["date_time_created"]
        assert after["date_time_updated"] > before["date_time_updated"]
        stored = sandbox.store.get("customers", key)
        assert stored["contacts"] == before["contacts"]
        stamp = after["date_time_updated"]
        assert (await http.filter(f"date_time_updated ge {stamp}")).ids == [key]

    on_sandbox(scenario)


def test_every_update_has_a_later_timestamp(on_sandbox):
    """However fast updates follow, each timestamp is later than the last."""

    async def scenario(sandbox, _):
        key = sandbox.store.keys("customers")[0]
        stamps = [
            sandbox.store.update("customers", key, {"name": str(n)})[
                "date_time_updated"
            ]
            for n in range(20)
        ]
        plain = [stamp.rstrip("Z") for stamp in stamps]
        assert all(a < b for a, b in itertools.pairwise(plain))

    on_sandbox(scenario)


def test_related_rows_are_changed_added_and_removed(on_sandbox):
    """A row with an id is changed or deleted, a row without one is added."""

    async def scenario(sandbox, http):
        contacts = [{"first_name": name} for name in ("Ann", "Bob", "Cat")]
        created = sandbox.store.insert("customers", NEW | {"contacts": contacts})
        ann, bob, cat = (row["id"] for row in created["contacts"])
        body = {
            "contacts": [
                {"id": bob, "is_to_delete": True},
                {"id": cat, "last_name": "Jones"},
                {"first_name": "Dan"},
            ]
        }
        path = f"customers/{created['id']}"
        assert (await http.request("PUT", path, body=body)).status == 200
        rows = sandbox.store.get("customers", created["id"])["contacts"]
        assert [row["first_name"] for row in rows] == ["Ann", "Cat", "Dan"]
        assert rows[1]["last_name"] == "Jones"
        assert rows[0]["id"] == ann
        assert "is_to_delete" not in rows[0]
        unknown = {"contacts": [{"id": 1, "first_name": "x"}]}
        assert (await http.request("PUT", path, body=unknown)).status == 400

    on_sandbox(scenario)


def test_deletes_are_final(on_sandbox):
    """DELETE brings 200 without a body; then the record is gone."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        response = await http.request("DELETE", f"customers/{key}")
        assert (response.status, response.body) == (200, b"")
        assert (await http.get(f"customers/{key}")).status == 404
        assert (await http.request("DELETE", f"customers/{key}")).status == 404
        assert sandbox.store.count("customers") == 49

    on_sandbox(scenario)


def test_orders_come_expanded_and_their_lines_are_in_the_view(on_sandbox):
    """POST of an order returns its lines, and the view lists them."""

    async def scenario(sandbox, http):
        customer = sandbox.store.insert("customers", NEW)["id"]
        lines = [
            {"line_type": "EnumLineTypeComment", "description": "one"},
            {"line_type": "EnumLineTypeFreeText", "description": "two"},
        ]
        body = {"customer_id": customer, "lines": lines}
        order = (await http.request("POST", "sop_orders", body=body)).json
        assert [line["sop_order_id"] for line in order["lines"]] == [order["id"]] * 2
        views = await http.get("sop_order_line_views", orderby="sop_order_line_id")
        assert [view["sop_order_line_id"] for view in views.json] == [
            line["id"] for line in order["lines"]
        ]
        assert views.json[0]["customer_reference"] == "APITEST"
        assert views.json[1]["sop_order_line_product_description"] == "two"
        first = order["lines"][0]["id"]
        body = {"lines": [{"id": first, "is_to_delete": True}]}
        await http.request("PUT", f"sop_orders/{order['id']}", body=body)
        assert len((await http.get("sop_order_line_views")).json) == 1
        await http.request("DELETE", f"sop_orders/{order['id']}")
        assert (await http.get("sop_order_line_views")).json == []

    on_sandbox(scenario, {})


def test_numbers_keep_their_digits(on_sandbox):
    """A number that was written with trailing zeros is served with them."""

    async def scenario(_, http):
        url = http.settings.base_url + "customers"
        body = b'{"reference":"A","name":"B","credit_limit":12345678901234567.80}'
        async with http.session.post(url, data=body, headers=http.headers) as response:
            assert b'"credit_limit":12345678901234567.80' in await response.read()

    on_sandbox(scenario)


def test_writers_in_other_threads_lose_nothing(on_sandbox):
    """Writes from several threads at once are all stored, with unique ids."""

    async def scenario(sandbox, http):
        def write(name):
            for number in range(50):
                values = {"reference": f"{name}{number}", "name": name}
                sandbox.store.insert("customers", values)

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert (await http.get("customers", select="id")).status == 200
        assert sandbox.store.count("customers") == 250
        assert len(set(sandbox.store.keys("customers"))) == 250

    on_sandbox(scenario)


def test_a_warehouse_that_is_renamed_is_so_in_its_holdings(on_sandbox):
    """PUT of a warehouse's name changes that of the holdings in it, and no other."""

    async def scenario(sandbox, http):
        store = sandbox.store
        rows = {row["id"]: row for row in store.rows("warehouse_holdings")}
        key = next(iter(rows.values()))["warehouse_id"]
        await http.request("PUT", f"warehouses/{key}", body={"name": "Renamed"})
        for row in store.rows("warehouse_holdings"):
            old = rows[row["id"]]["warehouse_name"]
            is_renamed = row["warehouse_id"] == key
            assert row["warehouse_name"] == ("Renamed" if is_renamed else old)

    on_sandbox(scenario, {"customers": 3, "products": 6})
