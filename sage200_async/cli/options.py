"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DATA = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of NDJSON files, one per resource, such as customers.ndjson; they "
    "are served instead of generated records.",
)
SEED = click.option(
    "--seed",
    default=1,
    show_default=True,
    help="Seed of the generated company; the same seed gives the same records.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
FILTER = click.option("--filter", help='OData condition, such as "balance gt 1000".')
SELECT = click.option("--select", help="Fields, separated by commas: id,name.")
EXPAND = click.option(
    "--expand",
    help="Related records, separated by commas; `sage200 describe` lists them.",
)
PAGE_SIZE = click.option(
    "--page-size", type=int, help="Records per request, 1 to 5000."
)

_COPY_OPTIONS = (
    click.argument("resources", nargs=-1, required=True),
    click.option(
        "--workers",
        default=8,
        show_default=True,
        type=click.IntRange(1),
        help="Parallel requests per resource.",
    ),
    FILTER,
    SELECT,
    EXPAND,
    PAGE_SIZE,
    click.option(
        "--related",
        type=click.Choice(("json", "tables")),
        default="json",
        show_default=True,
        help="Store related records as JSON, or in tables of their own.",
    ),
    click.option("--prefix", default="", help="Prefix of table names in a database."),
)


def copy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `export` and `sync` have in common."""
    for option in reversed(_COPY_OPTIONS):
        command = option(command)
    return command
