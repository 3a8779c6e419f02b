"""Every record comes, once, whatever page limit another OData server has."""

from decimal import Decimal

import pytest

from sage200_async.catalog import Customer

c = Customer.fields


@pytest.mark.parametrize("count", [0, 1, 100, 101, 300, 1001])
def test_a_stream_brings_every_record_in_order(server, source, count):
    """A page limit below what is asked for ends no stream."""
    rows = source(count).rows

    async def body(client, _):
        return [customer.id async for customer in client.customers]

    assert server.run(body) == list(rows)


@pytest.mark.parametrize(
    ("workers", "count"),
    [(4, 0), (1, 1), (2, 100), (3, 301), *((workers, 1250) for workers in range(1, 9))],
)
def test_a_parallel_read_brings_every_record_once(server, source, workers, count):
    """Its certificate names the edges of what is there, and counts what came."""
    keys = list(source(count).rows)

    async def body(client, _):
        async with client.customers.read(workers=workers) as customers:
            ids = [customer.id async for customer in customers]
        return ids, customers.certificate

    ids, certificate = server.run(body)
    assert sorted(ids) == keys
    assert certificate.records == count
    expected = (keys[0], keys[-1]) if keys else (None, None)
    assert (certificate.min_key, certificate.max_key) == expected
    assert (certificate.lowest, certificate.highest) == expected


def test_an_ordered_parallel_read_brings_them_in_order(server, source):
    """So does one whose pages are smaller than any limit."""
    keys = list(source(1234).rows)

    async def body(client, _):
        reads = []
        for query in (client.customers, client.customers.page_size(70)):
            async with query.read(workers=4, ordered=True) as customers:
                reads.append([customer.id async for customer in customers])
        return reads

    assert server.run(body) == [keys, keys]


def test_values_come_as_they_are(server, source):
    """Nothing is lost of a decimal, a time, a text or a null."""
    held = source(150)
    for number, row in enumerate(held.rows.values()):
        row |= {
            "balance": Decimal(number * 137) / 100,
            "on_hold": [True, False, None][number % 3],
            "reference": f"O'Brien {number} \u202e é",
        }
    held.serve()

    async def body(client, _):
        return [customer async for customer in client.customers]

    for customer, row in zip(server.run(body), held.rows.values(), strict=True):
        for name in ("balance", "on_hold", "reference", "name"):
            assert getattr(customer, name) == row[name]
        assert customer.credit_limit is None
        at = customer.date_time_updated.isoformat(timespec="milliseconds")
        assert at.replace("+00:00", "Z") == row["date_time_updated"]


@pytest.mark.parametrize("top", [0, 100, 101, 450, 5000])
def test_top_and_skip_are_of_the_whole(server, source, top):
    """A limit on the stream is none on a page, and the other way round."""
    keys = list(source(1100).rows)

    async def body(client, _):
        by_key = [customer.id async for customer in client.customers.top(top)]
        later = client.customers.order_by("id").skip(5).top(top)
        return by_key, [customer.id async for customer in later]

    assert server.run(body) == (keys[:top], keys[5:][:top])


def test_an_order_of_ones_own_brings_every_record(server, source):
    """Read by offset, backwards, and by a field that several rows share."""
    held = source(1050)
    for number, row in enumerate(held.rows.values()):
        row["payment_terms_days"] = number % 40
    held.serve()
    days = {key: row["payment_terms_days"] for key, row in held.rows.items()}

    async def body(client, _):
        back = [row.id async for row in client.customers.order_by("id desc")]
        ties = client.customers.order_by("payment_terms_days", "id desc")
        return back, [row.id async for row in ties]

    back, ties = server.run(body)
    assert back == sorted(held.rows, reverse=True)
    assert ties == sorted(held.rows, key=lambda key: (days[key], -key))


def test_counts_are_of_all(server, source):
    """A count is no page's, with a filter and without, also where it looks like one."""
    keys = list(source(1200).rows)

    async def body(client, _):
        queries = [
            client.customers.filter(c.id <= keys[n - 1]) for n in (100, 500, 999)
        ]
        return [await query.count() for query in (client.customers, *queries)]

    assert server.run(body) == [1200, 100, 500, 999]


def test_a_record_by_its_id(server, source):
    """`get`, `first` and `one` agree on it."""
    keys = list(source(320).rows)

    async def body(client, _):
        got = await client.customers.select("name").get(keys[310])
        first = await client.customers.filter(id=keys[310]).first()
        one = await client.customers.filter(id=keys[310]).one()
        lowest = await client.customers.first()
        return got.id, first.id, one.id, lowest.id

    assert server.run(body) == (keys[310], keys[310], keys[310], keys[0])


def test_a_list_of_values_is_split_and_read_whole(server, source):
    """An `in_` longer than a URL takes is several queries, read one after another."""
    held = source(900)
    keys = held.some(500)

    async def body(client, _):
        query = client.customers.filter(c.id.in_([*keys, 10**9]))
        async with query.read(workers=3) as customers:
            parallel = [row.id async for row in customers]
        return [row.id async for row in query], parallel

    streamed, parallel = server.run(body)
    assert sorted(streamed) == sorted(parallel) == sorted(keys)


def test_related_records_come_with_theirs(server, source, order_lines):
    """An expanded list is whole, in each of its records."""
    lines = order_lines(source(450, "sop_orders"))

    async def body(client, _):
        query = client.sop_orders.expand("lines")
        async with query.read(workers=4) as orders:
            parallel = {order.id: order.lines async for order in orders}
        streamed = {order.id: order.lines async for order in query}
        assert streamed == parallel
        return parallel

    parallel = server.run(body)
    assert {
        key: sorted(line.code for line in lines) for key, lines in parallel.items()
    } == {key: sorted(codes) for key, codes in lines.items()}


@pytest.mark.parametrize("workers", [1, 4])
def test_rows_that_come_and_go_meanwhile_hide_no_other(server, source, workers):
    """The edges are deleted while a read is under way, and rows are added."""
    held = source(1000)
    keys = list(held.rows)
    gone = {*keys[:3], *keys[-3:], *keys[500:520]}

    def write():
        held.delete(gone)
        held.insert(250)
        held.serve()

    async def body(client, gateway):
        gateway.before[len(gateway.queries) + 4] = write
        query = client.customers.page_size(130)
        async with query.read(workers=workers) as customers:
            ids = [customer.id async for customer in customers]
        return ids, gateway.before

    ids, left = server.run(body)
    assert not left
    assert len(set(ids)) == len(ids)
    assert set(keys) - gone <= set(ids) <= held.rows.keys() | gone


def test_tokens_are_refreshed_while_pages_are_read(server, source):
    """An access token that is used up costs no record; each refresh token is used once."""
    keys = list(source(2000).rows)

    async def body(client, gateway):
        gateway.uses = 40
        query = client.customers.page_size(20)
        async with query.read(workers=6) as customers:
            ids = [customer.id async for customer in customers]
        return ids, gateway.issued, len(gateway.queries)

    ids, issued, requests = server.run(body)
    assert sorted(ids) == keys
    assert requests >= 100
    assert 2 <= issued <= 2 + requests // 30
