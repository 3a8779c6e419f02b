"""What a record repeats of the records that it refers to: their names and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sage200_async.sandbox.schema.enums import field_values
from sage200_async.sandbox.schema.naming import referenced_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values

    Records = Callable[[str, int], Values]
    """Returns the plain fields of a record; none if there is no such record."""


def repeated_fields(
    values: Mapping[str, Any],
    scalars: Mapping[str, str],
    tables: Mapping[str, Table],
    records: Records,
) -> Values:
    """Return the fields of a record that repeat those of the records it refers to.

    A field is one if its name is that of an id, without ``id``, and the other's field:
    ``warehouse_name`` is the ``name`` of the record in ``warehouse_id``.

    Args:
        values: The record.
        scalars: Kinds of its fields.
        tables: Every resource.
        records: Returns a record that it refers to.
    """
    fields: Values = {}
    for prefix, path, key in _references(values, tables):
        other, kinds = records(path, key), tables[path].shape.scalars
        for name in scalars:
            rest = name.removeprefix(prefix)
            if rest in {name, "id"} or kinds.get(rest) != scalars[name]:
                continue
            if rest in other:
                fields[name] = other[rest]
    return fields | _numbers({**values, **fields}, scalars, tables)


def _references(
    values: Mapping[str, Any], tables: Mapping[str, Table]
) -> Iterator[tuple[str, str, int]]:
    """Yield the prefix, resource and id of what a record refers to; short ones first."""
    for name in sorted(values, key=len):
        if name.endswith("_id") and values[name]:
            path = referenced_resource(name, tables)
            if path and not path.endswith("_types"):
                yield name.removesuffix("id"), path, values[name]


def _numbers(
    values: Mapping[str, Any], scalars: Mapping[str, str], tables: Mapping[str, Table]
) -> Values:
    """Return the ids of enums whose value the record has as text."""
    numbers: Values = {}
    for name, kind in scalars.items():
        enum = name.removesuffix("_id")
        if enum != name and kind == "integer" and scalars.get(enum) == "enum":
            known = field_values(enum, tables)
            value = values.get(enum)
            numbers[name] = known.index(value) if value in known else 0
    return numbers
