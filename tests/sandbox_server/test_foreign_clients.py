"""Programs of others, written from the facts alone, over plain HTTP without this client."""

from __future__ import annotations

import http.client
import json
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.sandbox_server.threads import running_sandbox


class Api:
    """What such programs have in common: tokens, headers, JSON."""

    def __init__(self, settings):
        self.base = urlsplit(settings.base_url)
        self.token_url = urlsplit(settings.token_url)
        self.client = (settings.client_id, settings.client_secret)
        self.refresh_token = settings.refresh_token
        self.headers = {"Content-Type": "application/json"}

    def send(self, method, url, body=None, headers=None):
        connection = http.client.HTTPConnection(self.base.netloc, timeout=30)
        connection.request(method, url, body, headers or self.headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, json.loads(text) if text else None

    def sign_in(self):
        """Refresh the token, then find the site and the company."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": self.client[0],
            "client_secret": self.client[1],
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, tokens = self.send(
            "POST", self.token_url.path, urlencode(form), headers
        )
        assert status == 200
        self.refresh_token = tokens["refresh_token"]
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        _, sites = self.call("GET", "sites")
        self.headers["X-Site"] = sites[0]["site_id"]
        self.headers["X-Company"] = str(sites[0]["company_id"])

    def call(self, method, path, body=None, **options):
        query = "&".join(f"${name}={quote(text)}" for name, text in options.items())
        url = self.base.path + path + (f"?{query}" if query else "")
        return self.send(method, url, None if body is None else json.dumps(body))


@pytest.fixture(name="api")
def _api():
    """A signed-in program, and the sandbox's store."""
    with running_sandbox({"customers": 20, "products": 20, "sop_orders": 5}) as sandbox:
        api = Api(sandbox.settings)
        api.sign_in()
        yield api


class SingerTarget:
    """Writes messages: looks each record up by its key, then creates or changes it.

    Source: hotgluexyz/target-sage-200, README: natural keys, nested ``contacts[].email``,
    no warehouse in lines, nested lists left out of changes.
    """

    def __init__(self, api):
        self.api = api
        self.cache = {}

    def lookup(self, path, field, value):
        condition = f"{field} eq '{value}'"
        status, rows = self.api.call("GET", path, filter=condition)
        assert status == 200
        return rows[0]["id"] if rows else None

    def upsert(self, path, field, record):
        key = self.lookup(path, field, record[field])
        if key is None:
            status, reply = self.api.call("POST", path, record)
        else:
            changes = {k: v for k, v in record.items() if not isinstance(v, list)}
            status, reply = self.api.call("PUT", f"{path}/{key}", changes)
        assert status == 200, reply
        return reply["id"]

    def invoice(self, record):
        customer = self.lookup("customers", "reference", record.pop("customer"))
        code = record.pop("tax_code")
        _, rows = self.api.call("GET", "tax_codes", filter=f"code eq {code}")
        item = {"id": rows[0]["id"], "goods_amount": 10, "tax_amount": 2}
        body = {"customer_id": customer, "tax_analysis_items": [item], **record}
        return self.api.call("POST", "sales_invoices", body)


def test_a_singer_target_writes_customers_products_orders_and_invoices(api):
    """All eight messages are written, each once, however often they come."""
    target = SingerTarget(api)
    group = api.call("GET", "product_groups", top="1")[1][0]["id"]
    customer = {
        "reference": "HOT001",
        "name": "Hot Customer",
        "contacts": [{"first_name": "Ann", "last_name": "Lee", "email": "a@b.test"}],
    }
    product = {"code": "HOT/1", "name": "Hot product", "product_group_id": group}
    for _ in range(2):
        customer_id = target.upsert("customers", "reference", customer)
        product_id = target.upsert("products", "code", product)
    supplier = {"reference": "HOTSUP", "name": "Hot Supplier"}
    target.upsert("suppliers", "reference", supplier)
    line = {
        "line_type": "EnumLineTypeStandard",
        "product_id": product_id,
        "line_quantity": 2,
        "selling_unit_price": 9.5,
    }
    body = {"customer_id": customer_id, "customer_document_no": "S-1", "lines": [line]}
    status, order = api.call("POST", "sop_orders", body)
    assert (status, order["total_net_value"]) == (200, 19)
    posting = {
        "customer": "HOT001",
        "tax_code": 1,
        "transaction_date": "2026-05-06T00:00:00Z",
        "document_goods_value": 10,
        "document_tax_value": 2,
    }
    status, reply = target.invoice(posting)
    assert (status, list(reply)) == (200, ["urn"])
    condition = f"urn eq {reply['urn']}"
    _, rows = api.call("GET", "sales_transaction_views", filter=condition)
    assert (rows[0]["customer_reference"], rows[0]["base_gross_value"]) == (
        "HOT001",
        12,
    )
    _, rows = api.call("GET", "customer_views", filter=f"id eq {customer_id}")
    assert rows[0]["balance"] == 12
    _, rows = api.call("GET", "customers", filter="reference eq 'HOT001'")
    assert len(rows) == 1


def test_a_singer_target_sees_what_sage_refuses(api):
    """Bare dates, null fields and items without a tax code are refused, and named."""
    target = SingerTarget(api)
    reference = api.call("GET", "customers", top="1")[1][0]["reference"]
    customer = target.lookup("customers", "reference", reference)
    for body, words in (
        ({"transaction_date": "2026-05-06"}, "transaction_date"),
        ({"second_reference": None}, "SageNullFieldException"),
        ({"tax_analysis_items": [{"goods_amount": 1}]}, "SageNullFieldException"),
        ({"customer_id": 1}, "customer_id"),
    ):
        status, reply = api.call(
            "POST", "sales_invoices", {"customer_id": customer, **body}
        )
        assert status == 400
        assert words in reply["Message"]


def test_a_shop_places_an_order_of_a_guest_and_tracks_it(api):
    """A shop finds or makes the customer, orders with an address, and reads the lines.

    Source: a public Django project, and a Node service that posts to ``sop_orders/``.
    """
    email, order_no = "guest@shop.test", "WEB-1001"
    status, rows = api.call("GET", "customers", filter="reference eq 'WEB00001'")
    assert (status, rows) == (200, [])
    new = {"reference": "WEB00001", "name": "Web Guest", "website": "shop.test"}
    status, customer = api.call("POST", "customers", new)
    assert status == 200
    _, again = api.call("POST", "customers", new)
    assert "account reference already exists" in again["Message"]
    _, products = api.call(
        "GET", "products", filter="free_stock_quantity ge 2", top="2", orderby="id"
    )
    lines = [
        {
            "line_type": "EnumLineTypeStandard",
            "product_id": row["id"],
            "line_quantity": 1,
            "selling_unit_price": 12.5,
        }
        for row in products
    ]
    lines.append({"line_type": "EnumLineTypeComment", "description": email})
    address = {
        "postal_name": "Web Guest",
        "address_1": "1 High Street",
        "postcode": "LS1 4AP",
    }
    body = {
        "customer_id": customer["id"],
        "customer_document_no": order_no,
        "delivery_address": address,
        "lines": lines,
    }
    _, rows = api.call(
        "GET", "sop_orders", filter=f"customer_document_no eq '{order_no}'"
    )
    assert rows == []
    status, order = api.call("POST", "sop_orders/", body)
    assert (status, order["total_gross_value"]) == (200, 30)
    _, rows = api.call(
        "GET", "sop_order_line_views", filter=f"sop_order_id eq {order['id']}"
    )
    assert {row["customer_name"] for row in rows} == {"Web Guest"}
    assert {row["sop_delivery_addr_post_code"] for row in rows} == {"LS1 4AP"}
    _, shown = api.call(
        "GET", f"sop_orders/{order['id']}", expand="customer,lines", select="id"
    )
    assert shown["customer"]["reference"] == "WEB00001"
    assert len(shown["lines"]) == 3
    _, rows = api.call("GET", "lookup_sop_orders", filter="document_status_id eq 0")
    assert order["id"] in {row["id"] for row in rows}


class PollingTrigger:
    """Asks for what changed since the last time. Source: prismatic-io/components."""

    def __init__(self, api, path):
        self.api, self.path = api, path
        self.since = "2020-01-01T00:00:00.000Z"

    def poll(self):
        rows, skip = [], 0
        while True:
            status, page = self.api.call(
                "GET",
                self.path,
                filter=f"date_time_updated gt {self.since}",
                orderby="date_time_updated,id",
                top="8",
                skip=str(skip),
            )
            assert status == 200
            rows, skip = rows + page, skip + 8
            if len(page) < 8:
                break
        if rows:
            self.since = rows[-1]["date_time_updated"]
        created = [
            r["id"] for r in rows if r["date_time_created"] == r["date_time_updated"]
        ]
        changed = [r["id"] for r in rows if r["id"] not in created]
        return created, changed


def test_a_polling_trigger_sees_each_change_once(api):
    """The first poll brings all, the next what was created and changed, then nothing."""
    trigger = PollingTrigger(api, "customers")
    created, changed = trigger.poll()
    assert len(created) + len(changed) == 20
    assert trigger.poll() == ([], [])
    _, new = api.call("POST", "customers", {"reference": "POLL", "name": "Polled"})
    other = changed[0] if changed else created[0]
    status, _ = api.call("PUT", f"customers/{other}", {"name": "Changed"})
    assert status == 200
    created, changed = trigger.poll()
    assert (created, changed) == ([new["id"]], [other])
    assert trigger.poll() == ([], [])
