"""POST, PUT and DELETE, and writers beside the server."""

from __future__ import annotations

import itertools
import threading

import pytest

NEW = {"reference": "APITEST", "name": "API Test 02"}


def test_a_new_customer_comes_back_whole_but_without_stamps(serve):
    """POST answers 200 with the full record, less ``date_time_...`` and members."""

    async def inside(sandbox, raw):
        body = NEW | {
            "contacts": [{"first_name": "Róisín", "default_email": "read-only"}]
        }
        reply = await raw.ask("POST", "customers/", body=body)
        assert reply.status == 200
        made = reply.json
        assert made["id"] > max(sandbox.store.keys("customers")[:-1])
        assert made["account_type"] == "TradingAccountTypeOpenItem"
        assert (made["balance"], made["short_name"]) == (0, "")
        assert not {"date_time_created", "contacts"} & made.keys()
        later = (await raw.get(f"customers/{made['id']}", expand="contacts")).json
        assert {"date_time_created", "date_time_updated"} <= later.keys()
        contact = later["contacts"][0]
        assert contact["customer_id"] == made["id"]
        assert contact["id"] > made["id"]
        assert contact["default_email"] == ""

    serve(inside)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("customers", {"name": "x"}, "reference"),
        ("customers", {"reference": "x"}, "name"),
        ("products", {"code": "x", "name": "y"}, "product_group_id"),
        ("sop_orders", {}, "customer_id"),
        ("customers", NEW | {"nonsense": 1}, "nonsense"),
        ("customers", NEW | {"short_name": None}, "short_name"),
        ("customers", NEW | {"short_name": 5}, "short_name"),
        ("customers", NEW | {"credit_limit": "5"}, "credit_limit"),
        ("customers", NEW | {"credit_limit": True}, "credit_limit"),
        ("customers", NEW | {"on_hold": 1}, "on_hold"),
        ("customers", NEW | {"payment_terms_days": 1.5}, "payment_terms_days"),
        ("customers", NEW | {"account_opened": "2024-01-02"}, "account_opened"),
        ("customers", NEW | {"account_opened": "soon"}, "account_opened"),
        ("customers", NEW | {"contacts": {}}, "contacts"),
        ("customers", NEW | {"contacts": [{"nonsense": 1}]}, "nonsense"),
        ("customers", NEW | {"main_address": []}, "main_address"),
        ("customers", NEW | {"name": "a\0b"}, "name"),
        ("customers", [NEW], "object"),
    ],
)
def test_what_a_body_may_not_say_brings_400(serve, path, body, words):
    """A body that lacks, or says, what it may not is refused, and nothing is kept."""

    async def inside(sandbox, raw):
        reply = await raw.ask("POST", path, body=body)
        assert reply.status == 400
        assert words in reply.json["Message"]
        assert sandbox.store.count(path) == 0

    serve(inside, {})


def test_malformed_bodies_and_options_bring_400(serve):
    """No JSON, and query options on a write, are refused."""

    async def inside(_, raw):
        url = raw.settings.base_url + "customers"
        async with raw.http.post(url, data=b"{", headers=raw.headers) as reply:
            assert reply.status == 400
        reply = await raw.ask("POST", "customers", "$select=id", body=NEW)
        assert reply.status == 400

    serve(inside)


def test_two_accounts_cannot_share_a_reference(serve):
    """A duplicate reference is refused in Sage's words, on POST and on PUT."""

    async def inside(sandbox, raw):
        expected = (
            "The account reference already exists. You cannot have two accounts with "
            "the same account reference."
        )
        assert (await raw.ask("POST", "customers", body=NEW)).status == 200
        reply = await raw.ask("POST", "customers", body=NEW)
        assert (reply.status, reply.json) == (400, {"Message": expected})
        first, *_, last = sandbox.store.keys("customers")
        clash = {"reference": "APITEST"}
        assert (await raw.ask("PUT", f"customers/{first}", body=clash)).status == 400
        assert (await raw.ask("PUT", f"customers/{last}", body=clash)).status == 200
        product = {"code": "P", "name": "p", "product_group_id": 1}
        assert (await raw.ask("POST", "products", body=product)).status == 200
        again = (await raw.ask("POST", "products", body=product)).json["Message"]
        assert "product code" in again

    serve(inside)


