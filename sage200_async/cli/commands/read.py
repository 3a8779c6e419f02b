"""Commands that print records, and what the catalog knows of them."""

from __future__ import annotations

from typing import Any

import click

from sage200_async.cli import describe as describe_command
from sage200_async.cli import query as query_command
from sage200_async.cli.options import AS_JSON, EXPAND, FILTER, PAGE_SIZE, SELECT
from sage200_async.cli.output import FORMATS
from sage200_async.cli.running import run_async


@click.command()
@click.argument("resource")
@FILTER
@SELECT
@EXPAND
@click.option("--order-by", help='Fields to sort by, such as "balance desc,id".')
@click.option("--top", type=int, help="Maximum number of records; default: all.")
@click.option("--skip", type=int, help="Number of records to skip.")
@PAGE_SIZE
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Output format. A table without --top shows 20 records. CSV and tables replace "
    "control characters in texts; NDJSON escapes them.",
)
@click.option(
    "--untyped", is_flag=True, help="Accept a RESOURCE that is not in the catalog."
)
@click.option(
    "--explain", is_flag=True, help="Print how it would be read, without a request."
)
def query(resource: str, **options: Any) -> None:
    """Read RESOURCE, and print its records."""
    run_async(query_command.query(resource, query_command.QueryArguments(**options)))


@click.command()
@click.argument("pattern", default="")
def resources(pattern: str) -> None:
    """List the resources with their operations, unique key and watermark.

    PATTERN is part of a name, or a pattern with * and ?, such as 'sop_*'.
    """
    describe_command.resources(pattern)


@click.command()
@click.argument("resource")
@AS_JSON
def describe(resource: str, *, as_json: bool) -> None:
    """Show a resource's operations, fields and types."""
    endpoint = query_command.known_endpoint(resource)
    describe_command.describe(resource, endpoint, as_json=as_json)
