"""``sage200 query``: run one query, and print its records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from sage200_async import Sage200Client, raw
from sage200_async.catalog import Endpoints
from sage200_async.cli.config import request_settings
from sage200_async.cli.messages import note, warning
from sage200_async.cli.query_output import OutputOptions, checked_format, write_records
from sage200_async.errors import QueryError
from sage200_async.odata.enums import near_miss
from sage200_async.odata.namespaces import known_values
from sage200_async.odata.suggest import nearest

if TYPE_CHECKING:
    from sage200_async.odata.namespaces import Fields
    from sage200_async.query.collection import CollectionQuery
    from sage200_async.query.endpoint import Endpoint

_TOKEN_NOT_STORED: Final = (
    "note: Sage may replace SAGE200_REFRESH_TOKEN when it is used, and the new token is "
    "lost when this command ends; set SAGE200_TOKEN_STORE, or run `sage200 login`, to "
    "store it"
)

_COMPARISON: Final = re.compile(r"(\w+) (?:eq|ne) '([^']*)'")


class QueryArguments(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 query``."""

    filter: str | None = None
    select: str | None = None
    expand: str | None = None
    order_by: str | None = None
    top: int | None = None
    skip: int | None = None
    page_size: int | None = None
    untyped: bool = False
    explain: bool = False


async def query(resource: str, options: QueryArguments, output: OutputOptions) -> None:
    """Read *resource* and write its records."""
    if not options.explain:
        checked_format(output)
    settings = request_settings()
    if settings.refresh_token and settings.token_store == "memory://":
        note(_TOKEN_NOT_STORED)
    async with Sage200Client(settings) as client:
        collection = _resource(client, resource, untyped=options.untyped)
        collection = refine(collection, options)
        if options.explain:
            click.echo(str(collection.explain()))
            return
        await write_records(collection, output)


def refine(
    collection: CollectionQuery[Any], options: QueryArguments
) -> CollectionQuery[Any]:
    """Apply *options* to a query."""
    if options.filter:
        collection = collection.filter(raw(options.filter))
        _warn_of_values(collection.endpoint.fields, options.filter)
    collection = collection.select(*_names(options.select)).expand(
        *_names(options.expand)
    )
    collection = collection.order_by(*_names(options.order_by))
    for name in ("top", "skip", "page_size"):
        value = getattr(options, name)
        if value is not None:
            collection = getattr(collection, name)(value)
    return collection


def _warn_of_values(fields: Fields | None, condition: str) -> None:
    """Print which values of enums are surely misspelt; the server finds none of them."""
    for name, value in _COMPARISON.findall(condition):
        known = () if fields is None else known_values(type(fields), name)
        meant = near_miss(value, known)
        if meant is not None:
            warning(
                f"warning: --filter has {value!r}, which is no known {name}; did you mean "
                f"{meant!r}?"
            )


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _resource(
    client: Sage200Client, name: str, *, untyped: bool
) -> CollectionQuery[Any]:
    if untyped:
        return client.resource(name)
    require_listed(name)
    resource: CollectionQuery[Any] = client.run(known_endpoint(name).query)
    return resource


def require_listed(name: str) -> None:
    """Refuse what is not the name of a resource that can be listed.

    Raises:
        QueryError: It is not in the catalog, or it cannot be listed.
    """
    if "list" not in known_endpoint(name).verbs:
        raise QueryError(
            f"{name} cannot be listed; `sage200 describe {name}` shows its operations"
        )


def known_endpoint(name: str) -> Endpoint[Any]:
    """Return the endpoint of a resource in the catalog.

    Raises:
        QueryError: There is none of that name; the message names the nearest.
    """
    endpoints = Endpoints.endpoints()
    if name not in endpoints:
        closest = nearest(name, endpoints)
        hint = "" if closest is None else f"; the nearest is {closest}"
        raise QueryError(
            f"unknown resource {name!r}{hint}; `sage200 resources` lists the catalog, "
            "and `sage200 query --untyped` takes any name"
        )
    return endpoints[name]
