"""Reading into a type of one's own, with every verb, over real sockets."""

import asyncio
import pickle
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypedDict

import pytest
from msgspec import Struct

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import (
    DecodeError,
    MultipleResultsFound,
    NoResultFound,
    NotFound,
    QueryError,
    RequestTimeout,
)
from sage200_async.extract import Extraction
from sage200_async.sandbox import Sandbox

RECORDS = {"customers": 60, "sop_orders": 20}


class Contact(Struct):
    name: str | None
    is_default: bool | None


class Debtor(Struct, frozen=True):
    reference: str
    balance: Decimal


@dataclass
class Keyed:
    id: int
    name: str


class Reached(NamedTuple):
    reference: str
    contacts: list[Contact]


class Order(TypedDict):
    document_no: str


async def debtors(client: Sage200Client) -> list[Debtor]:
    """Return what `Debtor` reads, from whole records."""
    return [
        Debtor(customer.reference or "", customer.balance or Decimal(0))
        async for customer in client.customers
    ]


def test_every_way_of_reading(on_sandbox) -> None:
    """A stream, pages, a parallel read and a resumed read return the same objects."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        expected = await debtors(client)
        query = client.customers.into(Debtor).page_size(7)
        assert [debtor async for debtor in query] == expected
        pages = [page async for page in query.pages()]
        assert [debtor for page in pages for debtor in page.records] == expected
        assert {type(page.records[0]) for page in pages if page.records} == {Debtor}
        async with query.read(workers=3, ordered=True) as read:
            assert [debtor async for debtor in read] == expected
        assert read.certificate is not None
        assert (read.certificate.records, read.certificate.rejected) == (60, 0)
        assert (read.certificate.lowest, read.certificate.highest) == (
            sandbox.store.keys("customers")[0],
            sandbox.store.keys("customers")[-1],
        )
        plan = pickle.loads(pickle.dumps(pages[1].plan))
        assert [debtor async for debtor in query.resume(plan)] == expected[14:]

    on_sandbox(body, records=RECORDS)


def test_what_is_asked_for(on_sandbox) -> None:
    """Every page asks for the fields of the type and the key, and nothing else."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        async with client.customers.into(Reached).read(workers=2) as read:
            assert len([reached async for reached in read]) == 60
        selected = {request.query.get("$select") for request in sandbox.requests}
        assert selected == {"reference,contacts.name,contacts.is_default,id", "id"}

    on_sandbox(body, records=RECORDS)


def test_one_of_many(on_sandbox) -> None:
    """`first`, `one`, `get` and `count` know the type."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        some = await client.customers.first()
        assert some is not None
        query = client.customers.into(Debtor)
        debtor = Debtor(some.reference or "", some.balance or Decimal(0))
        assert await query.first() == debtor
        assert await query.get(some.id) == debtor
        assert await query.filter(reference=some.reference).one() == debtor
        assert await query.filter(reference="none").first() is None
        assert await query.count() == 60
        assert await query.top(5).skip(2).count() == 5
        c = Customer.fields
        halves = query.filter(c.id.in_(range(4000))).top(3)
        assert await halves.count() == len([debtor async for debtor in halves])
        with pytest.raises(NotFound):
            await query.get(5)
        with pytest.raises(NoResultFound):
            await query.filter(reference="none").one()
        with pytest.raises(MultipleResultsFound):
            await query.one()

    on_sandbox(body, records=RECORDS)


def test_conditions_and_orders_before_and_after(on_sandbox) -> None:
    """`filter`, `order_by`, `top` and `skip` apply, whether before or after."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        c = Customer.fields
        before = client.customers.filter(c.balance > 100).order_by("name").top(9)
        after = client.customers.into(Keyed).filter(c.balance > 100)
        after = after.order_by("name").top(9)
        assert before.into(Keyed) == after
        assert [(keyed.id, keyed.name) async for keyed in after] == [
            (customer.id, customer.name) async for customer in before
        ]

    on_sandbox(body, records=RECORDS)


