"""Each step of Sage's getting-started guide, with its URL and its effect.

Source: developer.sage.com/200/api/get-started, the project's founding document.
"""

from datetime import UTC, date, datetime

import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer, SopOrder
from sage200_async.errors import BadRequest, Forbidden
from sage200_async.sandbox import Behaviour, Sandbox

c = Customer.fields


@pytest.mark.parametrize(
    ("edition", "url"),
    [
        ("standard", "https://api.columbus.sage.com/uk/sage200/accounts/v1/"),
        ("professional", "https://api.columbus.sage.com/uk/sage200extra/accounts/v1/"),
    ],
)
def test_both_editions_have_their_urls(edition: str, url: str) -> None:
    """The edition decides the base URL."""
    client = Sage200Client(Settings(edition=edition, access_token="t"))
    assert client.customers.url.startswith(f"{url}customers?")


def test_subscription_keys(on_sandbox) -> None:
    """The primary key is sent if set, and the secondary key if that is refused."""

    async def body(_: Sage200Client, sandbox: Sandbox) -> None:
        keys_sent = []

        async def gateway(request: web.Request) -> web.StreamResponse | None:
            key = request.headers.get("Ocp-Apim-Subscription-Key")
            keys_sent.append(key)
            refusal = {"message": "Access denied due to invalid subscription key."}
            return None if key == "two" else web.json_response(refusal, status=401)

        sandbox.request_hook = gateway
        keys = {"subscription_key": "one", "secondary_subscription_key": "two"}
        async with Sage200Client(replace(sandbox.settings, **keys)) as client:
            assert await client.customers.count() == 3
        assert keys_sent == ["one", "two"]

    on_sandbox(body, records={"customers": 3})


def test_sites(on_sandbox) -> None:
    """`GET /sites` lists the site and the company that other requests send."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        site = (await client.sites())[0]
        assert sandbox.requests[-1].path == "sites"
        assert site.site_id == sandbox.settings.site
        assert str(site.company_id) == str(sandbox.settings.company)

    on_sandbox(body, records={"customers": 1})


def test_get_all_by_id_and_by_reference(on_sandbox) -> None:
    """A collection can be read whole, by id and by reference."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        everyone = [customer async for customer in client.customers]
        assert len(everyone) == 20
        one = everyone[7]
        assert await client.customers.get(one.id) == one
        assert sandbox.requests[-1].path == f"customers/{one.id}"
        assert await client.customers.filter(reference=one.reference).one() == one
        condition = sandbox.requests[-2].query["$filter"]
        assert condition == f"reference eq '{one.reference}'"

    on_sandbox(body, records={"customers": 20})


