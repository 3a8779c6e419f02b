"""Collections and single records, as they are served."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web

from sage200_async.sandbox import Behaviour


def test_a_page_is_500_records_and_5000_at_most(serve):
    """Without ``$top`` 500 come; above 5000 it is clamped."""

    async def inside(sandbox, raw):
        assert len((await raw.get("customers", select="id")).ids) == 500
        assert len((await raw.get("customers", select="id", top="5000")).ids) == 5000
        assert len((await raw.get("customers", select="id", top="9999")).ids) == 5000
        assert len((await raw.get("customers", top="0")).ids) == 0
        sandbox.behaviour.over_top = "error"
        assert (await raw.get("customers", top="5001")).status == 400
        sandbox.behaviour.max_top = 500
        assert len((await raw.get("customers", select="id", top="5000")).ids) == 500

    serve(inside, {"customers": 5_100})


def test_pages_by_offset_and_by_key_give_every_record(serve):
    """Both ways of paging meet each record once, in the order asked for."""

    async def inside(sandbox, raw):
        keys = sandbox.store.keys("customers")
        offsets, after, last = [], [], 0
        for skip in range(0, 50, 20):
            page = await raw.get("customers", orderby="id", top="20", skip=str(skip))
            offsets += page.ids
        while page := (
            await raw.get("customers", filter=f"id gt {last}", orderby="id", top="20")
        ).ids:
            after += page
            last = page[-1]
        assert offsets == after == keys
        down = await raw.get("customers", orderby="name desc, id", select="id, name")
        rows = [(row["name"], -row["id"]) for row in down.json]
        assert rows == sorted(rows, reverse=True)

    serve(inside)


@pytest.mark.parametrize(
    "query",
    [
        "$skip=5",
        "$top=-1",
        "$top=ten",
        "$top=",
        "$top=5&$top=6",
        "$top=5&%24top=5",
        "$orderby=nonsense",
        "$orderby=id,id%20desc",
        "$orderby=id%20DESC",
        "$orderby=id%20up",
        "$orderby=contacts",
        "$orderby=",
        "$select=nonsense",
        "$select=id,,name",
        "$select=contacts.nonsense.x,nonsense.y",
        "$expand=name",
        "$expand=nonsense",
        "$count=yes",
        "$metadata=1",
        "$search=x",
        "$format=json",
    ],
)
def test_wrong_options_bring_400(serve, query):
    """An option that is unknown, malformed or lacks its companion is refused."""

    async def inside(_, raw):
        reply = await raw.ask("GET", "customers", query)
        assert reply.status == 400
        assert reply.json["Message"]

    serve(inside, {"customers": 1})


def test_no_match_is_an_empty_list(serve):
    """What matches nothing brings 200 and ``[]``."""

    async def inside(_, raw):
        reply = await raw.get("customers", filter="id eq 1")
        assert (reply.status, reply.body) == (200, b"[]")

    serve(inside)


def test_a_record_is_served_as_the_live_service_serves_it(serve):
    """Keys last, no nulls, no members, and times with trimmed fractions."""

    async def inside(_, raw):
        page = await raw.get("customers")
        text = page.body.decode()
        for row in page.json:
            assert list(row)[-3:] == ["id", "date_time_created", "date_time_updated"]
            assert "contacts" not in row
            assert None not in row.values()
        assert not re.search(r"\.\d*0Z", text)
        assert {moment[-2] for moment in re.findall(r"\.\d{3}Z", text)} <= {*"37"}
        assert re.search(r'"spare_number_1":\d+\.\d{5},', text)
        assert 2_500 < len(text) / 50 < 4_000
        assert any("spare_date_1" not in row for row in page.json)

    serve(inside)


def test_select_and_expand(serve):
    """``$select`` trims, ``$expand`` adds, dots do both."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        path = f"customers/{key}"
        whole = (await raw.get(path, expand="contacts,main_address,currency")).json
        assert whole["contacts"][0]["emails"][0]["is_default"] is True
        assert list(whole)[-1] == "date_time_updated"
        assert whole["currency"]["id"] == whole["currency_id"]
        trimmed = (await raw.get(path, select="name, id,contacts.name")).json
        assert list(trimmed) == ["name", "id", "contacts"]
        assert set(trimmed["contacts"][0]) == {"name"}
        both = (await raw.get(path, select="id", expand="main_address")).json
        assert set(both) == {"id", "main_address"}
        assert (await raw.get(path, select="id")).json == {"id": key}
        assert (await raw.get(path, select="contacts")).json == {}
        sandbox.behaviour.select_drops_expanded = True
        assert set((await raw.get(path, select="id", expand="contacts")).json) == {"id"}

    serve(inside)


