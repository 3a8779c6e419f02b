"""Every path of the catalog, with every verb."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from sage200_async.query.endpoint import load_record
from sage200_async.sandbox import Behaviour
from sage200_async.sandbox.schema.catalog import link_field, load_catalog
from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.server.routes import load_routes
from sage200_async.sandbox.store.view_specs import VIEWS

CATALOG = load_catalog()
ROUTES = sorted(load_routes().values(), key=lambda route: len(route.names))
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
    "SopReturnDuplicateFlags": "sop_returns",
    "ProductDuplicateFlags": "products",
}


def parents_of(store, route):
    """Return an id for each parent in a path, each below the one before."""
    ids = []
    for depth in range(len(route.names) - 1, 0, -1):
        name, below = route.names[depth - 1], route.names[depth]
        link = link_field(name, store.tables[below]) if ids else ""
        row = store.get(below, ids[0]) if link else {}
        ids.insert(0, row[link] if link else store.keys(name)[0])
    return ids


def path_of(store, route):
    """Return a path without an id at its end."""
    ids = [str(key) for key in parents_of(store, route)]
    above = zip(route.names, ids, strict=False)
    return "/".join([*(f"{name}/{key}" for name, key in above), route.name])


async def record_path(http, store, route):
    """Return the path of a record."""
    path = path_of(store, route)
    if route.is_single:
        return path
    if len(route.names) > 1:
        return f"{path}/{(await http.get(path)).ids[-1]}"
    name = route.name.removesuffix("_new").removesuffix("_status")
    resource = route.name if route.has_table else name
    return f"{path}/{store.keys(resource)[-1]}"


def body_of(store, model, mark):
    """Return all fields that a record requires; *mark* makes its codes unique."""
    shape, body = shape_of(model), {}
    for name in shape.required:
        target = referenced_resource(name, store.tables)
        if name in {"id", "source_id"}:
            target = SOURCES.get(model.rpartition(":")[2], "sop_orders")
        if name in shape.expandables:
            row = body_of(store, shape.expandables[name], mark)
            body[name] = [row] if name in shape.lists else row
        elif target:
            body[name] = store.keys(target)[-1]
        else:
            most = shape.lengths.get(name)
            body[name] = EXAMPLES.get(
                shape.scalars[name], mark[-most:] if most else mark
            )
    return body


def body_for(store, route, verb, mark):
    """Return the body for a verb, or None."""
    if verb == "create" and route.name.endswith("_new"):
        known = route.model is not None
        trader = "supplier" if route.area in {"pop", "purchases"} else "customer"
        keys = store.keys(f"{trader}s")
        return {f"{trader}_id": keys[-1]} if known else {}
    if verb == "create":
        return body_of(store, route.model, mark)
    if verb == "update_many":
        row = {"id": store.keys(route.name)[0], "name": f"{mark} again"}
        return [body_of(store, route.model, mark), row]
    return {} if verb == "update" else None


def type_of(route, verb):
    """Return the type that a response must decode into."""
    written = (
        verb in {"create", "update", "update_many"} and route.reply_record is not None
    )
    record = load_record(route.reply_record if written else route.model)
    several = verb in {"list", "update_many"} or (
        verb == "create" and route.returns_many
    )
    return list[record] if several else record


def test_every_path_answers_every_verb_with_its_record(on_sandbox):
    """Each operation brings a 200 that decodes into the type in the catalog."""

    async def scenario(sandbox, http):
        sandbox.behaviour = Behaviour(referenced_deletes="take")
        store, count = sandbox.store, 0
        for verb, (method, one) in METHODS.items():
            # Nested ones first: deleting a parent deletes them, too.
            for route in ROUTES if verb != "delete" else reversed(ROUTES):
                if verb not in route.verbs:
                    continue
                path = path_of(store, route)
                if one:
                    path = await record_path(http, store, route)
                body = body_for(store, route, verb, f"M{count}")
                response = await http.request(method, path, body=body)
                count += 1
                assert response.status == 200, (method, path, body, response.body)
                if verb == "delete":
                    assert response.body == b""
                else:
                    decoded = msgspec.json.decode(
                        response.body, type=type_of(route, verb)
                    )
                    assert decoded or verb != "list", path
        return count

    # 710 operations: the OpenAPI documents; 23 were added after them.
    assert on_sandbox(scenario, SMALL) == 710 + 23


def test_every_other_verb_is_404(on_sandbox):
    """A verb that a path does not have brings 404, with any body."""

    async def scenario(sandbox, http):
        wrong = [
            (method, path_of(sandbox.store, route) + ("/1" if one else ""))
            for route in ROUTES
            for verb, (method, one) in METHODS.items()
            if verb not in route.verbs or (route.is_single and one)
            if not (route.is_single and verb == "list")
        ]
        for start in range(0, len(wrong), 20):
            batch = wrong[start : start + 20]
            responses = await asyncio.gather(
                *(http.request(method, path, body={}) for method, path in batch)
            )
            assert {response.status for response in responses} == {404}
        assert len(wrong) > 1000

    on_sandbox(scenario, SMALL)


def test_tables_are_created_when_they_are_first_used(on_sandbox):
    """At the start only the tables in *records* exist, and those they refer to."""

    async def scenario(sandbox, http):
        existing = [
            path for path in sandbox.store.tables if sandbox.store.has_table(path)
        ]
        assert "customers" in existing
        assert {"tax_codes", "currencies"} < {*existing}
        assert not {"suppliers", "products", "sop_orders"} & {*existing}
        assert len((await http.get("suppliers")).ids) == 3
        assert sandbox.store.has_table("suppliers")
        assert (await http.get("products")).json == []

    on_sandbox(scenario, {"customers": 1})


@pytest.mark.parametrize(
    "path",
    ["suppliers", "sop_quotes", "nominal_period_value_views", "customer_memos"],
)
def test_any_resource_may_be_in_records(on_sandbox, path):
    """``records`` sets the number of any resource, embedded ones included."""

    async def scenario(sandbox, http):
        assert len((await http.get(path, top="5000")).json) == 1_234
        assert sandbox.store.count(path) == 1_234

    on_sandbox(scenario, {path: 1_234, "customers": 100})


def test_made_up_ids_are_not_shared(on_sandbox):
    """No two records of different resources have the same id; views show theirs."""

    async def scenario(sandbox, http):
        seen = {}
        for table in sandbox.store.tables.values():
            is_view = table.path in VIEWS or table.path.endswith("_types")
            if table.key == "id" and not is_view:
                for key in sandbox.store.keys(table.path):
                    assert seen.setdefault(key, table.path) == table.path
        assert len(seen) > 500

    on_sandbox(scenario, SMALL)


def test_the_same_seed_makes_the_same_company(on_sandbox):
    """Rows depend on the seed and the resource, not on earlier requests."""

    async def scenario(sandbox, http):
        paths = ["bin_holdings", "suppliers", "customers", "warehouse_holdings"]
        return {path: (await http.get(path)).json for path in paths}

    async def backwards(sandbox, http):
        paths = ["warehouse_holdings", "customers", "suppliers", "bin_holdings"]
        return {path: (await http.get(path)).json for path in paths}

    first = on_sandbox(scenario, SMALL)
    assert first == on_sandbox(backwards, SMALL)
    assert first != on_sandbox(scenario, SMALL, seed=2)


def test_types_resources_list_known_enum_values(on_sandbox):
    """``*_types`` number the values of an enum from 0, and describe them."""

    async def scenario(_, http):
        rows = (await http.get("sop_document_status_types", orderby="id")).json
        assert rows[0] == {
            "id": 0,
            "value": "EnumDocumentStatusLive",
            "description": "Document Status Live",
        }
        assert rows[2]["value"] == "EnumDocumentStatusComplete"
        ageing = (await http.get("aged_balances_ageing_types")).json
        assert [row["value"] for row in ageing] == [
            "TransactionDate",
            "DueDate",
            "CalendarMonth",
        ]
        made_up = (await http.get("ledger_types", filter="id eq 1")).json
        assert made_up[0]["value"] == "EnumLedgerTypeStandard"

    on_sandbox(scenario, {})


def test_declared_parameters_are_accepted(on_sandbox):
    """A parameter is accepted by the resource that declares it, and by no other."""

    async def scenario(_, http):
        path = "sales_aged_transaction_period_views"
        options = {"ageingdatetype": "DueDate", "periodnumber": "0"}
        assert (await http.get(path, **options)).status == 200
        assert (await http.get("sales_transaction_views", **options)).status == 400

    on_sandbox(scenario, {})


def test_some_resources_filter_by_a_few_fields_only(on_sandbox):
    """Despatch resources can be filtered by the documented fields only."""

    async def scenario(_, http):
        path = "sop_despatch_discrete_orders"
        assert (await http.get(path, filter="document_no eq 'x'")).status == 200
        response = await http.get(
            path, filter="document_no eq 'x' and customer_id eq 1"
        )
        assert response.status == 400

    on_sandbox(scenario, {})


def test_a_documented_order_holds_without_orderby(on_sandbox):
    """A documented default order is used without ``$orderby``, and is in ``$metadata``."""

    async def scenario(sandbox, http):
        path = "product_transaction_views"
        ids = (await http.get(path)).ids
        assert ids == sorted(ids, reverse=True)
        fields = (await http.get(path, metadata="false")).json
        field = {field["name"]: field for field in fields}["id"]
        assert (field["sort_order"], field["sort_ascending"]) == (1, False)
        key = sandbox.store.keys("customers")[0]
        one = await http.get(f"customers/{key}", metadata="true")
        assert one.json["id"] == key  # the record: SelectCo's live tests
        sandbox.behaviour = Behaviour(metadata_by_id="fields")
        one = await http.get(f"customers/{key}", metadata="true")
        assert "contacts" in {field["name"] for field in one.json}

    on_sandbox(scenario, {"customers": 1, "product_transaction_views": 20})


def test_an_edition_has_its_base_path_and_its_resources(on_sandbox):
    """Standard lacks Professional's resources; the other edition's base path is 404."""

    async def scenario(sandbox, http):
        assert "/uk/sage200/accounts/v1/" in http.settings.base_url
        assert (await http.get("customers")).status == 200
        assert (await http.get("sales_trading_periods")).status == 404
        sandbox.behaviour = Behaviour()
        assert (await http.get("customers")).status == 404
        http.settings = sandbox.settings
        assert "/uk/sage200extra/accounts/v1/" in http.settings.base_url
        assert (await http.get("sales_trading_periods")).status == 200

    on_sandbox(scenario, behaviour=Behaviour(edition="standard"))


def test_a_role_may_lack_a_whole_area(on_sandbox):
    """A forbidden area brings 403 on every path, nested ones too."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[0]
        for path in ("sop_quotes", "sop_document_types", f"customers/{key}/sop_orders"):
            assert (await http.get(path)).status == 403
        assert (await http.get(f"customers/{key}/customer_memos")).status == 403
        assert (await http.get("customers")).status == 200

    forbidden = frozenset({"sop", "customer_memos"})
    on_sandbox(scenario, behaviour=Behaviour(forbidden=forbidden))


def test_related_records_that_do_not_exist_are_blank_when_expanded(on_sandbox):
    """An object comes only when expanded; a list without rows is empty."""

    async def scenario(sandbox, http):
        key = sandbox.store.keys("customers")[-1]
        path = f"customers/{key}"
        assert "status" not in (await http.get(path)).json
        one = (await http.get(path, expand="status,memos")).json
        assert one["memos"] == []
        assert isinstance(one["status"], dict)

    on_sandbox(scenario)


def test_one_object_has_no_id(on_sandbox):
    """``licence`` and ``current_user`` are one object, read without an id."""

    async def scenario(_, http):
        licence = (await http.get("licence")).json
        assert licence["is_sales_enabled"] is True
        trimmed = (await http.get("current_user", select="logon_name")).json
        assert list(trimmed) == ["logon_name"]
        assert (await http.get("licence/1")).status == 404
        assert (await http.get("licence", top="1")).status == 400

    on_sandbox(scenario, {})
