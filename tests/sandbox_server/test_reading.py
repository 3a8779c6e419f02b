"""Collections and single records, as they are served."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web

from sage200_async.sandbox import Behaviour


def test_a_page_is_500_records_and_5000_at_most(on_sandbox):
    """Without ``$top`` a page has 500 records; more than 5000 are clamped."""

    async def scenario(sandbox, http):
        assert len((await http.get("customers", select="id")).ids) == 500
        assert len((await http.get("customers", select="id", top="5000")).ids) == 5000
        assert len((await http.get("customers", select="id", top="9999")).ids) == 5000
        assert len((await http.get("customers", top="0")).ids) == 0
        sandbox.behaviour.over_top = "error"
        assert (await http.get("customers", top="5001")).status == 400
        sandbox.behaviour.max_top = 500
        assert len((await http.get("customers", select="id", top="5000")).ids) == 500

    on_sandbox(scenario, {"customers": 5_100})


def test_pages_by_offset_and_by_key_give_every_record(on_sandbox):
    """Both ways of paging return each record once, in order."""

    async def scenario(sandbox, http):
        keys = sandbox.store.keys("customers")
        offsets, after, last = [], [], 0
        for skip in range(0, 50, 20):
            page = await http.get("customers", orderby="id", top="20", skip=str(skip))
            offsets += page.ids
        while page := (
            await http.get("customers", filter=f"id gt {last}", orderby="id", top="20")
        ).ids:
            after += page
            last = page[-1]
        assert offsets == after == keys
        down = await http.get("customers", orderby="name desc, id", select="id, name")
        rows = [(row["name"], -row["id"]) for row in down.json]
        assert rows == sorted(rows, reverse=True)

    on_sandbox(scenario)


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
def test_wrong_options_bring_400(on_sandbox, query):
    """An option that is unknown or malformed, or lacks ``$orderby``, is refused."""

    async def scenario(_, http):
        response = await http.request("GET", "customers", query)
        assert response.status == 400
        assert response.json["Message"]

    on_sandbox(scenario, {"customers": 1})


def test_no_match_is_an_empty_list(on_sandbox):
    """A filter that matches nothing brings 200 and ``[]``."""

    async def scenario(_, http):
        response = await http.get("customers", filter="id eq 1")
        assert (response.status, response.body) == (200, b"[]")

    on_sandbox(scenario)


def test_a_record_is_served_as_the_live_service_serves_it(on_sandbox):
    """The key comes late, without nulls and related records, times are trimmed."""

    async def scenario(_, http):
        page = await http.get("customers")
        text = page.body.decode()
        for row in page.json:
            assert list(row)[-3:] == ["id", "date_time_created", "date_time_updated"]
            assert "contacts" not in row
            assert None not in row.values()
        assert not re.search(r"\.\d*0Z", text)
        assert {time[-2] for time in re.findall(r"\.\d{3}Z", text)} <= {*"37"}
        assert re.search(r'"spare_number_1":\d+\.\d{5},', text)
        assert 2_500 < len(text) / 50 < 4_000
        assert any("spare_date_1" not in row for row in page.json)

    on_sandbox(scenario)


def test_select_and_expand(on_sandbox):
    """``$select`` omits fields, ``$expand`` adds records, dots do both."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        path = f"customers/{key}"
        whole = (await http.get(path, expand="contacts,main_address,currency")).json
        assert whole["contacts"][0]["emails"][0]["is_default"] is True
        assert list(whole)[-1] == "date_time_updated"
        assert whole["currency"]["id"] == whole["currency_id"]
        trimmed = (await http.get(path, select="name, id,contacts.name")).json
        assert list(trimmed) == ["name", "id", "contacts"]
        assert set(trimmed["contacts"][0]) == {"name"}
        both = (await http.get(path, select="id", expand="main_address")).json
        assert set(both) == {"id", "main_address"}
        assert (await http.get(path, select="id")).json == {"id": key}
        assert (await http.get(path, select="contacts")).json == {}
        sandbox.behaviour.select_drops_expanded = True
        assert set((await http.get(path, select="id", expand="contacts")).json) == {
            "id"
        }

    on_sandbox(scenario)


def test_an_orders_customer_is_the_customer(on_sandbox):
    """A related record with a resource of its own is served as it is now."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("sop_orders")[0]
        customer = sandbox.store.get("sop_orders", key)["customer_id"]
        sandbox.store.update("customers", customer, {"name": "Renamed & Co."})
        select = "id,document_no,customer.id,customer.name"
        one = (await http.get(f"sop_orders/{key}", select=select)).json
        assert one["customer"] == {"id": customer, "name": "Renamed & Co."}
        page = await http.get("sop_orders", expand="customer,lines,is_to_lock")
        assert page.json[0]["customer"]["name"] == "Renamed & Co."
        assert page.json[0]["lines"]

    on_sandbox(scenario, {"customers": 100, "sop_orders": 3})


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
def test_wrong_paths_and_verbs_bring_404(on_sandbox, method, path):
    """An unknown path, id or verb brings 404, never 405."""

    async def scenario(_, http):
        response = await http.request(method, path, body={})
        assert response.status == 404
        assert response.json["Message"]

    on_sandbox(scenario, {"customers": 3})


def test_one_record_takes_select_and_expand_only(on_sandbox):
    """Other options on one record bring 400; a final slash is accepted."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        assert (await http.get(f"customers/{key}", top="1")).status == 400
        assert (await http.get(f"customers/{key}", filter="id eq 1")).status == 400
        assert (await http.get(f"customers/{key}/")).json["id"] == key
        assert len((await http.get("customers/")).ids) == 50

    on_sandbox(scenario)


