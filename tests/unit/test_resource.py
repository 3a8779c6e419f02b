"""Resources by what they can do, and what is below their records."""

import asyncio
import pickle
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer
from sage200_async.errors import (
    InvalidValue,
    QueryError,
    UnknownFieldError,
    UnsupportedOperation,
)
from sage200_async.query.collection import CollectionQuery
from sage200_async.query.endpoint import Binder, Endpoint, Item
from sage200_async.query.operations import Create, Get, Single
from sage200_async.query.records import Record
from sage200_async.query.resources import BatchUpdateResource, CreateUpdate, Resource
from sage200_async.transport.memory import MemoryTransport, reply

SETTINGS = Settings(site="guid", company=7)
BODY = {"reference": "A", "name": "B"}


class Urn(Record, frozen=True):
    urn: int | str | None = None


class ContactItem(Item):
    emails = Endpoint("customer_emails", Resource, key="id")


class CustomerItem(Item):
    contacts = Endpoint("customer_contacts", Resource, key="id", item=ContactItem)


class Resources(Binder):
    customers = Endpoint("customers", Resource, Customer, "id", item=CustomerItem)
    couriers = Endpoint("couriers", BatchUpdateResource, Customer, "id")
    sales_invoices = Endpoint("sales_invoices", Create, Customer, reply=Urn)
    suggested = Endpoint("suggested_products", Create, None, creates_many=True)
    drafts = Endpoint("sop_orders_new", CreateUpdate, Customer)
    licence = Endpoint("licence", Single, Customer)
    figures = Endpoint("product_sales_figures", Get, None)
    debtors = Endpoint(
        "debtor_views", CollectionQuery, Customer, parameters=("$ageingdatetype",)
    )


class Client(Resources, Sage200Client):
    """A client of these resources."""


@pytest.fixture
def answered():
    """Return a client whose service answers every request alike, and its requests."""

    def make(value: Any) -> tuple[Any, list[Any]]:
        memory = MemoryTransport(lambda _: reply(value))
        return Client(SETTINGS, transport=memory), memory.requests

    return make


def test_nested_paths(answered):
    """Each id adds itself and what is below it to the path; nothing is sent."""
    client, requests = answered([])
    emails = client.customers[123].contacts[7].emails
    assert emails.endpoint.path == "customers/123/customer_contacts/7/customer_emails"
    assert requests == []
    assert asyncio.run(emails.first()) is None
    assert requests[0].path == emails.endpoint.path
    assert requests[0].headers["X-Company"] == "7"


def test_writing_below(answered):
    """A record is created and changed below its parent."""
    client, requests = answered({"id": 9})
    contacts = client.customers[1].contacts
    asyncio.run(contacts.create({"name": "Ann"}))
    asyncio.run(contacts.update(9, {"name": "Bea"}))
    asyncio.run(contacts.delete(9))
    assert [(request.method, request.path) for request in requests] == [
        ("POST", "customers/1/customer_contacts"),
        ("PUT", "customers/1/customer_contacts/9"),
        ("DELETE", "customers/1/customer_contacts/9"),
    ]


@pytest.mark.parametrize("wrong", [None, True, 1.5, "", "..", "."])
def test_an_id_that_is_none(answered, wrong):
    """What is no id is refused before any I/O."""
    client, _ = answered([])
    with pytest.raises(QueryError, match="expected an id"):
        client.customers[wrong]


def test_an_item_of_a_narrowed_query(answered):
    """An item belongs to the resource itself, not to a query."""
    client, _ = answered([])
    with pytest.raises(QueryError, match="takes no query options"):
        client.customers.top(1)[5]


def test_items_are_pure():
    """Items and what is below them need no client."""
    below = Resources.customers.query[5].contacts
    assert pickle.loads(pickle.dumps(below)) == below
    assert below.endpoint.path == "customers/5/customer_contacts"


def test_a_reply_of_another_type(answered):
    """A POST that answers with something else is decoded as that, however typed."""
    for urn in (1327, "1327"):
        client, _ = answered({"urn": urn})
        created = asyncio.run(client.sales_invoices.create(BODY))
        assert created == Urn(urn=urn)


