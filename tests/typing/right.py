"""Never run: what type checkers know of correct use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    TypedDict,
    TypeVar,
    assert_type,
)

import msgspec

from sage200_async import (
    AccessToken,
    AuthorizationRequest,
    Certificate,
    ReadPlan,
    ReadRange,
    Sage200Client,
    Settings,
    Tokens,
    certify,
    create_authorization_url,
    exchange_code,
    field,
    raw,
)
from sage200_async.catalog import (
    Customer,
    Endpoints,
    Product,
    SopOrder,
    SopOrderLineView,
)
from sage200_async.odata.expressions import Expression
from sage200_async.odata.fields import TextField
from sage200_async.paging.parallel import Batch, RangeRead
from sage200_async.paging.raw_form import RawForm
from sage200_async.paging.stream import Page
from sage200_async.query.collection import CollectionQuery
from sage200_async.wire.messages import Response
from sage200_async.write import Outcome, Report, WriteJob

if TYPE_CHECKING:
    from sage200_async.catalog.endpoints import CustomersQuery, SopOrdersQuery

T = TypeVar("T")


async def reading(client: Sage200Client) -> None:
    c = Customer.fields
    rich = (
        client.customers.filter(
            (c.balance > 1000) & c.name.startswith("A"), on_hold=False
        )
        .select(c.id, c.reference, "name", c.balance)
        .expand("contacts")
        .order_by(c.balance.desc(), "id")
        .top(12_000)
    )
    async for customer in rich:
        assert_type(customer, Customer)
        assert_type(customer.balance, Decimal | None)
    async for page in rich.pages():
        assert_type(page, Page[Customer])
    assert_type(await rich.first(), Customer | None)
    assert_type(await client.customers.filter(reference="A1D001").one(), Customer)
    assert_type(await client.customers.expand("contacts").get(27825), Customer)
    assert_type(await rich.count(), int)
    async with client.customers.read() as customers:
        async for batch in customers.batches():
            assert_type(batch, Batch[list[Customer]])
        async for raw_batch in customers.batches_as(RawForm(Customer)):
            assert_type(raw_batch.records, list[bytes])
    async for line in client.sop_order_line_views:
        assert_type(line, SopOrderLineView)
    async for product in client.products.filter(field("code") == "A", raw("1 eq 1")):
        assert_type(product, Product)


class Debtor(msgspec.Struct):
    reference: str
    balance: Decimal


@dataclass
class Reached:
    name: str


class Keyed(TypedDict):
    id: int


class Named(NamedTuple):
    name: str


class Pair(msgspec.Struct, Generic[T]):
    name: T


async def into_own_types(client: Sage200Client) -> None:
    debtors = client.customers.filter(on_hold=True).into(Debtor)
    async for debtor in debtors.order_by("name").top(5):
        assert_type(debtor, Debtor)
    async for page in debtors.pages():
        assert_type(page, Page[Debtor])
    assert_type(await debtors.first(), Debtor | None)
    assert_type(await debtors.one(), Debtor)
    assert_type(await debtors.get(5), Debtor)
    assert_type(await debtors.count(), int)
    async with debtors.read() as read:
        async for debtor in read:
            assert_type(debtor, Debtor)
    assert_type(await client.customers.into(Reached).one(), Reached)
    assert_type(await client.customers.into(Keyed).one(), Keyed)
    assert_type(await client.customers.into(Named).get(5), Named)
    assert_type(await client.customers.into(Pair[str]).one(), Pair[str])
    assert_type(await client.customers.into(Customer).one(), Customer)
    assert_type(await client.sop_order_line_views.into(Named).one(), Named)
    assert_type(await client.licence.into(Named).get(), Named)
    async for name in client.resource("sop_returns").into(Named):
        assert_type(name, Named)


def queries(client: Sage200Client) -> None:
    c = Customer.fields
    customers = client.customers.filter(
        reference="A1D001",
        name=None,
        balance=Decimal("1.50"),
        credit_limit=10,
        date_time_updated=datetime(2026, 1, 1, tzinfo=UTC),
        account_opened=date(2026, 1, 1),
        account_status_type="AccountStatusActive",
        account_type="one of the service's own",
    )
    assert_type(customers.select("id", "contacts", c.name), CustomersQuery)
    assert_type(customers.select(*map(field, ["id", "name"])), CustomersQuery)
    assert_type(customers.expand("contacts", "currency", c.memos), CustomersQuery)
    ordered = customers.order_by("balance desc", "name asc", "id", c.name.desc())
    assert_type(ordered.top(5).filter(c.balance > 1, on_hold=True), CustomersQuery)
    orders = client.sop_orders.filter(document_status=2).expand("is_to_lock")
    assert_type(orders.expand("lines.product", "customer"), SopOrdersQuery)
    everywhere: list[CollectionQuery[Any]] = [client.customers, orders]
    assert everywhere


async def writing(client: Sage200Client) -> None:
    created = await client.customers.create(
        {"reference": "APITEST", "name": "API Test", "contacts": [{"name": "Ann"}]}
    )
    assert_type(created, Customer)
    assert_type(await client.customers.update(1, {"short_name": "Demo"}), Customer)
    assert_type(await client.customers.delete(1), None)
    assert_type(await client.sop_orders.create({"customer_id": 1}), SopOrder)


async def beyond(client: Sage200Client) -> None:
    async for row in client.resource("sop_returns"):
        assert_type(row, dict[str, Any])
    assert_type(await client.request("GET", "customers"), Response)


async def in_processes(client: Sage200Client, json: bytes) -> None:
    plan = await client.customers.filter(on_hold=True).plan(parts=4)
    assert_type(plan, ReadPlan[Customer])
    assert_type(plan.ranges[0], ReadRange[Customer])
    async with client.read_range(plan.ranges[0], workers=2) as part:
        async for customer in part:
            assert_type(customer, Customer)
        async for batch in part.batches():
            assert_type(batch.records, list[Customer])
    assert_type(
        certify(plan, [part.certificate] if part.certificate else []), Certificate
    )
    untyped: ReadRange[Any] = ReadRange.from_json(json)
    assert_type(client.read_range(untyped), RangeRead[Any])
    token = await client.access_token()
    assert_type(token, AccessToken)
    assert_type(token.settings_for(client.settings), Settings)


async def in_bulk(client: Sage200Client, customers: list[Customer]) -> None:
    rows = client.customers.upsert([{"reference": "A", "name": "A"}], journal="a.db")
    assert_type(rows, WriteJob)
    async with client.customers.upsert(customers, journal="a.db", workers=8) as job:
        async for outcome in job:
            assert_type(outcome, Outcome)
            assert_type(outcome.id, int | str | None)
    assert_type(job.report, Report)
    invoices = client.sales_invoices.insert([{"customer_id": 1}], journal="b.db")
    assert_type(await invoices.finish(), Report)


async def signing_in(settings: Settings) -> None:
    sign_in = AuthorizationRequest.begin("https://app.example/callback")
    assert_type(sign_in, AuthorizationRequest)
    assert_type(create_authorization_url(settings, sign_in), str)
    assert_type(await exchange_code(settings, sign_in, "https://a.example/"), Tokens)


def conditions() -> None:
    order = SopOrder.fields
    assert_type(order.customer.name, TextField)
    assert_type(order.document_status == 2, Expression)
    assert_type(~(order.total_net_value >= 10) | order.is_draft.in_([True]), Expression)
    assert_type(Endpoints.customers.path, str)