def test_an_orders_customer_is_the_customer(serve):
    """A member that is a record of its own is served as it is now."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("sop_orders")[0]
        customer = sandbox.store.get("sop_orders", key)["customer_id"]
        sandbox.store.update("customers", customer, {"name": "Renamed & Co."})
        select = "id,document_no,customer.id,customer.name"
        one = (await raw.get(f"sop_orders/{key}", select=select)).json
        assert one["customer"] == {"id": customer, "name": "Renamed & Co."}
        page = await raw.get("sop_orders", expand="customer,lines,is_to_lock")
        assert page.json[0]["customer"]["name"] == "Renamed & Co."
        assert page.json[0]["lines"]

    serve(inside, {"customers": 100, "sop_orders": 3})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "customers/1"),
        ("GET", "customers/x"),
        ("GET", "customers/1/nonsense"),
        ("GET", "nonsense"),
        ("GET", ""),
        ("POST", "customers/1088"),
        ("PUT", "customers"),
        ("PATCH", "customers/1088"),
        ("DELETE", "customers"),
        ("DELETE", "customers/1"),
        ("PUT", "customers/1"),
        ("POST", "sop_order_line_views"),
        ("GET", "sop_order_line_views/1089"),
        ("POST", "sites"),
    ],
)
def test_wrong_paths_and_verbs_bring_404(serve, method, path):
    """An unknown path, id or verb is 404, never 405."""

    async def inside(_, raw):
        reply = await raw.ask(method, path, body={})
        assert reply.status == 404
        assert reply.json["Message"]

    serve(inside, {"customers": 3})


def test_one_record_takes_select_and_expand_only(serve):
    """Other options on a single record bring 400; a last slash is no matter."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        assert (await raw.get(f"customers/{key}", top="1")).status == 400
        assert (await raw.get(f"customers/{key}", filter="id eq 1")).status == 400
        assert (await raw.get(f"customers/{key}/")).json["id"] == key
        assert len((await raw.get("customers/")).ids) == 50

    serve(inside)


def test_counts_and_metadata_in_each_shape(serve):
    """What is unknown of ``$count`` and ``$metadata`` can be played both ways."""

    async def inside(sandbox, raw):
        play = sandbox.behaviour
        options = {"count": "true", "filter": "id gt 0", "select": "id", "top": "2"}
        assert (await raw.get("customers", **options)).json == 50
        play.count_shape = "object"
        assert (await raw.get("customers", **options)).json == {"count": 50}
        play.count_shape = "odata"
        reply = (await raw.get("customers", **options)).json
        assert reply["@odata.count"] == 50
        assert len(reply["value"]) == 2
        play.count_shape = "list"
        assert len((await raw.get("customers", **options)).json) == 2
        play.wrap_value = True
        assert len((await raw.get("customers", **options)).json["value"]) == 2
        fields = (await raw.get("customers", metadata="false")).json
        assert fields[0]["name"] == "reference"
        with_members = (await raw.get("customers", metadata="true")).json
        assert {"name", "type", "sort_order", "sort_ascending"} == set(fields[0])
        assert "contacts" in {each["name"] for each in with_members}
        play.metadata_shape = "object"
        assert "balance" in (await raw.get("customers", metadata="true")).json

    serve(inside)


