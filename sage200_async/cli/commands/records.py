"""Commands on one record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from sage200_async.cli import records
from sage200_async.cli.completion import complete_any_resource
from sage200_async.cli.config import PROFILE
from sage200_async.cli.options import EXPAND, SELECT
from sage200_async.cli.query import QueryArguments
from sage200_async.cli.running import run_async

_UNKNOWN: Final = "whether Sage has done it is not known: look before you run it again"
_RESOURCE: Final = click.argument("resource", shell_complete=complete_any_resource)
_ID: Final = click.argument("key", metavar="ID", type=int)
_DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Show the request, and send nothing."
)


def _values(command: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--values",
        "file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="JSON object with values, related records among them; - is standard input.",
    )
    argument = click.argument("pairs", metavar="[FIELD=VALUE]...", nargs=-1)
    return argument(option(command))


@click.command()
@PROFILE
@_RESOURCE
@_ID
@SELECT
@EXPAND
@_DRY_RUN
def get(
    resource: str, key: int, select: str | None, expand: str | None, *, dry_run: bool
) -> None:
    """Print the record of RESOURCE with this ID as JSON."""
    arguments = QueryArguments(select=select, expand=expand)
    run_async(records.get(resource, key, arguments, dry_run=dry_run))


@click.command()
@PROFILE
@_RESOURCE
@_values
@_DRY_RUN
def create(
    resource: str, pairs: tuple[str, ...], file: Path | None, *, dry_run: bool
) -> None:
    """Create a record of RESOURCE, and print it.

    It is sent once. For many records, or where a lost reply must not double one, use
    `sage200 load`.
    """
    values = records.values_of(resource, pairs, file)
    run_async(records.create(resource, values, dry_run=dry_run), advice=_UNKNOWN)


@click.command()
@PROFILE
@_RESOURCE
@_ID
@_values
@_DRY_RUN
def update(
    resource: str,
    key: int,
    pairs: tuple[str, ...],
    file: Path | None,
    *,
    dry_run: bool,
) -> None:
    """Change fields of the record of RESOURCE with this ID, and print it."""
    values = records.values_of(resource, pairs, file)
    run_async(records.update(resource, key, values, dry_run=dry_run), advice=_UNKNOWN)


@click.command()
@PROFILE
@_RESOURCE
@_ID
@_DRY_RUN
def delete(resource: str, key: int, *, dry_run: bool) -> None:
    """Delete the record of RESOURCE with this ID."""
    run_async(records.delete(resource, key, dry_run=dry_run), advice=_UNKNOWN)