def test_several_replies_to_one_input(answered):
    """A POST that answers with an array gives a list."""
    client, _ = answered([{"price": 1.10}, {"price": 2}])
    rows = asyncio.run(client.suggested.create({"product_id": 1}))
    assert rows == [{"price": Decimal("1.10")}, {"price": 2}]


def test_update_many(answered):
    """A collection takes many changes in one PUT, repeated only if no row is new."""
    client, requests = answered([{"id": 1}, {"id": 2}])
    rows = [{"id": 1, "name": "A"}, {"id": 2, "credit_limit": Decimal("1.50")}]
    created = asyncio.run(client.couriers.update_many(rows))
    assert [record.id for record in created] == [1, 2]
    assert (requests[0].method, requests[0].path) == ("PUT", "couriers")
    assert b'"credit_limit":1.50' in requests[0].body
    assert requests[0].idempotent
    asyncio.run(client.couriers.update_many([{"name": "new"}]))
    assert not requests[1].idempotent
    with pytest.raises(UnknownFieldError, match="did you mean 'name'"):
        asyncio.run(client.couriers.update_many([{"nam": "A"}]))
    with pytest.raises(QueryError, match="a list"):
        asyncio.run(client.couriers.update_many({"name": "A"}))
    assert asyncio.run(client.couriers.update_many([])) == []
    assert len(requests) == 2


def test_a_single_object(answered):
    """An object without an id is read by `get` alone."""
    client, requests = answered({"name": "Sage"})
    assert asyncio.run(client.licence.select("name").get()).name == "Sage"
    assert (requests[0].path, requests[0].query) == ("licence", "$select=name")


def test_verbs(answered):
    """An endpoint lists its verbs, and one that it lacks raises before any I/O."""
    client, requests = answered([])
    verbs = {
        name: sorted(endpoint.verbs) for name, endpoint in Resources.endpoints().items()
    }
    assert verbs["couriers"] == [
        "create",
        "delete",
        "get",
        "list",
        "update",
        "update_many",
    ]
    assert verbs["sales_invoices"] == ["create"]
    assert verbs["sop_orders_new"] == ["create", "update"]
    assert verbs["licence"] == ["get"]
    assert verbs["debtor_views"] == ["list"]
    for resource, verb in (("licence", "delete"), ("debtors", "update_many")):
        with pytest.raises(UnsupportedOperation, match=f"cannot {verb}"):
            getattr(getattr(client, resource), verb)
    assert requests == []


def test_parameters(answered):
    """A parameter of the resource's own goes into the query; others are refused."""
    client, requests = answered([])
    query = client.debtors.parameters(ageingdatetype="DueDate").order_by("id")
    assert "$ageingdatetype=DueDate" in query.url
    assert "DueDate" not in query.parameters(ageingdatetype="a b&c").url
    assert "a%20b%26c" in query.parameters(ageingdatetype="a b&c").url
    with pytest.raises(UnknownFieldError, match="ageingdatetype"):
        client.debtors.parameters(periodnumber=0)
    with pytest.raises(InvalidValue, match="whole number"):
        client.debtors.parameters(ageingdatetype=1.5)
    with pytest.raises(QueryError, match="name of a parameter"):
        client.debtors.parameters(**{"a=1&$top": 1})
    assert requests == []


def test_at_another_company(answered):
    """`at` gives a client for another company, over the same transport."""
    client, requests = answered([])
    there = client.at("other", 12)
    asyncio.run(there.customers.first())
    asyncio.run(client.customers.first())
    companies = [tuple(request.headers.values()) for request in requests]
    assert list(dict.fromkeys(companies)) == [("other", "12"), ("guid", "7")]
    assert there.customers != client.customers


def test_at_nowhere(answered):
    """`at` wants a site and a company."""
    client, _ = answered([])
    with pytest.raises(ValueError, match="company"):
        client.at("other")


def test_leaving_at_leaves_the_pool_open():
    """Leaving a client made by `at` closes nothing of the client that made it."""

    async def main() -> None:
        async with Client(msgspec.structs.replace(SETTINGS, access_token="t")) as one:
            async with one.at("other", 1):
                pass
            assert one._pool._http._session is not None

    asyncio.run(main())