def test_post_put_and_delete(on_sandbox) -> None:
    """A customer with a contact is created, changed in one field, and deleted."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        contact = {"name": "Mr Test", "is_default": True, "first_name": "Test"}
        new = await client.customers.create(
            {"reference": "APITEST", "name": "API Test 02", "contacts": [contact]}
        )
        posted = sandbox.requests[-1]
        assert (posted.method, posted.path, posted.raw_query) == (
            "POST",
            "customers",
            "",
        )
        with pytest.raises(BadRequest) as caught:
            await client.customers.create({"reference": "APITEST", "name": "Again"})
        assert caught.value.detail == (
            "The account reference already exists. You cannot have two accounts "
            "with the same account reference."
        )
        before = await client.customers.expand("contacts").get(new.id)
        assert [contact.name for contact in before.contacts or []] == ["Mr Test"]
        await client.customers.update(new.id, {"short_name": "APIDemo"})
        after = await client.customers.expand("contacts").get(new.id)
        untouched = replace(after, short_name=before.short_name)
        same_time = replace(untouched, date_time_updated=before.date_time_updated)
        assert after.short_name == "APIDemo"
        assert same_time == before
        await client.customers.delete(new.id)
        assert sandbox.requests[-1].method == "DELETE"
        assert await client.customers.filter(reference="APITEST").first() is None
        sandbox.behaviour = Behaviour(forbidden=frozenset({"customers"}))
        with pytest.raises(Forbidden) as refused:
            await client.customers.delete(new.id)
        message = "The requested operation is forbidden for this account."
        assert refused.value.detail == message

    on_sandbox(body, records={"customers": 3})


QUERIES = [
    (
        lambda q: q.filter((c.balance > 1000) & (c.on_hold == False)),  # noqa: E712
        "$filter",
        "balance gt 1000 and on_hold eq false",
        lambda customer: customer.balance > 1000 and not customer.on_hold,
    ),
    (
        lambda q: q.filter((c.balance > 40000) | (c.balance < 0)),
        "$filter",
        "balance gt 40000 or balance lt 0",
        lambda customer: customer.balance > 40000 or customer.balance < 0,
    ),
    (
        lambda q: q.filter(c.name.contains("Marine")),
        "$filter",
        "contains(name,'Marine')",
        lambda customer: "Marine" in customer.name,
    ),
    (
        lambda q: q.filter(c.name.startswith("C")),
        "$filter",
        "startswith(name,'C')",
        lambda customer: customer.name.startswith("C"),
    ),
    (
        lambda q: q.filter(c.name.endswith("Ltd")),
        "$filter",
        "endswith(name,'Ltd')",
        lambda customer: customer.name.endswith("Ltd"),
    ),
    (
        lambda q: q.filter(c.date_time_updated > date(2024, 2, 1)),
        "$filter",
        "date_time_updated gt 2024-02-01",
        lambda customer: customer.date_time_updated > datetime(2024, 2, 1, tzinfo=UTC),
    ),
    (
        lambda q: q.filter(
            c.date_time_updated <= datetime(2024, 3, 1, 9, 52, 11, 452_000, tzinfo=UTC)
        ),
        "$filter",
        "date_time_updated le 2024-03-01T09:52:11.452Z",
        lambda customer: (
            customer.date_time_updated
            <= datetime(2024, 3, 1, 9, 52, 11, 452_000, tzinfo=UTC)
        ),
    ),
    (
        lambda q: q.filter(c.account_status_type == "AccountStatusActive"),
        "$filter",
        "account_status_type eq 'AccountStatusActive'",
        lambda customer: customer.account_status_type == "AccountStatusActive",
    ),
    (lambda q: q.top(5000), "$top", "5000", lambda customer: True),
]


@pytest.mark.parametrize(("refine", "option", "text", "holds"), QUERIES)
def test_query_options(on_sandbox, refine, option, text, holds) -> None:
    """Each option is sent as the guide writes it, and selects the right records."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        everyone = [customer async for customer in client.customers]
        sandbox.requests.clear()
        ids = [customer.id async for customer in refine(client.customers)]
        assert sandbox.requests[0].query[option] == text
        assert ids == [customer.id for customer in everyone if holds(customer)]

    on_sandbox(body, records={"customers": 400})


def test_enums_by_name_and_by_number(on_sandbox) -> None:
    """An enum is filtered by its number or its name, quoted, with the same result."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        status = SopOrder.fields.document_status
        by_number = [order.id async for order in client.sop_orders.filter(status == 2)]
        assert sandbox.requests[-1].query["$filter"] == "document_status eq '2'"
        by_name = client.sop_orders.filter(status == "EnumDocumentStatusComplete")
        assert by_number == [order.id async for order in by_name]
        assert by_number

    on_sandbox(body, records={"sop_orders": 60})


def test_select_order_expand_skip_count_and_metadata(on_sandbox) -> None:
    """`$select`, `$orderby`, `$expand`, `$skip`, `$count` and `$metadata` are sent."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        names = await client.customers.select("id", "name").first()
        assert sandbox.requests[-1].query["$select"] == "id,name"
        assert names is not None
        assert names.reference is None
        ordered = [
            customer async for customer in client.customers.order_by("balance desc")
        ]
        assert sandbox.requests[-2].query["$orderby"] == "balance desc,id"
        balances = [customer.balance for customer in ordered]
        assert balances == sorted(balances, reverse=True)
        full = await client.customers.expand("contacts").first()
        assert sandbox.requests[-1].query["$expand"] == "contacts"
        assert full is not None
        assert full.contacts
        keys = [customer.id async for customer in client.customers]
        assert [customer.id async for customer in client.customers.skip(15)] == keys[
            15:
        ]
        assert sandbox.requests[-2].query["$skip"] == "15"
        assert await client.customers.count() == 20
        assert sandbox.requests[-1].query["$count"] == "true"
        assert not await client.schema_diff("customers")
        assert any("$metadata" in request.query for request in sandbox.requests)

    on_sandbox(body, records={"customers": 20})
