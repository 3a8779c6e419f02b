"""``sage200 get``, ``create``, ``update`` and ``delete``: one record at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from sage200_async import Sage200Client
from sage200_async.cli.config import request_settings
from sage200_async.cli.load_rows import convert
from sage200_async.cli.query import QueryArguments, known_endpoint, refine
from sage200_async.errors import QueryError
from sage200_async.extract.rows import json_text
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import look_up
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import DECODING_ERRORS, Untyped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sage200_async.query.endpoint import Endpoint
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response

_STANDARD_INPUT: Final = "-"


async def get(
    resource: str, key: int, arguments: QueryArguments, *, dry_run: bool
) -> None:
    """Print one record as JSON."""

    async def read(collection: Any) -> Any:
        narrowed: Any = refine(collection, arguments)
        return await narrowed.get(key)

    await _run(resource, "get", read, dry_run=dry_run)


async def create(resource: str, values: Untyped, *, dry_run: bool) -> None:
    """Create a record, and print it as Sage returns it."""

    async def write(collection: Any) -> Any:
        return await collection.create(values)

    await _run(resource, "create", write, dry_run=dry_run)


async def update(resource: str, key: int, values: Untyped, *, dry_run: bool) -> None:
    """Update a record, and print it as Sage returns it."""

    async def write(collection: Any) -> Any:
        return await collection.update(key, values)

    await _run(resource, "update", write, dry_run=dry_run)


async def delete(resource: str, key: int, *, dry_run: bool) -> None:
    """Delete a record."""

    async def write(collection: Any) -> None:
        await collection.delete(key)

    await _run(resource, "delete", write, dry_run=dry_run)


def values_of(resource: str, pairs: Sequence[str], file: Path | None) -> Untyped:
    """Return the fields of a record from ``FIELD=VALUE`` and a file with JSON.

    Raises:
        click.UsageError: A pair, a value or the file cannot be read, or there is none.
        UnknownFieldError: The record has no such field.
    """
    endpoint = known_endpoint(resource)
    values = {} if file is None else _from_json(file)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            message = f"expected FIELD=VALUE such as name=North, got {pair!r}"
            raise click.UsageError(message)
        values[name] = _value(endpoint, name, text)
    if not values:
        raise click.UsageError(
            "there are no values: name them as FIELD=VALUE, or --values"
        )
    return values


def _value(endpoint: Endpoint[Any], name: str, text: str) -> Any:
    if endpoint.fields is None:
        return text
    field = look_up(endpoint.fields, name)
    if not isinstance(field, Field):
        message = (
            f"{name}: related records cannot be written as text; use --values FILE"
        )
        raise click.UsageError(message)
    try:
        return convert(field.kind, text)
    except ValueError as error:
        raise click.UsageError(f"{name}: {error}") from error


def _from_json(file: Path) -> Untyped:
    """Return the object in a file; ``-`` is standard input."""
    is_input = str(file) == _STANDARD_INPUT
    try:
        data = sys.stdin.buffer.read() if is_input else file.read_bytes()
        values: Untyped = decoder_for(Untyped).decode(
            data.removeprefix(b"\xef\xbb\xbf")
        )
    except (OSError, *DECODING_ERRORS) as error:
        message = f"--values {file}: expected one JSON object: {error}"
        raise click.UsageError(message) from error
    return values


async def _run(
    resource: str,
    verb: str,
    action: Callable[[Any], Awaitable[Any]],
    *,
    dry_run: bool,
) -> None:
    endpoint = known_endpoint(resource)
    if verb not in endpoint.verbs:
        message = f"{resource} cannot {verb}; `sage200 describe {resource}` shows its operations"
        raise QueryError(message)
    transport: Transport | None = _Shows() if dry_run else None
    async with Sage200Client(request_settings(), transport=transport) as client:
        try:
            record = await action(getattr(client, resource))
        except _Shown:
            return
    if record is not None:
        click.echo(json_text(record))


class _Shown(Exception):
    """The request was shown rather than sent."""


class _Shows:
    """A transport that prints a request in place of sending it."""

    async def send(self, request: Request) -> Response:
        """Print *request*.

        Raises:
            _Shown: Always.
        """
        query = f"?{request.query}" if request.query else ""
        click.echo(f"{request.method} {request.base_url}{request.path}{query}")
        if request.body:
            body = msgspec.json.format(bytes(request.body), indent=2)
            click.echo(body.decode())
        raise _Shown