def test_counts_and_metadata_in_each_shape(on_sandbox):
    """``$count`` and ``$metadata`` come in each shape that Sage may use."""

    async def scenario(sandbox, http):
        behaviour = sandbox.behaviour
        options = {"count": "true", "filter": "id gt 0", "select": "id", "top": "2"}
        assert (await http.get("customers", **options)).json == 50
        behaviour.count_shape = "object"
        assert (await http.get("customers", **options)).json == {"count": 50}
        behaviour.count_shape = "odata"
        response = (await http.get("customers", **options)).json
        assert response["@odata.count"] == 50
        assert len(response["value"]) == 2
        behaviour.count_shape = "list"
        assert len((await http.get("customers", **options)).json) == 2
        behaviour.wrap_value = True
        assert len((await http.get("customers", **options)).json["value"]) == 2
        fields = (await http.get("customers", metadata="false")).json
        assert fields[0]["name"] == "reference"
        with_expandables = (await http.get("customers", metadata="true")).json
        assert {"name", "type", "sort_order", "sort_ascending"} == set(fields[0])
        assert "contacts" in {field["name"] for field in with_expandables}
        behaviour.metadata_shape = "object"
        assert "balance" in (await http.get("customers", metadata="true")).json

    on_sandbox(scenario)


def test_without_an_order_the_order_may_be_any(on_sandbox):
    """``default_order="shuffled"`` changes the order without ``$orderby``, and of ties."""

    async def scenario(_, http):
        pages = [(await http.get("customers", select="id")).ids for _ in range(4)]
        assert len({tuple(page) for page in pages}) > 1
        assert len({frozenset(page) for page in pages}) == 1
        ties = [
            (await http.get("customers", select="id", orderby="currency_id")).ids
            for _ in range(4)
        ]
        assert len({tuple(page) for page in ties}) > 1
        ordered = (await http.get("customers", select="id", orderby="id")).ids
        assert ordered == sorted(ordered)

    on_sandbox(scenario, behaviour=Behaviour(default_order="shuffled"))


def test_pages_can_ignore_skip_or_be_out_of_order(on_sandbox):
    """``ignore_skip`` and ``out_of_order`` change the pages after the first."""

    async def scenario(sandbox, http):
        keys = sandbox.store.keys("customers")
        behaviour = sandbox.behaviour
        page = {"orderby": "id", "top": "10", "select": "id"}
        behaviour.ignore_skip = True
        assert (await http.get("customers", skip="10", **page)).ids == keys[:10]
        behaviour.ignore_skip = False
        behaviour.out_of_order = True
        assert (await http.get("customers", **page)).ids == keys[:10]
        second = await http.get("customers", skip="10", **page)
        assert second.ids == [keys[11], keys[10], *keys[12:20]]
        behaviour.out_of_order = "reverse"
        after = await http.get("customers", filter=f"id gt {keys[9]}", **page)
        assert after.ids == keys[19:9:-1]

    on_sandbox(scenario)


def test_requests_are_recorded(on_sandbox):
    """``requests`` has the method, path, query, status and records of each, in order."""

    async def scenario(sandbox, http):
        await http.request("GET", "customers", "$filter=name%20ne%20%27a%2Bb%27&$top=3")
        await http.request("GET", "nonsense")
        first, second = sandbox.requests
        assert (first.method, first.path) == ("GET", "customers")
        assert first.query == {"$filter": "name ne 'a+b'", "$top": "3"}
        assert first.raw_query == "$filter=name%20ne%20%27a%2Bb%27&$top=3"
        assert (first.status, first.records) == (200, 3)
        assert (second.status, second.records) == (404, 0)

    on_sandbox(scenario)


def test_the_request_hook_may_write_or_answer(on_sandbox):
    """The hook can write records between pages, or return a response of its own."""

    async def scenario(sandbox, http):
        async def write(request):
            if request.query.get("$top") == "7":
                return web.Response(status=503, headers={"Retry-After": "2"})
            sandbox.store.insert("customers", {"reference": "NEW", "name": "New"})
            return None

        sandbox.request_hook = write
        assert len((await http.get("customers")).ids) == 51
        response = await http.get("customers", top="7")
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
        assert sandbox.requests[-1].status == 503

    on_sandbox(scenario)


def test_requests_and_connections_are_counted_while_they_last(on_sandbox):
    """``in_flight`` and ``connections`` count requests and connections right now."""

    async def scenario(sandbox, http):
        sandbox.behaviour = Behaviour(delay=0.2)
        tasks = [asyncio.create_task(http.get("customers")) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert (sandbox.in_flight, sandbox.connections) == (3, 3)
        await asyncio.gather(*tasks)
        assert sandbox.in_flight == 0

    on_sandbox(scenario)


def test_compression_on_request(on_sandbox):
    """Responses are compressed if both the client and the switch allow it."""

    async def scenario(sandbox, http):
        assert "Content-Encoding" not in (await http.get("customers")).headers
        sandbox.behaviour.compress = True
        plain = await http.get("customers")
        assert plain.headers["Content-Encoding"] in {"gzip", "deflate"}
        assert len(plain.ids) == 50

    on_sandbox(scenario)


def test_long_queries_can_be_refused_as_iis_does(on_sandbox):
    """A query of more than ``max_query`` bytes brings an HTML 404."""

    async def scenario(sandbox, http):
        chain = " or ".join(f"id eq {n}" for n in range(1000, 2500))
        assert (await http.filter(chain)).status == 200
        sandbox.behaviour.max_query = 2_048
        response = await http.filter(chain)
        assert response.status == 404
        assert response.headers["Content-Type"].startswith("text/html")

    on_sandbox(scenario)