def test_related_records(on_sandbox) -> None:
    """Related records are those that `expand` returns, with fewer fields."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        whole = [c async for c in client.customers.expand("contacts")]
        assert [r async for r in client.customers.into(Reached)] == [
            Reached(
                customer.reference or "",
                [Contact(c.name, c.is_default) for c in customer.contacts or []],
            )
            for customer in whole
        ]

    on_sandbox(body, records=RECORDS)


def test_below_a_record_and_alone(on_sandbox) -> None:
    """What lies below a record, and a resource of one record, are read as well."""

    class Switches(Struct):
        is_sales_enabled: bool

    async def body(client: Sage200Client, _: Sandbox) -> None:
        customer = await client.customers.first()
        assert customer is not None
        below = client.customers[customer.id].customer_contacts
        contacts = [contact async for contact in below]
        assert [contact async for contact in below.into(Contact)] == [
            Contact(contact.name, contact.is_default) for contact in contacts
        ]
        licence = await client.licence.into(Switches).get()
        assert type(licence) is Switches
        orders = [order async for order in client.sop_orders.into(Order)]
        assert {tuple(order) for order in orders} == {("document_no",)}

    on_sandbox(body, records=RECORDS)


def test_records_that_do_not_fit(on_sandbox, serve_bad_records) -> None:
    """A record without a field goes to the quarantine; the proof counts it."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        keys = sandbox.store.keys("customers")
        serve_bad_records(sandbox, {keys[3]: ("reference", b"null")})
        rejected: list[DecodeError] = []
        careful = Sage200Client(sandbox.settings, quarantine=rejected.append)
        async with careful, careful.customers.into(Debtor).read() as read:
            assert len([debtor async for debtor in read]) == 59
        assert read.certificate is not None
        assert (read.certificate.records, read.certificate.rejected) == (59, 1)
        assert [error.json_path for error in rejected] == ["$[3].reference"]
        with pytest.raises(DecodeError, match=r"Debtor at \$\[0\]\.reference"):
            await client.customers.into(Debtor).filter(id=keys[3]).one()

    on_sandbox(body, records=RECORDS)


def test_a_reading_that_ran_out_of_time(on_sandbox) -> None:
    """An error has its plan, which another process may go on from."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        query = client.customers.into(Keyed).page_size(10)
        read: list[int] = []
        with pytest.raises(RequestTimeout) as caught:
            async for keyed in query.timeout(0.05):
                read.append(keyed.id)
                await asyncio.sleep(0.02)
        read += [keyed.id async for keyed in query.resume(caught.value.plan)]
        assert read == [c.id async for c in client.customers]

    on_sandbox(body, records=RECORDS)


def test_a_query_that_is_pickled_runs_elsewhere(on_sandbox) -> None:
    """A pickle of a query has its type, and is run by another client."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        query = pickle.loads(pickle.dumps(client.customers.into(Debtor).top(2)))
        records = [debtor async for debtor in client.run(query)]
        assert records == (await debtors(client))[:2]

    on_sandbox(body, records=RECORDS)


def test_an_extraction_has_columns_not_types(on_sandbox) -> None:
    """An extraction refuses a type of one's own before any request."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        with pytest.raises(QueryError, match=r"leave into\(\) out"):
            Extraction(name="customers", query=client.customers.into(Debtor))
        assert not sandbox.requests

    on_sandbox(body, records=RECORDS)


def test_columns_have_the_fields_of_the_type(on_sandbox) -> None:
    """Batches of a parallel read and whole tables are those of the selected fields."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        query = client.customers.into(Debtor)
        names = (await query.to_arrow()).column_names
        async with query.read() as read:
            batches = [batch.schema.names async for batch in read.arrow_batches()]
        assert {tuple(one) for one in batches} == {tuple(names)}
        assert sorted(names) == ["balance", "id", "reference"]

    on_sandbox(body, records=RECORDS)


def test_a_plan_has_no_types(on_sandbox) -> None:
    """plan() refuses a type of one's own before any request."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        with pytest.raises(QueryError, match=r"leave into\(\) out"):
            await client.customers.into(Debtor).plan()
        assert not sandbox.requests

    on_sandbox(body, records=RECORDS)
