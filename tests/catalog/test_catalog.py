"""The catalog holds together: every record decodes, every endpoint is real."""

import ast
import inspect
import json
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from sage200_async import Sage200Client, Settings, catalog
from sage200_async.odata.fields import (
    DateTimeField,
    EnumField,
    Field,
    IntegerField,
    NumberField,
    TextField,
)
from sage200_async.odata.namespaces import Fields, names_of
from sage200_async.query.endpoint import Binder, Endpoint, Item
from sage200_async.query.operations import Parent
from sage200_async.query.records import Record
from sage200_async.wire.decode import decode_one

FOLDER = Path(catalog.__file__).parent
MANIFEST = json.loads((FOLDER / "manifest.json").read_bytes())
COUNTS = MANIFEST["counts"]
RECORDS = [
    value
    for value in (getattr(catalog, name) for name in catalog.__all__)
    if isinstance(value, type) and issubclass(value, Record)
]
ROOTS = catalog.Endpoints.endpoints()
SAMPLES: dict[type, Any] = {
    str: "text",
    int: 7,
    bool: True,
    Decimal: Decimal("1.50"),
    datetime: datetime(2024, 2, 29, 12, tzinfo=UTC),
}


def below(owner: type[Binder]) -> Iterator[tuple[str, Endpoint[Any]]]:
    """Walk every endpoint, those below items too."""
    for endpoint in owner.endpoints().values():
        yield f"{owner.__name__}.{endpoint.path}", endpoint
        if endpoint.item is not None:
            yield from below(endpoint.item)


ENDPOINTS = dict(below(catalog.Endpoints))


def options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def sample(hint: Any, depth: int) -> Any:
    """Make up a value for a field."""
    first = options(hint)[0]
    if get_origin(first) is list:
        return [sample(get_args(first)[0], depth)]
    if isinstance(first, type) and issubclass(first, Record):
        return full(first, depth - 1)
    return SAMPLES.get(first, {"unknown": 1})


def full(record: type[Record], depth: int) -> dict[str, Any]:
    """Make up a record with every field set, related records down to a depth."""
    hints = get_type_hints(record)
    names = record.__struct_fields__ if depth else ()
    return {name: sample(hints[name], depth) for name in names}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_decodes(record: type[Record]) -> None:
    """A record decodes empty, full, and with a field that it does not know."""
    empty = decode_one(b"{}", record)
    assert all(getattr(empty, name) is None for name in record.__struct_fields__)
    values = full(record, 2)
    encoder = msgspec.json.Encoder(decimal_format="number")
    built = decode_one(encoder.encode(values), record)
    assert all(getattr(built, name) is not None for name in record.__struct_fields__)
    for name, hint in get_type_hints(record).items():
        if name != "fields" and options(hint)[0] in SAMPLES:
            assert getattr(built, name) == values[name]
    assert decode_one(b'{"sage_adds_this": [{"later": 1}]}', record) == empty


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_and_their_fields_agree(record: type[Record]) -> None:
    """A record's namespace has its fields, each of the kind that decodes."""
    kinds: dict[str, Any] = {
        "str": (TextField, EnumField),
        "int": (IntegerField,),
        "Decimal": (NumberField,),
        "datetime": (DateTimeField,),
    }
    namespace = names_of(type(record.fields))
    hints = get_type_hints(record)
    assert set(namespace) == set(record.__struct_fields__)
    for name, kind in namespace.items():
        kinds_of = [each for each in options(hints[name]) if each is not type(None)]
        if issubclass(kind, Field) and len(kinds_of) == 1:
            expected = kinds.get(getattr(kinds_of[0], "__name__", ""), (kind,))
            assert issubclass(kind, expected), name
        if issubclass(kind, Fields):
            assert str(getattr(record.fields, name)) == name


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_endpoint_is_real(name: str) -> None:
    """An endpoint's record loads, and has what the endpoint says of it."""
    endpoint = ENDPOINTS[name]
    record = endpoint.record
    assert endpoint.query.endpoint == endpoint
    for field in (endpoint.key, endpoint.watermark):
        assert field is None or (record and field in record.__struct_fields__)
    if endpoint.key:
        kind = names_of(type(record.fields))[endpoint.key]
        assert issubclass(kind, IntegerField)
    for key in endpoint.default_order:
        field, way = key.split()
        assert field in record.__struct_fields__
        assert way in {"asc", "desc"}
    assert endpoint.reply_record is None or issubclass(endpoint.reply_record, Record)
    assert not set(endpoint.extra_expands) & set(
        record.__struct_fields__ if record else ()
    )


