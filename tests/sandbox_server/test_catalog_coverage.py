"""Every path of the catalog, with every verb."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from sage200_async.query.endpoint import load
from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.names import target_of
from sage200_async.sandbox.server.routes import catalog, link_of
from sage200_async.sandbox.store.schema import shape_of

CATALOGUE = catalog()
ROUTES = sorted(CATALOGUE.routes.values(), key=lambda route: len(route.names))
SMALL = {"customers": 20, "products": 20, "sop_orders": 10}
METHODS = {
    "list": ("GET", False),
    "create": ("POST", False),
    "update_many": ("PUT", False),
    "get": ("GET", True),
    "update": ("PUT", True),
    "delete": ("DELETE", True),
}
EXAMPLES = {
    "enum": "EnumLineTypeComment",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "datetime": "2024-01-02T03:04:05Z",
}
SOURCES = {
    "PopOrderDuplicateFlags": "pop_orders",
    "SopQuoteDuplicateFlags": "sop_quotes",
    "ProductDuplicateFlags": "products",
}


def parents_of(store, route):
    """Give an id for each parent in a path, each below the one before."""
    ids = []
    for depth in range(len(route.names) - 1, 0, -1):
        name, below = route.names[depth - 1], route.names[depth]
        link = link_of(name, store.tables[below]) if ids else ""
        row = store.get(below, ids[0]) if link else {}
        ids.insert(0, row[link] if link else store.keys(name)[0])
    return ids


def path_of(store, route):
    """Write a path, without an id at its end."""
    ids = [str(key) for key in parents_of(store, route)]
    above = zip(route.names, ids, strict=False)
    return "/".join([*(f"{name}/{key}" for name, key in above), route.name])


async def one_below(raw, store, route):
    """Write the path of a record."""
    path = path_of(store, route)
    if route.single:
        return path
    if len(route.names) > 1:
        return f"{path}/{(await raw.get(path)).ids[-1]}"
    kept = route.name if route.kept else route.name.removesuffix("_new")
    return f"{path}/{store.keys(kept)[-1]}"


def body_of(store, model, mark):
    """Give all that a record requires; *mark* tells its codes apart."""
    shape, body = shape_of(model), {}
    for name in shape.required:
        target = target_of(name, store.tables)
        if name in {"id", "source_id"}:
            target = SOURCES.get(model.rpartition(":")[2], "sop_orders")
        if name in shape.members:
            row = body_of(store, shape.members[name], mark)
            body[name] = [row] if name in shape.many else row
        elif target:
            body[name] = store.keys(target)[0]
        else:
            body[name] = EXAMPLES.get(shape.scalars[name], mark)
    return body


def body_for(store, route, verb, mark):
    """Give what a verb takes."""
    if verb == "create" and route.name.endswith("_new"):
        known = route.model is not None
        trader = "supplier" if route.area in {"pop", "purchases"} else "customer"
        return {f"{trader}_id": 1} if known else {}
    if verb == "create":
        return body_of(store, route.model, mark)
    if verb == "update_many":
        row = {"id": store.keys(route.name)[0], "name": f"{mark} again"}
        return [body_of(store, route.model, mark), row]
    return {} if verb == "update" else None


def type_of(route, verb):
    """Give the type that a reply must decode into."""
    written = verb in {"create", "update", "update_many"} and route.reply is not None
    record = load(route.reply if written else route.model)
    several = verb in {"list", "update_many"} or (verb == "create" and route.several)
    return list[record] if several else record


def test_every_path_answers_every_verb_with_its_record(serve):
    """Each operation brings a 200 that decodes into what the catalog declares."""

    async def inside(sandbox, raw):
        store, asked = sandbox.store, 0
        for verb, (method, one) in METHODS.items():
            # Those below first: deleting a parent takes them along.
            for route in ROUTES if verb != "delete" else reversed(ROUTES):
                if verb not in route.verbs:
                    continue
                path = path_of(store, route)
                if one:
                    path = await one_below(raw, store, route)
                body = body_for(store, route, verb, f"M{asked}")
                reply = await raw.ask(method, path, body=body)
                asked += 1
                assert reply.status == 200, (method, path, body, reply.body)
                if verb == "delete":
                    assert reply.body == b""
                else:
                    found = msgspec.json.decode(reply.body, type=type_of(route, verb))
                    assert found or verb != "list", path
        return asked

    # 710 operations: the OpenAPI documents.
    assert serve(inside, SMALL) == 710


def test_every_other_verb_is_404(serve):
    """A verb that a path does not have is 404, whatever is sent with it."""

    async def inside(sandbox, raw):
        wrong = [
            (method, path_of(sandbox.store, route) + ("/1" if one else ""))
            for route in ROUTES
            for verb, (method, one) in METHODS.items()
            if verb not in route.verbs or (route.single and one)
            if not (route.single and verb == "list")
        ]
        for start in range(0, len(wrong), 20):
            asked = [raw.ask(*each, body={}) for each in wrong[start : start + 20]]
            replies = await asyncio.gather(*asked)
            assert {reply.status for reply in replies} == {404}
        assert len(wrong) > 1000

    serve(inside, SMALL)


def test_resources_are_made_when_they_are_asked_for(serve):
    """Nothing is made at the start but what *records* names."""

    async def inside(sandbox, raw):
        made = [path for path in sandbox.store.tables if sandbox.store.is_made(path)]
        assert made == ["customers"]
        assert len((await raw.get("suppliers")).ids) == 3
        assert sandbox.store.is_made("suppliers")
        assert (await raw.get("products")).json == []

    serve(inside, {"customers": 1})


@pytest.mark.parametrize(
    "path",
    ["suppliers", "sop_quotes", "nominal_period_value_views", "customer_memos"],
)
def test_any_resource_may_be_asked_for(serve, path):
    """``records`` gives the number of any resource, parts of others too."""

    async def inside(sandbox, raw):
        assert len((await raw.get(path, top="5000")).json) == 1_234
        assert sandbox.store.count(path) == 1_234

    serve(inside, {path: 1_234, "customers": 100})


def test_made_up_ids_are_not_shared(serve):
    """No two records of different resources have the same id."""

    async def inside(sandbox, raw):
        seen = {}
        for table in sandbox.store.tables.values():
            if table.key == "id" and not table.path.endswith("_types"):
                for key in sandbox.store.keys(table.path):
                    assert seen.setdefault(key, table.path) == table.path
        assert len(seen) > 500

    serve(inside, SMALL)


def test_the_same_seed_makes_the_same_company(serve):
    """Rows depend on seed and resource, not on what was asked for before."""

    async def inside(sandbox, raw):
        paths = ["bin_holdings", "suppliers", "customers", "warehouse_holdings"]
        return {path: (await raw.get(path)).json for path in paths}

    async def backwards(sandbox, raw):
        paths = ["warehouse_holdings", "customers", "suppliers", "bin_holdings"]
        return {path: (await raw.get(path)).json for path in paths}

    first = serve(inside, SMALL)
    assert first == serve(backwards, SMALL)
    assert first != serve(inside, SMALL, seed=2)


def test_types_are_the_literals_known(serve):
    """``*_types`` number their literals from 0 and say them in words."""

    async def inside(_, raw):
        rows = (await raw.get("sop_document_status_types", orderby="id")).json
        assert rows[0] == {
            "id": 0,
            "value": "EnumDocumentStatusLive",
            "description": "Document Status Live",
        }
        assert rows[2]["value"] == "EnumDocumentStatusComplete"
        ageing = (await raw.get("aged_balances_ageing_types")).json
        assert [row["value"] for row in ageing] == [
            "TransactionDate",
            "DueDate",
            "CalendarMonth",
        ]
        made_up = (await raw.get("ledger_types", filter="id eq 1")).json
        assert made_up[0]["value"] == "EnumLedgerTypeStandard"

    serve(inside, {})


def test_parameters_of_their_own_are_taken(serve):
    """What the catalog declares is no unknown option, and elsewhere it is."""

    async def inside(_, raw):
        path = "sales_aged_transaction_period_views"
        options = {"ageingdatetype": "DueDate", "periodnumber": "0"}
        assert (await raw.get(path, **options)).status == 200
        assert (await raw.get("sales_transaction_views", **options)).status == 400

    serve(inside, {})


def test_some_filter_by_a_few_fields_only(serve):
    """What is to be sent out is filtered by what the documents name."""

    async def inside(_, raw):
        path = "sop_despatch_discrete_orders"
        assert (await raw.get(path, filter="document_no eq 'x'")).status == 200
        reply = await raw.get(path, filter="document_no eq 'x' and customer_id eq 1")
        assert reply.status == 400

    serve(inside, {})


def test_a_documented_order_holds_without_orderby(serve):
    """Where the documents give a default sort, pages come in it, and tell it."""

    async def inside(sandbox, raw):
        path = "product_transaction_views"
        ids = (await raw.get(path)).ids
        assert ids == sorted(ids, reverse=True)
        fields = (await raw.get(path, metadata="false")).json
        told = {each["name"]: each for each in fields}["id"]
        assert (told["sort_order"], told["sort_ascending"]) == (1, False)
        key = sandbox.store.keys("customers")[0]
        one = (await raw.get(f"customers/{key}", metadata="true")).json
        assert "contacts" in {each["name"] for each in one}

    serve(inside, {"customers": 1, "product_transaction_views": 20})


def test_an_edition_has_its_base_path_and_its_resources(serve):
    """Standard lacks what is Professional only, and the other base path is 404."""

    async def inside(sandbox, raw):
        assert "/uk/sage200/accounts/v1/" in raw.settings.base_url
        assert (await raw.get("customers")).status == 200
        assert (await raw.get("sales_trading_periods")).status == 404
        sandbox.behaviour = Behaviour()
        assert (await raw.get("customers")).status == 404
        raw.settings = sandbox.settings
        assert "/uk/sage200extra/accounts/v1/" in raw.settings.base_url
        assert (await raw.get("sales_trading_periods")).status == 200

    serve(inside, behaviour=Behaviour(edition="standard"))


def test_a_role_may_lack_a_whole_area(serve):
    """An area that is forbidden is 403 on every path, nested ones too."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[0]
        for path in ("sop_quotes", "sop_document_types", f"customers/{key}/sop_orders"):
            assert (await raw.get(path)).status == 403
        assert (await raw.get(f"customers/{key}/customer_memos")).status == 403
        assert (await raw.get("customers")).status == 200

    forbidden = frozenset({"sop", "customer_memos"})
    serve(inside, behaviour=Behaviour(forbidden=forbidden))


def test_members_that_nothing_fills_are_blank_when_expanded(serve):
    """``status`` comes when it is expanded only; a list without rows is empty."""

    async def inside(sandbox, raw):
        key = sandbox.store.keys("customers")[-1]
        path = f"customers/{key}"
        assert "status" not in (await raw.get(path)).json
        one = (await raw.get(path, expand="status,memos")).json
        assert one["memos"] == []
        assert isinstance(one["status"], dict)

    serve(inside)


def test_one_object_has_no_id(serve):
    """``licence`` and ``current_user`` are read without an id, and are one object."""

    async def inside(_, raw):
        licence = (await raw.get("licence")).json
        assert licence["is_sales_enabled"] is True
        trimmed = (await raw.get("current_user", select="logon_name")).json
        assert list(trimmed) == ["logon_name"]
        assert (await raw.get("licence/1")).status == 404
        assert (await raw.get("licence", top="1")).status == 400

    serve(inside, {})
