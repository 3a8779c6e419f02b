"""``sage200 resources`` and ``sage200 describe``: what the catalog knows."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.cli.output import align_columns
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.query.endpoint import Endpoint, Item

_OPERATIONS = ("list", "get", "create", "update", "update_many", "delete")


def resources(pattern: str) -> None:
    """Print the resources whose names match *pattern*, or contain it."""
    glob = pattern if any(mark in pattern for mark in "*?[") else f"*{pattern}*"
    # A few have no operations: they only lead to nested resources.
    endpoints = {
        name: endpoint
        for name, endpoint in Endpoints.endpoints().items()
        if endpoint.verbs
    }
    names = fnmatch.filter(endpoints, glob)
    head = ("resource", "operations", "key", "watermark")
    for line in align_columns([head, *(_row(name, endpoints[name]) for name in names)]):
        click.echo(line)
    click.echo(f"{len(names)} of {len(endpoints)} resources", err=True)


def _row(name: str, endpoint: Endpoint[Any]) -> tuple[str, ...]:
    listed = " ".join(operations(endpoint))
    return (name, listed, endpoint.key or "-", endpoint.watermark or "-")


def describe(name: str, endpoint: Endpoint[Any], *, as_json: bool) -> None:
    """Print a resource's properties, fields and related records."""
    about = description(name, endpoint)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(about)).decode())
        return
    properties = {**about.properties, "operations": " ".join(about.operations)}
    for title, text in properties.items():
        click.echo(f"{title:<14} {text or '-'}")
    for path in about.nested:
        click.echo(f"{'nested':<14} {path}")
    for title, types in (("fields", about.fields), ("expandable", about.expandable)):
        click.echo(f"\n{title}")
        for field, type_name in types.items():
            click.echo(f"  {field:<42} {type_name}")


class Description(Struct, frozen=True):
    """What the catalog knows about a resource."""

    resource: str
    properties: dict[str, str]
    """Key, watermark, order and so on; empty where there is none."""
    operations: list[str]
    nested: list[str]
    """The paths of nested resources."""
    fields: dict[str, str]
    """The type of each field."""
    expandable: dict[str, str]
    """The record of each name that `expand` takes."""


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
        fields={
            field: kind.kind for field, kind in types.items() if issubclass(kind, Field)
        },
        expandable={
            field: kind.__name__.removesuffix("Fields")
            for field, kind in types.items()
            if issubclass(kind, Fields)
        },
    )


def operations(endpoint: Endpoint[Any]) -> list[str]:
    """Return the names of a resource's operations, reading first."""
    return [name for name in _OPERATIONS if name in endpoint.verbs]


def nested_paths(path: str, item: type[Item] | None) -> Iterator[str]:
    """Yield the paths of the resources nested in another, at all levels."""
    for endpoint in item.endpoints().values() if item else ():
        nested = f"{path}/{{id}}/{endpoint.path}"
        yield nested
        yield from nested_paths(nested, endpoint.item)
