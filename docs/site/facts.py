"""What a page says about a resource: from the catalog, and from nowhere else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, known_values, names_of
from sage200_async.query.endpoint import Endpoint, Item
from sage200_async.query.input_rules import rules_of
from sage200_async.query.records import Record

OPERATIONS: Final = ("list", "get", "create", "update", "update_many", "delete")
AREAS: Final = {
    "sales": "Sales ledger",
    "purchases": "Purchase ledger",
    "nominal": "Nominal ledger",
    "cash_book": "Cash book",
    "sop": "Sales order processing",
    "pop": "Purchase order processing",
    "stock": "Stock",
    "price_book": "Price book",
    "financials": "Financials",
    "commercials": "Commercials",
    "general": "General",
}
"""The documents of Sage's API, each with a title."""

VIEWS: Final = {
    "customers": "customer_views",
    "suppliers": "supplier_views",
    "products": "product_views",
    "sales_posted_transactions": "sales_transaction_views",
    "purchase_posted_transactions": "purchase_transaction_views",
}
"""Resources that Sage's documents call slow to list, and the view that they name instead.

Source: the descriptions in Sage's OpenAPI documents.
"""
SLOW_EXPANDS: Final = {
    "customers": ("status",),
    "suppliers": ("status",),
    "products": ("status",),
    "sop_orders": ("payment_status", "available_document_discount"),
}
"""What Sage's documents call slow to expand.

Source: the descriptions in Sage's OpenAPI documents.
"""


class FieldFacts(Struct, frozen=True):
    """One field of a record, as its page lists it."""

    name: str
    about: tuple[str, ...]
    """Its type and its limits, such as ``("Text", "60 characters at most")``."""
    required: bool
    read_only: bool
    values: tuple[str, ...]
    """The values of an enumeration that are known; there may be others."""


class RelatedFacts(Struct, frozen=True):
    """Related records, as ``expand`` brings them."""

    name: str
    record: type[Record] | None
    about: tuple[str, ...]
    many: bool


@cache
def endpoints() -> dict[str, Endpoint[Any]]:
    """Return every resource of the client that has operations, by its path."""
    by_path = Endpoints.endpoints()
    return {path: endpoint for path, endpoint in by_path.items() if endpoint.verbs}


def operations(endpoint: Endpoint[Any]) -> list[str]:
    """Return the names of a resource's operations, reading first."""
    return [name for name in OPERATIONS if name in endpoint.verbs]


def area_of(endpoint: Endpoint[Any]) -> str:
    """Return the document of Sage's that a resource is in."""
    record = endpoint.record or endpoint.reply_record
    return record.__module__.rpartition(".")[2] if record else "general"


def fields_of(record: type[Record] | None) -> list[FieldFacts]:
    """Return the fields of a record, without its related records."""
    if record is None:
        return []
    space = type(record.fields)
    rules = rules_of(space)
    required = rules.required if rules else {}
    read_only = rules.read_only if rules else {}
    notes = field_notes(record)
    return [
        FieldFacts(
            name=name,
            about=_about(notes.get(name, ())),
            required=name in required or "required when created" in notes.get(name, ()),
            read_only=name in read_only or "read-only" in notes.get(name, ()),
            values=known_values(space, name),
        )
        for name, kind in names_of(space).items()
        if issubclass(kind, Field)
    ]


_COLUMNS: Final = {"read-only", "required when created"}
# What has a column of its own.


def _about(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the type column says of a field."""
    return tuple(p.replace("changelog", "since") for p in parts if p not in _COLUMNS)


def related_of(record: type[Record] | None) -> list[RelatedFacts]:
    """Return the related records of a record."""
    if record is None:
        return []
    notes = field_notes(record)
    module = import_module(record.__module__)
    return [
        RelatedFacts(
            name=name,
            record=_record_of(kind, module),
            about=_about(notes.get(name, ())),
            many="Related records" in notes.get(name, ()),
        )
        for name, kind in names_of(type(record.fields)).items()
        if issubclass(kind, Fields)
    ]


def _record_of(kind: type[Fields], module: ModuleType) -> type[Record] | None:
    home = import_module(kind.__module__) if kind.__module__ else module
    record = getattr(home, kind.__name__.removesuffix("Fields"), None)
    is_record = inspect.isclass(record) and issubclass(record, Record)
    return record if is_record and names_of(kind) else None


def nested_of(
    item: type[Item] | None, path: str
) -> Iterator[tuple[str, Endpoint[Any]]]:
    """Yield each resource below another's records, with its path."""
    for endpoint in item.endpoints().values() if item else ():
        nested = f"{path}[id].{endpoint.path}"
        yield nested, endpoint
        yield from nested_of(endpoint.item, nested)


def field_notes(record: type[Record]) -> dict[str, tuple[str, ...]]:
    """Return what the docstring below each field of a record says, in parts."""
    notes: dict[str, tuple[str, ...]] = {}
    for kind in reversed(record.__mro__):
        notes.update(_notes_of(kind.__module__).get(kind.__name__, {}))
    return notes


@cache
def _notes_of(module: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the docstrings below fields, for each class of a module."""
    if not module.startswith("sage200_async.catalog.models."):
        return {}
    tree = ast.parse(inspect.getsource(import_module(module)))
    return {
        node.name: {
            name: tuple(text.rstrip(".").split(", "))
            for name, text in documented(node).items()
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def documented(node: ast.ClassDef) -> dict[str, str]:
    """Return the docstring below each name that a class declares."""
    pairs = zip(node.body, node.body[1:], strict=False)
    return {
        target.id: text
        for above, below in pairs
        if isinstance(above, ast.AnnAssign) and isinstance(below, ast.Expr)
        for target, text in [(above.target, _text(below))]
        if isinstance(target, ast.Name) and text
    }


def _text(node: ast.Expr) -> str:
    match node.value:
        case ast.Constant(value=str(text)):
            return text
        case _:
            return ""


@cache
def titles() -> dict[str, str]:
    """Return the docstring of each resource of the client, by its attribute."""
    module = import_module("sage200_async.catalog.endpoints")
    tree = ast.parse(inspect.getsource(module))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return documented(next(n for n in classes if n.name == "Endpoints"))


def pages_by_record() -> dict[str, str]:
    """Return the resource that lists or gets each record, by the record's name."""
    names: dict[str, str] = {}
    for path, endpoint in endpoints().items():
        if endpoint.record and endpoint.verbs & {"list", "get"}:
            names.setdefault(endpoint.record.__name__, path)
    return names