def test_without_an_order_the_order_may_be_any(serve):
    """``default_order="shuffled"`` shows who forgets ``$orderby``, ties included."""

    async def inside(_, raw):
        pages = [(await raw.get("customers", select="id")).ids for _ in range(4)]
        assert len({tuple(page) for page in pages}) > 1
        assert len({frozenset(page) for page in pages}) == 1
        ties = [
            (await raw.get("customers", select="id", orderby="currency_id")).ids
            for _ in range(4)
        ]
        assert len({tuple(page) for page in ties}) > 1
        ordered = (await raw.get("customers", select="id", orderby="id")).ids
        assert ordered == sorted(ordered)

    serve(inside, behaviour=Behaviour(default_order="shuffled"))


def test_a_page_can_be_wrong_in_known_ways(serve):
    """Ignored ``$skip`` and pages out of order can be played."""

    async def inside(sandbox, raw):
        keys = sandbox.store.keys("customers")
        play = sandbox.behaviour
        page = {"orderby": "id", "top": "10", "select": "id"}
        play.ignore_skip = True
        assert (await raw.get("customers", skip="10", **page)).ids == keys[:10]
        play.ignore_skip = False
        play.out_of_order = True
        assert (await raw.get("customers", **page)).ids == keys[:10]
        second = await raw.get("customers", skip="10", **page)
        assert second.ids == [keys[11], keys[10], *keys[12:20]]
        play.out_of_order = "reverse"
        after = await raw.get("customers", filter=f"id gt {keys[9]}", **page)
        assert after.ids == keys[19:9:-1]

    serve(inside)


def test_what_was_asked_is_kept(serve):
    """``requests`` tells method, path, query, status and records, in order."""

    async def inside(sandbox, raw):
        await raw.ask("GET", "customers", "$filter=name%20ne%20%27a%2Bb%27&$top=3")
        await raw.ask("GET", "nonsense")
        first, second = sandbox.requests
        assert (first.method, first.path) == ("GET", "customers")
        assert first.query == {"$filter": "name ne 'a+b'", "$top": "3"}
        assert first.raw_query == "$filter=name%20ne%20%27a%2Bb%27&$top=3"
        assert (first.status, first.records) == (200, 3)
        assert (second.status, second.records) == (404, 0)

    serve(inside)


def test_before_each_request_a_hook_may_write_or_answer(serve):
    """Tests can write rows between pages, or answer with a fault."""

    async def inside(sandbox, raw):
        async def write(request):
            if request.query.get("$top") == "7":
                return web.Response(status=503, headers={"Retry-After": "2"})
            sandbox.store.insert("customers", {"reference": "NEW", "name": "New"})
            return None

        sandbox.before = write
        assert len((await raw.get("customers")).ids) == 51
        reply = await raw.get("customers", top="7")
        assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
        assert sandbox.requests[-1].status == 503

    serve(inside)


def test_requests_and_connections_are_counted_while_they_last(serve):
    """``in_flight`` and ``connections`` tell what is held right now."""

    async def inside(sandbox, raw):
        sandbox.behaviour = Behaviour(delay=0.2)
        asking = [asyncio.create_task(raw.get("customers")) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert (sandbox.in_flight, sandbox.connections) == (3, 3)
        await asyncio.gather(*asking)
        assert sandbox.in_flight == 0

    serve(inside)


def test_compression_on_request(serve):
    """Replies are compressed where the client and the knob both say so."""

    async def inside(sandbox, raw):
        assert "Content-Encoding" not in (await raw.get("customers")).headers
        sandbox.behaviour.compress = True
        plain = await raw.get("customers")
        assert plain.headers["Content-Encoding"] in {"gzip", "deflate"}
        assert len(plain.ids) == 50

    serve(inside)


def test_long_queries_can_be_refused_as_iis_does(serve):
    """Past ``max_query`` bytes the answer is an HTML 404."""

    async def inside(sandbox, raw):
        chain = " or ".join(f"id eq {n}" for n in range(1000, 2500))
        assert (await raw.filter(chain)).status == 200
        sandbox.behaviour.max_query = 2_048
        reply = await raw.filter(chain)
        assert reply.status == 404
        assert reply.headers["Content-Type"].startswith("text/html")

    serve(inside)
