"""``sage200 resources`` and ``sage200 describe``: what there is, without asking."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.cli.output import padded
from sage200_async.odata.fields import Field, Fields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.query.endpoint import Endpoint, Item


def resources(pattern: str) -> None:
    """Print the resources whose names match *pattern*, or hold it."""
    wanted = pattern if any(mark in pattern for mark in "*?[") else f"*{pattern}*"
    # A few can do nothing, and are only a way to what lies below them.
    known = {name: each for name, each in Endpoints.endpoints().items() if each.verbs}
    found = fnmatch.filter(known, wanted)
    rows = [("resource", "verbs", "key", "watermark")]
    for name in found:
        each = known[name]
        can = " ".join(verbs(each))
        rows.append((name, can, each.key or "-", each.watermark or "-"))
    for line in padded(rows):
        click.echo(line)
    click.echo(f"{len(found)} of {len(known)} resources", err=True)


def describe(name: str, endpoint: Endpoint[Any], *, as_json: bool) -> None:
    """Print all that is known of a resource."""
    about = description(name, endpoint)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(about)).decode())
        return
    plain = {**about.plain, "verbs": " ".join(about.verbs)}
    for title, text in plain.items():
        click.echo(f"{title:<14} {text or '-'}")
    for path in about.nested:
        click.echo(f"{'nested':<14} {path}")
    for title, kinds in (("fields", about.fields), ("members", about.members)):
        click.echo(f"\n{title}")
        for each, kind in kinds.items():
            click.echo(f"  {each:<42} {kind}")


class Description(Struct, frozen=True):
    """All that is known of a resource."""

    resource: str
    plain: dict[str, str]
    """Key, watermark, order and the like; empty where there is none."""
    verbs: list[str]
    nested: list[str]
    fields: dict[str, str]
    """Names, each with its type."""
    members: dict[str, str]
    """Names, each with its record."""


def description(name: str, endpoint: Endpoint[Any]) -> Description:
    """Put together all that is known of a resource."""
    record = endpoint.record
    fields: Fields = record.fields if record else Fields()
    kinds = names_of(type(fields))
    members = {each: kind for each, kind in kinds.items() if issubclass(kind, Fields)}
    return Description(
        resource=name,
        plain={
            "record": record.__name__ if record else "",
            "key": endpoint.key or "",
            "watermark": endpoint.watermark or "",
            "order": ", ".join(endpoint.default_order),
            "parameters": " ".join(endpoint.parameters),
            "edition": "professional" if endpoint.professional_only else "both",
            "pseudo-expands": " ".join(endpoint.extra_expands),
        },
        verbs=verbs(endpoint),
        nested=sorted(nested(endpoint.path, endpoint.item)),
        fields={
            each: kind.kind for each, kind in kinds.items() if issubclass(kind, Field)
        },
        members={
            each: kind.__name__.removesuffix("Fields") for each, kind in members.items()
        },
    )


def verbs(endpoint: Endpoint[Any]) -> list[str]:
    """Name what a resource can do, reading first."""
    order = ("list", "get", "create", "update", "update_many", "delete")
    return [verb for verb in order if verb in endpoint.verbs]


def nested(path: str, item: type[Item] | None) -> Iterator[str]:
    """Name the paths below a resource, all levels of them."""
    for endpoint in item.endpoints().values() if item else ():
        below = f"{path}/{{id}}/{endpoint.path}"
        yield below
        yield from nested(below, endpoint.item)