def test_an_update_changes_what_it_names(serve):
    """PUT is partial: the rest stays, and ``date_time_updated`` moves on."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        before = sandbox.store.get("customers", key)
        body = {"short_name": "APIDemo", "balance": 1, "id": 5}
        reply = await raw.ask("PUT", f"customers/{key}", body=body)
        assert reply.status == 200
        after = reply.json
        assert after["short_name"] == "APIDemo"
        assert after["balance"] == before["balance"]
        assert after["id"] == key
        assert after["date_time_created"] == before["date_time_created"]
        assert after["date_time_updated"] > before["date_time_updated"]
        stored = sandbox.store.get("customers", key)
        assert stored["contacts"] == before["contacts"]
        stamp = after["date_time_updated"]
        assert (await raw.filter(f"date_time_updated ge {stamp}")).ids == [key]

    serve(inside)


def test_stamps_move_on_with_every_update(serve):
    """However fast updates follow, each stamp is later than the last."""

    async def inside(sandbox, _):
        key = sandbox.store.keys("customers")[0]
        stamps = [
            sandbox.store.update("customers", key, {"name": str(n)})[
                "date_time_updated"
            ]
            for n in range(20)
        ]
        plain = [stamp.rstrip("Z") for stamp in stamps]
        assert all(a < b for a, b in itertools.pairwise(plain))

    serve(inside)


def test_rows_of_a_member_are_changed_added_and_removed(serve):
    """With an id a row is changed, without it is added, or deleted when told."""

    async def inside(sandbox, raw):
        contacts = [{"first_name": name} for name in ("Ann", "Bob", "Cat")]
        made = sandbox.store.insert("customers", NEW | {"contacts": contacts})
        ann, bob, cat = (row["id"] for row in made["contacts"])
        body = {
            "contacts": [
                {"id": bob, "is_to_delete": True},
                {"id": cat, "last_name": "Jones"},
                {"first_name": "Dan"},
            ]
        }
        path = f"customers/{made['id']}"
        assert (await raw.ask("PUT", path, body=body)).status == 200
        rows = sandbox.store.get("customers", made["id"])["contacts"]
        assert [row["first_name"] for row in rows] == ["Ann", "Cat", "Dan"]
        assert rows[1]["last_name"] == "Jones"
        assert rows[0]["id"] == ann
        assert "is_to_delete" not in rows[0]
        stranger = {"contacts": [{"id": 1, "first_name": "x"}]}
        assert (await raw.ask("PUT", path, body=stranger)).status == 400

    serve(inside)


def test_deletes_are_final(serve):
    """DELETE answers 200 with nothing; then there is nothing."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        reply = await raw.ask("DELETE", f"customers/{key}")
        assert (reply.status, reply.body) == (200, b"")
        assert (await raw.get(f"customers/{key}")).status == 404
        assert (await raw.ask("DELETE", f"customers/{key}")).status == 404
        assert sandbox.store.count("customers") == 49

    serve(inside)


def test_orders_come_expanded_and_their_lines_are_seen_in_the_view(serve):
    """POST of an order answers with its lines, which the view then shows."""

    async def inside(sandbox, raw):
        customer = sandbox.store.insert("customers", NEW)["id"]
        lines = [
            {"line_type": "EnumLineTypeComment", "description": "one"},
            {"line_type": "EnumLineTypeFreeText", "description": "two"},
        ]
        body = {"customer_id": customer, "lines": lines}
        order = (await raw.ask("POST", "sop_orders", body=body)).json
        assert [line["sop_order_id"] for line in order["lines"]] == [order["id"]] * 2
        views = await raw.get("sop_order_line_views", orderby="sop_order_line_id")
        assert [view["sop_order_line_id"] for view in views.json] == [
            line["id"] for line in order["lines"]
        ]
        assert views.json[0]["customer_reference"] == "APITEST"
        assert views.json[1]["sop_order_line_product_description"] == "two"
        first = order["lines"][0]["id"]
        body = {"lines": [{"id": first, "is_to_delete": True}]}
        await raw.ask("PUT", f"sop_orders/{order['id']}", body=body)
        assert len((await raw.get("sop_order_line_views")).json) == 1
        await raw.ask("DELETE", f"sop_orders/{order['id']}")
        assert (await raw.get("sop_order_line_views")).json == []

    serve(inside, {})


def test_numbers_keep_their_digits(serve):
    """What was written with two noughts is served with two noughts."""

    async def inside(_, raw):
        url = raw.settings.base_url + "customers"
        body = b'{"reference":"A","name":"B","credit_limit":12345678901234567.80}'
        async with raw.http.post(url, data=body, headers=raw.headers) as reply:
            assert b'"credit_limit":12345678901234567.80' in await reply.read()

    serve(inside)


def test_writers_in_other_threads_lose_nothing(serve):
    """The store is one counter and one lock, whoever writes."""

    async def inside(sandbox, raw):
        def write(name):
            for number in range(50):
                values = {"reference": f"{name}{number}", "name": name}
                sandbox.store.insert("customers", values)

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert (await raw.get("customers", select="id")).status == 200
        assert sandbox.store.count("customers") == 250
        assert len(set(sandbox.store.keys("customers"))) == 250

    serve(inside)
