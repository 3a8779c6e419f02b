"""``sage200 query``: one query, from options to printed records."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from sage200_async import Sage200Client, raw
from sage200_async.catalog import Endpoints
from sage200_async.cli import config
from sage200_async.cli.output import WRITERS
from sage200_async.errors import QueryError
from sage200_async.odata.fields import Fields, names_of

if TYPE_CHECKING:
    from sage200_async.query.collection import CollectionQuery
    from sage200_async.query.endpoint import Endpoint

_GLANCE: Final = 20
# Records that a table shows when --top does not say.
_FORGETFUL: Final = (
    "note: the service may replace SAGE200_REFRESH_TOKEN when it is used, and the new "
    "one is lost when this command ends; SAGE200_TOKEN_STORE keeps it, and so does "
    "'sage200 login'"
)


class QueryArguments(Struct, frozen=True, kw_only=True):
    """What the command line asked for."""

    filter: str | None = None
    select: str | None = None
    expand: str | None = None
    order_by: str | None = None
    top: int | None = None
    skip: int | None = None
    page_size: int | None = None
    format: str = "table"
    untyped: bool = False
    explain: bool = False


async def query(resource: str, options: QueryArguments) -> None:
    """Read *resource* and print its records."""
    settings = config.settings()
    if settings.refresh_token and settings.token_store == "memory://":
        click.echo(_FORGETFUL, err=True)
    async with Sage200Client(settings) as client:
        made = refine(_resource(client, resource, untyped=options.untyped), options)
        if options.explain:
            click.echo(str(made.explain()))
            return
        await _print(made, options)


async def _print(made: CollectionQuery[Any], options: QueryArguments) -> None:
    glance = options.format == "table" and options.top is None
    asked = made.top(_GLANCE + 1) if glance else made
    writer = None
    written = 0
    async for record in asked:
        if glance and written == _GLANCE:
            click.echo(f"the first {_GLANCE}; --top N shows more", err=True)
            break
        writer = writer or WRITERS[options.format](_columns(made, record))
        writer.write(record)
        written += 1
    writer = writer or WRITERS[options.format](_columns(made, {}))
    writer.close()


def refine(made: CollectionQuery[Any], options: QueryArguments) -> CollectionQuery[Any]:
    """Put *options* on a query."""
    if options.filter:
        made = made.filter(raw(options.filter))
    made = made.select(*_names(options.select)).expand(*_names(options.expand))
    made = made.order_by(*_names(options.order_by))
    for name in ("top", "skip", "page_size"):
        value = getattr(options, name)
        if value is not None:
            made = getattr(made, name)(value)
    return made


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _resource(
    client: Sage200Client, name: str, *, untyped: bool
) -> CollectionQuery[Any]:
    if untyped:
        return client.resource(name)
    if "list" not in known_endpoint(name).verbs:
        raise QueryError(f"{name} is not listed: there is nothing to query")
    resource: CollectionQuery[Any] = getattr(client, name)
    return resource


def known_endpoint(name: str) -> Endpoint[Any]:
    """Find a resource of the catalog.

    Raises:
        QueryError: There is none of that name; the message names the nearest.
    """
    known = Endpoints.endpoints()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, 1, 0.4)
        hint = f"; the nearest is {nearest[0]}" if nearest else ""
        raise QueryError(
            f"expected a resource of the catalog, got {name!r}{hint}; "
            "'query --untyped' takes any"
        )
    return known[name]


def _columns(made: CollectionQuery[Any], record: Any) -> list[str]:
    """Name the columns: those selected, else the record's own."""
    if made.options.select:
        return [*made.options.select, *made.options.expand]
    model = made.endpoint.record
    if model is None:
        return list(record)
    fields: Fields = model.fields
    kinds = names_of(type(fields))
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    return [*plain, *made.options.expand]
