"""Where each field of a view comes from."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from msgspec import Raw, Struct

from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.schema.enums import FIELD_VALUES, field_values
from sage200_async.sandbox.schema.tables import Table, shape_of
from sage200_async.sandbox.store.rows import encode
from sage200_async.sandbox.store.view_specs import VIEWS, ViewSpec

if TYPE_CHECKING:
    from sage200_async.sandbox.schema.tables import Shape

ROW: Final = "line"
"""The source that is a row of the record's list."""
_COMPUTED: Final = frozenset({"customers", "products", "suppliers"})
# Resources some of whose views have fields that are computed from others.
_ADDRESS: Final = "_location_full_address"
OVER_LIMIT: Final = "is_over_credit_limit"
"""Whether a trader's balance is above its credit limit."""
STOCK_LEVELS: Final = {
    "quantity_reserved": "quantity_reserved",
    "confirmed_quantity_in_stock": "confirmed_qty_in_stock",
    "unconfirmed_quantity_in_stock": "unconfirmed_qty_in_stock",
    "actual_quantity": "quantity_in_stock",
    "quantity_allocated_stock": "quantity_allocated_stock",
    "quantity_allocated_sop": "quantity_allocated_sop",
    "quantity_allocated_bom": "quantity_allocated_bom",
    "quantity_on_pop_order": "quantity_on_order",
    "reorder_level": "reorder_level",
}
"""Stock levels of a product: the sums of these fields of its holdings."""
_COMPUTED_FIELDS: Final = {OVER_LIMIT, *STOCK_LEVELS}
_BLANKS: Final = {"text": b'""', "integer": b"0", "number": b"0", "boolean": b"false"}


class Field(Struct, frozen=True):
    """One field of a view."""

    name: str
    source: str
    """``""`` for the record, else `ROW` or a prefix in the view's spec."""
    source_name: str
    """Its name there; ``""`` if it has no source."""
    numbers: dict[bytes, Raw] | None
    """Numbers of an enum's values, where the view has those instead."""
    blank: bytes
    """Its JSON where there is no value; ``b""`` if it is left out then."""
    is_optional: bool
    """Whether records often lack it: times, and what has no known type."""
    is_copied: bool
    """Whether its value is that of its source, as it stands there."""


class Plan(Struct, frozen=True):
    """How the rows of a view are made."""

    table: Table
    spec: ViewSpec
    fields: tuple[Field, ...]
    base_column: str
    """The view's field that holds the id of the record; ``""`` if that is its key."""

    key_field: Field
    """The field that identifies a row."""
    full_addresses: tuple[str, ...]
    """The fields that are whole addresses."""
    list_parts: frozenset[str]
    """Prefixes of related records that are one of a list."""

    @property
    def is_computed(self) -> bool:
        """Whether some fields are computed from others."""
        return self.spec.base in _COMPUTED

    def columns_of(self, resource: str) -> list[str]:
        """Return the view's fields that hold ids of *resource*; ``"*"`` if none does."""
        links = self.spec.links.items()
        names = [f"{prefix}id" for prefix, (path, _) in links if path == resource]
        return [name if name in self.table.shape.scalars else "*" for name in names]


@functools.cache
def plan_of(view: str) -> Plan:
    """Return how the rows of a view are made."""
    spec, table = VIEWS[view], load_catalog().tables[view]
    shapes = _shapes_of(spec)
    fields = tuple(
        _field(spec, shapes, name, kind) for name, kind in table.shape.scalars.items()
    )
    base_column = f"{spec.base_prefix}id" if spec.rows else ""
    key = next(field for field in fields if field.name == table.key)
    addresses = (name for name in table.shape.scalars if name.endswith(_ADDRESS))
    lists = load_catalog().tables[spec.base].shape.lists
    parts = frozenset(prefix for prefix, name in spec.parts.items() if name in lists)
    return Plan(table, spec, fields, base_column, key, tuple(addresses), parts)


def _shapes_of(spec: ViewSpec) -> dict[str, Shape]:
    """Return the shape of each source of a view."""
    tables = load_catalog().tables
    base = tables[spec.base].shape
    shapes = {"": base} | {
        prefix: tables[path].shape for prefix, (path, _) in spec.links.items()
    }
    for prefix, name in spec.parts.items():
        shapes[prefix] = shape_of(base.expandables[name])
    if spec.rows:
        shapes[ROW] = shape_of(base.expandables[spec.rows])
    return shapes


def _field(spec: ViewSpec, shapes: dict[str, Shape], name: str, kind: str) -> Field:
    source, source_name = _source_of(spec, shapes, name)
    source_kind = shapes[source].scalars.get(source_name, "") if source_name else ""
    numbers = None
    if source_kind == "enum" and kind in {"integer", "any"}:
        values = field_values(source_name, load_catalog().tables)
        numbers = {
            encode(value): Raw(b"%d" % number) for number, value in enumerate(values)
        }
    blank = _BLANKS.get(kind, b"")
    if kind == "enum":
        blank = encode(FIELD_VALUES.get(name, ("",))[0])
    is_optional = not blank
    if not source and source_name in shapes[""].served and numbers is None:
        blank = b""  # what the record lacks is not in the view either
    is_copied = bool(source_name) and numbers is None and not is_computed(spec, name)
    return Field(name, source, source_name, numbers, blank, is_optional, is_copied)


def _source_of(spec: ViewSpec, shapes: dict[str, Shape], name: str) -> tuple[str, str]:
    """Return the source of a field and its name there; ``""`` where there is none."""
    if name in spec.renamed:
        return split_path(spec.renamed[name])
    for prefix, (_, key) in spec.links.items():
        if name == f"{prefix}id":
            return split_path(key)
    prefixes = {prefix: prefix for prefix in shapes if prefix not in {"", ROW}}
    if spec.rows:
        prefixes[spec.row_prefix] = ROW
    if spec.base_prefix:
        prefixes[spec.base_prefix] = ""
    for prefix in sorted(prefixes, key=len, reverse=True):
        rest, source = name.removeprefix(prefix), prefixes[prefix]
        if rest != name and rest in shapes[source].scalars:
            return source, rest
    if name in shapes[""].scalars:
        return "", name
    if name.endswith("_id"):  # of an enum that the record holds as text
        return _source_of(spec, shapes, name.removesuffix("_id"))
    return "", ""


def split_path(path: str) -> tuple[str, str]:
    """Return the source and the name in a path such as ``line.product_id``."""
    source, _, name = path.rpartition(".")
    return source, name


def is_computed(spec: ViewSpec, name: str) -> bool:
    """Whether a field of a view is computed from others."""
    computed = name in _COMPUTED_FIELDS or name.endswith(_ADDRESS)
    return spec.base in _COMPUTED and computed