@pytest.mark.parametrize("name", catalog.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """A public name is there, called that, with types that resolve."""
    value = getattr(catalog, name)
    if isinstance(value, type):
        assert value.__name__ == name
        assert "catalog" in value.__module__
    if getattr(value, "__required_keys__", None) is not None:
        assert set(get_type_hints(value)) == set(value.__annotations__)
    assert name in dir(catalog)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """What the catalog does not have, it says so of."""
    with pytest.raises(AttributeError, match="Custmer"):
        catalog.Custmer  # noqa: B018 - wrong on purpose


def test_counts_are_those_of_the_manifest() -> None:
    """The catalog has as much as the manifest says."""
    parents = [each for each in ROOTS.values() if each.resource is Parent]
    items = {each.item for each in ENDPOINTS.values() if each.item is not None}
    unresolved = MANIFEST["placeholders"]["unresolved"]
    assert COUNTS["records"] == len(RECORDS)
    assert COUNTS["fields"] == sum(len(each.__struct_fields__) for each in RECORDS)
    assert COUNTS["parents"] == len(parents)
    assert COUNTS["root endpoints"] == len(ROOTS) - len(parents)
    assert COUNTS["nested endpoints"] == len(ENDPOINTS) - len(ROOTS)
    assert COUNTS["item classes"] == len(items)
    assert COUNTS["placeholders unresolved"] == len(unresolved)


def test_every_item_is_reachable() -> None:
    """Each class of items belongs to an endpoint, and is public."""
    reached = {each.item for each in ENDPOINTS.values() if each.item is not None}
    public = {getattr(catalog, name) for name in catalog.__all__}
    items = {
        each
        for each in public
        if isinstance(each, type) and issubclass(each, Item) and each is not Item
    }
    assert reached == items


def attributes_of(binder: type[Binder]) -> set[str]:
    """Return the names of the attributes that are endpoints."""
    return {name for name, each in vars(binder).items() if isinstance(each, Endpoint)}


def test_the_client_hides_no_endpoint() -> None:
    """No resource has the name of a method or an attribute of the client."""
    client = Sage200Client(Settings(access_token="token"))
    own = {*vars(Sage200Client), *vars(client), *vars(Binder)}
    assert not own & attributes_of(catalog.Endpoints)


def test_items_hide_no_endpoint() -> None:
    """No resource below an item has the name of a method of the item."""
    for endpoint in ENDPOINTS.values():
        if endpoint.item is not None:
            assert not {*vars(Item), *vars(Binder)} & attributes_of(endpoint.item)


def test_an_attribute_is_named_after_its_path() -> None:
    """Only `sites` has another attribute: the client has a method of that name."""
    attributes = attributes_of(catalog.Endpoints)
    assert attributes - ROOTS.keys() == {"_sites"}
    assert ROOTS.keys() - attributes == {"sites"}
    assert inspect.iscoroutinefunction(Sage200Client.sites)


def test_placeholders_that_nobody_knows_stay_open() -> None:
    """Related records of unknown fields take whatever comes."""
    for where in MANIFEST["placeholders"]["unresolved"]:
        schema, name = where.split(".")
        record = getattr(catalog, "".join(map(str.capitalize, schema.split("_"))))
        body = msgspec.json.encode({name: {"id": 1, "anything": "at all"}})
        assert getattr(decode_one(body, record), name)["anything"] == "at all"


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem
)
def test_every_file_says_how_it_was_made(path: Path) -> None:
    """A generated file names the command, and what to correct instead."""
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert "python -m sage200_async._codegen" in doc
    assert "overrides.toml" in doc


def test_inputs_are_not_loaded_with_the_package() -> None:
    """Importing the endpoints loads neither records nor inputs."""
    source = inspect.getsource(inspect.getmodule(catalog.Endpoints))
    tree = ast.parse(source)
    names = [
        each.module or "" for each in tree.body if isinstance(each, ast.ImportFrom)
    ]
    assert not [name for name in names if ".catalog." in name]


def test_inputs_need_what_new_records_need() -> None:
    """The required names are those of the documents, as corrected."""
    needs = {
        "CustomerInput": {"name", "reference"},
        "ProductInput": {"code", "name", "product_group_id"},
        "SopOrderInput": {"customer_id"},
        "SopQuoteInput": {"customer_id"},
        "PopOrderInput": {"supplier_id"},
        "SopOrderLineInput": set(),
        "CustomerChanges": set(),
        "CustomerContactRow": set(),
        "CostCentreInput": {"code"},
    }
    for name, required in needs.items():
        assert getattr(catalog, name).__required_keys__ == required, name


def test_rows_carry_their_ids() -> None:
    """A row inside another input has its id; what a create takes has none."""
    rows = catalog.SopOrderLineInput, catalog.CustomerContactRow, catalog.CourierChanges
    assert all("id" in row.__optional_keys__ for row in rows)
    built = catalog.CustomerInput, catalog.CustomerContactInput, catalog.SopOrderChanges
    assert not any("id" in get_type_hints(each) for each in built)
    assert {"name", "is_default"} <= set(get_type_hints(catalog.CustomerContactInput))


def test_what_lies_below_is_reached_without_reading() -> None:
    """Items give the paths below them, also below resources that are not read."""
    endpoints = catalog.Endpoints
    holdings = endpoints.products.query[1].warehouses[2].warehouse_holdings
    receipts = endpoints.traceable_items.query[5].traceable_item_receipts
    by_product = endpoints.warehouses.query[3].products[4].warehouse_holdings
    assert holdings.endpoint.path == "products/1/warehouses/2/warehouse_holdings"
    assert receipts.endpoint.path == "traceable_items/5/traceable_item_receipts"
    assert by_product.endpoint.path == "warehouses/3/products/4/warehouse_holdings"
    assert endpoints.traceable_items.verbs == frozenset()
