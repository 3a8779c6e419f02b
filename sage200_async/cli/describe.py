"""``sage200 describe``: what the catalog knows of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.cli.example import Example, example_of
from sage200_async.cli.output import align_columns
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, known_values, names_of
from sage200_async.query.input_rules import InputRules, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.query.endpoint import Endpoint, Item

_OPERATIONS: Final = ("list", "get", "create", "update", "update_many", "delete")
_NO_RULES: Final = InputRules({}, {}, {}, {})


def describe(name: str, endpoint: Endpoint[Any], *, as_json: bool) -> None:
    """Print a resource's properties, fields, related records, and an example."""
    about = description(name, endpoint)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(about)).decode())
        return
    for line in _lines(about):
        click.echo(line)


class FieldDescription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the catalog knows about a field; what it does not know is left out."""

    type: str
    required: bool = False
    """Whether Sage's documents require it of a new record."""
    read_only: bool = False
    max_length: int | None = None
    """Characters of a text at most."""
    values: tuple[str, ...] = ()
    """The values of an enum that are known; there may be others."""
    values_in: str | None = None
    """The resource that lists the values of this company, going by its name."""


class Description(Struct, frozen=True):
    """What the catalog knows about a resource."""

    resource: str
    properties: dict[str, str]
    """Key, watermark, order and so on; empty where there is none."""
    operations: list[str]
    nested: list[str]
    """The paths of nested resources."""
    fields: dict[str, FieldDescription]
    expandable: dict[str, str]
    """The record of each name that `expand` takes."""
    example: Example | None
    """A query in Python and on the command line; None if it cannot be listed."""


def description(name: str, endpoint: Endpoint[Any]) -> Description:
    """Collect what the catalog knows about a resource."""
    record = endpoint.record
    fields: Fields = record.fields if record else Fields()
    types = names_of(type(fields))
    return Description(
        resource=name,
        properties={
            "record": record.__name__ if record else "",
            "key": endpoint.key or "",
            "watermark": endpoint.watermark or "",
            "order": ", ".join(endpoint.default_order),
            "parameters": " ".join(endpoint.parameters),
            "edition": "professional" if endpoint.professional_only else "both",
            "extra expands": " ".join(endpoint.extra_expands),
        },
        operations=operations(endpoint),
        nested=sorted(nested_paths(endpoint.path, endpoint.item)),
        fields=dict(_fields(name, type(fields))),
        expandable={
            field: kind.__name__.removesuffix("Fields")
            for field, kind in types.items()
            if issubclass(kind, Fields)
        },
        example=example_of(name, endpoint),
    )


def _fields(
    resource: str, namespace: type[Fields]
) -> Iterator[tuple[str, FieldDescription]]:
    rules = rules_of(namespace) or _NO_RULES
    for name, kind in names_of(namespace).items():
        if issubclass(kind, Field):
            length, _ = rules.lengths.get(name, (None, False))
            yield (
                name,
                FieldDescription(
                    type=kind.kind,
                    required=name in rules.required,
                    read_only=name in rules.read_only,
                    max_length=length,
                    values=known_values(namespace, name),
                    values_in=_values_in(resource, name, kind.kind),
                ),
            )


def _values_in(resource: str, field: str, kind: str) -> str | None:
    """Return the resource of an enum's values, if one is named for the field.

    That of the document comes before that of its ledger, and that before any other:
    a ``payment_type`` of ``sop_orders`` is in ``sop_order_payment_types``.
    """
    if kind != "enum":
        return None
    owner = resource.removesuffix("s")
    known = Endpoints.endpoints()
    for before in (f"{owner}_", f"{owner.partition('_')[0]}_", ""):
        for after in ("s", "_types"):
            name = f"{before}{field}{after}"
            if name.endswith("_types") and name in known:
                return name
    return None


def _lines(about: Description) -> Iterator[str]:
    properties = {**about.properties, "operations": " ".join(about.operations)}
    for title, text in properties.items():
        yield f"{title:<14} {text or '-'}"
    for path in about.nested:
        yield f"{'nested':<14} {path}"
    yield "\nfields"
    yield from _indented([_field_row(*item) for item in about.fields.items()])
    yield "\nexpandable"
    yield from _indented(list(about.expandable.items()))
    if about.example is not None:
        yield "\nin Python"
        yield from (f"  {line}" for line in about.example.python.splitlines())
        yield "\non the command line"
        yield f"  {about.example.command}"


def _indented(rows: list[tuple[str, ...]]) -> Iterator[str]:
    return (f"  {line}" for line in (align_columns(rows) if rows else ()))


def _field_row(name: str, field: FieldDescription) -> tuple[str, ...]:
    length = "" if field.max_length is None else f"({field.max_length})"
    notes = ["required"] if field.required else []
    notes += ["read-only"] if field.read_only else []
    notes += [f"such as {', '.join(field.values)}"] if field.values else []
    notes += [f"values in {field.values_in}"] if field.values_in else []
    return (name, field.type + length, "; ".join(notes))


def operations(endpoint: Endpoint[Any]) -> list[str]:
    """Return the names of a resource's operations, reading first."""
    return [name for name in _OPERATIONS if name in endpoint.verbs]


def nested_paths(path: str, item: type[Item] | None) -> Iterator[str]:
    """Yield the paths of the resources nested in another, at all levels."""
    for endpoint in item.endpoints().values() if item else ():
        nested = f"{path}/{{id}}/{endpoint.path}"
        yield nested
        yield from nested_paths(nested, endpoint.item)
