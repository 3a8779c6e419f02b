"""A whole collection is read in few requests, from servers of every kind."""

import asyncio
from decimal import Decimal

import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.catalog import Customer
from sage200_async.errors import (
    BadRequest,
    Forbidden,
    MultipleResultsFound,
    NoResultFound,
    NotFound,
    PagingError,
)
from sage200_async.sandbox import Behaviour, Sandbox

SIZES = [0, 1, 499, 500, 501, 4999, 5000, 5001, 25_000]


def requests_needed(records: int, page: int = 5000) -> int:
    """Return the requests of a stream: its pages, and one that shows the last record."""
    return max(1, -(-records // page)) + 1


@pytest.mark.parametrize("size", SIZES)
def test_every_record_arrives(on_sandbox, size: int) -> None:
    """Every record is returned once, and one request shows where the end is."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        keys = [customer.id async for customer in client.customers.select("id")]
        assert keys == sandbox.store.keys("customers")
        assert len(keys) == size
        assert len(sandbox.requests) == requests_needed(size)

    on_sandbox(body, records={"customers": size})


def test_top_requests_no_more_than_it_returns(on_sandbox) -> None:
    """`top(12_000)` is requests of 5000, 5000 and 2000 records and no more."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        c = Customer.fields
        query = client.customers.filter(c.balance > -(10**9)).select(c.id)
        for refined in (query, query.order_by(c.name)):
            sandbox.requests.clear()
            assert len([customer async for customer in refined.top(12_000)]) == 12_000
            tops = [request.query["$top"] for request in sandbox.requests]
            assert tops == ["5000", "5000", "2000"]
            assert [request.records for request in sandbox.requests] == [
                5000,
                5000,
                2000,
            ]

    on_sandbox(body, records={"customers": 13_000})


@pytest.mark.parametrize("clamp", [250, 300, 499, 500, 1000])
@pytest.mark.parametrize("order", [(), ("name desc",)])
def test_a_server_that_clamps_top_loses_nothing(on_sandbox, clamp, order) -> None:
    """A server that silently returns fewer records than `$top` is read to the end."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        query = client.customers.select("id").order_by(*order)
        keys = [customer.id async for customer in query]
        assert sorted(keys) == sandbox.store.keys("customers")

    for size in (clamp - 1, clamp, clamp + 1, 3 * clamp, 3 * clamp + 499):
        behaviour = Behaviour(max_top=clamp)
        on_sandbox(body, records={"customers": size}, behaviour=behaviour)


def test_a_server_that_ignores_skip_is_refused(on_sandbox) -> None:
    """A server that returns the same page again is a `PagingError` at once."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        ids = []
        with pytest.raises(PagingError, match="ignores") as caught:
            async for customer in client.customers.order_by("name"):
                ids.append(customer.id)
        assert len(ids) == len(set(ids)) == 5000
        assert len(sandbox.requests) == 2
        assert caught.value.plan is not None
        assert caught.value.plan.offset == 5000

    ignores = Behaviour(ignore_skip=True)
    on_sandbox(body, records={"customers": 6000}, behaviour=ignores)


def test_a_server_that_ignores_skip_is_refused_without_a_key(on_sandbox) -> None:
    """The same page again is noticed even without a key."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        with pytest.raises(PagingError, match="again"):
            async for _ in client.resource("customers").order_by("name"):
                pass
        assert len(sandbox.requests) == 2

    ignores = Behaviour(ignore_skip=True)
    on_sandbox(body, records={"customers": 6000}, behaviour=ignores)


@pytest.mark.parametrize("how", [True, "reverse"])
def test_a_page_out_of_order_is_refused(on_sandbox, how) -> None:
    """Keys that do not ascend are a `PagingError`: reading on could lose rows."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        with pytest.raises(PagingError, match="expected id above"):
            async for _ in client.customers.page_size(500):
                pass
        assert len(sandbox.requests) == 3

    on_sandbox(body, records={"customers": 2000}, behaviour=Behaviour(out_of_order=how))


def test_a_server_that_ignores_the_filter_is_refused(on_sandbox) -> None:
    """A page that starts at the beginning again is a `PagingError`."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        page = b'[{"id":1},{"id":2},{"id":3}]'

        async def same(request: web.Request) -> web.StreamResponse:
            highest = "desc" in request.query["$orderby"]
            body = b'[{"id":9}]' if highest else page
            return web.Response(body=body, content_type="application/json")

        sandbox.request_hook = same
        with pytest.raises(PagingError, match="above 3, got 1"):
            async for _ in client.customers.page_size(3):
                pass

    on_sandbox(body, records={"customers": 0})


def test_every_request_has_an_order(on_sandbox) -> None:
    """A server without a default order loses nothing, since each request has one."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        keys = sandbox.store.keys("customers")
        assert [c.id async for c in client.customers.page_size(100)] == keys
        by_skip = client.customers.skip(10).page_size(100)
        assert [c.id async for c in by_skip] == keys[10:]
        assert all("$orderby" in request.query for request in sandbox.requests)

    shuffled = Behaviour(default_order="shuffled")
    on_sandbox(body, records={"customers": 950}, behaviour=shuffled)


def test_no_key_and_no_order_is_one_page_or_an_error(on_sandbox) -> None:
    """Without any order, more than one page is an error."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        rows = client.resource("customers")
        assert len([row async for row in rows.page_size(501)]) == 499
        assert len([row async for row in rows.top(300).page_size(300)]) == 300
        with pytest.raises(PagingError, match="order_by"):
            async for _ in rows.page_size(300):
                pass

    on_sandbox(body, records={"customers": 499})


def test_a_long_in_is_several_requests(on_sandbox) -> None:
    """An `in_` that is too long for one query is split; each record is returned once."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        wanted = sandbox.store.keys("customers")[::3]
        c = Customer.fields
        sandbox.requests.clear()
        ids = [
            customer.id async for customer in client.customers.filter(c.id.in_(wanted))
        ]
        assert sorted(ids) == wanted
        assert len(sandbox.requests) > 5
        longest = max(len(request.raw_query) for request in sandbox.requests)
        assert longest <= client.settings.max_query_bytes
        assert await client.customers.filter(c.id.in_(wanted)).count() == len(wanted)

    on_sandbox(body, records={"customers": 1500})


def test_an_in_of_many_values_keeps_within_100_nodes(on_sandbox) -> None:
    """60 values are several requests, in the order of the keys, or one if ordered."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        wanted = sandbox.store.keys("customers")[:60]
        query = client.customers.filter(Customer.fields.id.in_(wanted[::-1]))
        assert [customer.id async for customer in query] == wanted
        filters = [request.query["$filter"] for request in sandbox.requests]
        assert len({text.partition(" and id")[0] for text in filters}) == 3
        assert all(text.count(" eq ") <= 23 for text in filters)
        async with query.read(ordered=True) as read:
            assert [customer.id async for customer in read] == wanted
        async with query.read(in_one_piece=True) as read:
            assert read.subqueries == 1
        async with query.read() as read:
            assert {customer.id async for customer in read} == {*wanted}
            assert read.subqueries == 3
        assert await query.count() == len(wanted)

    on_sandbox(body, records={"customers": 90})


def test_records_matched_twice_by_a_split_in_are_returned_once(on_sandbox) -> None:
    """Texts that a server considers equal do not return a record twice."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        names = [row["reference"] for row in sandbox.store.rows("customers")]
        both = [*names, *(name.lower() for name in names)]
        query = client.customers.filter(Customer.fields.reference.in_(both))
        assert sorted([customer.id async for customer in query]) == sandbox.store.keys(
            "customers"
        )
        assert await query.count() == len(names)

    on_sandbox(body, records={"customers": 200}, behaviour=Behaviour(ignore_case=True))


@pytest.mark.parametrize("shape", ["number", "object", "odata", "list"])
@pytest.mark.parametrize("size", [0, 499, 500, 5000, 5001])
def test_count_understands_every_shape(on_sandbox, shape, size) -> None:
    """`count()` is right for every shape of the response, a plain list included."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        assert await client.customers.count() == size
        assert sandbox.requests[0].query["$count"] == "true"
        assert await client.customers.skip(10).top(20).count() == min(
            20, max(0, size - 10)
        )

    behaviour = Behaviour(count_shape=shape)
    on_sandbox(body, records={"customers": size}, behaviour=behaviour)


def test_a_wrapped_collection_is_read(on_sandbox) -> None:
    """`{"value": [...]}` is read like a bare array."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        keys = [customer.id async for customer in client.customers]
        assert keys == sandbox.store.keys("customers")

    behaviour = Behaviour(wrap_value=True)
    on_sandbox(body, records={"customers": 900}, behaviour=behaviour)


def test_records_are_typed(on_sandbox) -> None:
    """Money is exact, times are aware and in UTC, related records are records."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        row = next(iter(sandbox.store.rows("customers")))
        first = await client.customers.expand("contacts", "main_address").first()
        assert first is not None
        assert isinstance(first.balance, Decimal)
        assert first.balance == Decimal(str(row["balance"]))
        assert first.date_time_updated is not None
        assert first.date_time_updated.utcoffset() is not None
        assert first.contacts is not None
        assert first.contacts[0].name == row["contacts"][0]["name"]
        assert first.main_address is not None
        plain = await client.customers.get(first.id)
        assert plain.contacts is None
        assert plain.reference == first.reference
        few = await client.customers.select("main_address.city").get(first.id)
        assert few.main_address is not None
        assert few.main_address.city == first.main_address.city
        assert few.name is None

    on_sandbox(body, records={"customers": 5})


def test_one_first_and_get(on_sandbox) -> None:
    """`one` returns the only record, `first` the first or None, `get` one by id."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        keys = sandbox.store.keys("customers")
        customers = client.customers
        assert (await customers.filter(id=keys[3]).one()).id == keys[3]
        with pytest.raises(NoResultFound):
            await customers.filter(id=-1).one()
        with pytest.raises(MultipleResultsFound):
            await customers.one()
        first = await customers.order_by("id desc").first()
        assert first is not None
        assert first.id == keys[-1]
        assert await customers.filter(id=-1).first() is None
        assert (await customers.get(keys[0])).id == keys[0]
        with pytest.raises(NotFound):
            await customers.get(-1)

    on_sandbox(body, records={"customers": 5})


def test_writing(on_sandbox) -> None:
    """A record is created, changed in the given fields only, and deleted."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        values = {"reference": "APITEST", "name": "O'Hara & Søn", "credit_limit": 0.1}
        new = await client.customers.create(
            {**values, "contacts": [{"name": "Ann", "is_default": True}]}
        )
        assert new.credit_limit == Decimal("0.1")
        changed = await client.customers.update(new.id, {"short_name": "Api"})
        assert (changed.name, changed.short_name) == (values["name"], "Api")
        with pytest.raises(BadRequest, match="already exists") as caught:
            await client.customers.create({"reference": "APITEST", "name": "Again"})
        assert caught.value.detail == (
            "The account reference already exists. You cannot have two accounts "
            "with the same account reference."
        )
        full = await client.customers.expand("contacts").get(new.id)
        assert [contact.name for contact in full.contacts or []] == ["Ann"]
        await client.customers.delete(new.id)
        with pytest.raises(NotFound):
            await client.customers.delete(new.id)
        sandbox.behaviour = Behaviour(forbidden=frozenset({"customers"}))
        with pytest.raises(Forbidden, match="forbidden for this account"):
            await client.customers.delete(1)

    on_sandbox(body, records={"customers": 5})


def test_sites_need_no_company(on_sandbox) -> None:
    """A client without site and company can list the companies."""

    async def body(_: Sage200Client, sandbox: Sandbox) -> None:
        bare = replace(sandbox.settings, site="", company="")
        async with Sage200Client(bare) as client:
            sites = await client.sites()
        assert sandbox.settings.site in {site.site_id for site in sites}

    on_sandbox(body, records={"customers": 0})


def test_streams_share_one_client(on_sandbox) -> None:
    """Twenty tasks read whole streams at once through one client."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        async def read() -> list[int | None]:
            return [c.id async for c in client.customers.select("id").page_size(100)]

        wanted = sandbox.store.keys("customers")
        for keys in await asyncio.gather(*(read() for _ in range(20))):
            assert keys == wanted

    on_sandbox(body, records={"customers": 730})
