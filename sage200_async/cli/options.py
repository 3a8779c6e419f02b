"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from sage200_async.cli.completion import (
    complete_fields,
    complete_related,
    complete_resource,
)
from sage200_async.cli.duration import duration

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
SELECT = click.option(
    "--select",
    help="Fields, separated by commas: id,name.",
    shell_complete=complete_fields,
)
EXPAND = click.option(
    "--expand",
    shell_complete=complete_related,
    help="Related records, separated by commas; `sage200 describe` lists them.",
)
PAGE_SIZE = click.option(
    "--page-size", type=int, help="Records per request, 1 to 5000."
)

_COPY_OPTIONS = (
    click.argument(
        "resources", nargs=-1, required=True, shell_complete=complete_resource
    ),
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
        type=click.Choice(("json", "tables", "nested")),
        default="json",
        show_default=True,
        help="Store related records as JSON, in tables of their own, or nested as lists "
        "in files of Parquet, Arrow and NDJSON.",
    ),
    AS_JSON,
    click.option(
        "--password-file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with the password of a PostgreSQL database. PGPASSWORD and a .pgpass "
        "file do as well; in --to other users of the machine can see it.",
    ),
    click.option("--prefix", default="", help="Prefix of table names in a database."),
    click.option(
        "--rejects",
        metavar="FILE",
        type=click.Path(),
        help="NDJSON file to which records are appended that cannot be read or stored; "
        "without it, the first one ends the resource.",
    ),
    click.option(
        "--resume/--restart",
        default=True,
        show_default=True,
        help="Continue what was interrupted, or drop it and start again.",
    ),
    click.option(
        "--replace",
        is_flag=True,
        help="Replace a copy of another query in a database, once the new one is "
        "complete.",
    ),
    click.option(
        "--drop-columns",
        is_flag=True,
        help="Drop columns of a copy in a database that are not selected any more.",
    ),
)


_EXPORT_OPTIONS = (
    *_COPY_OPTIONS,
    click.option(
        "--to",
        required=True,
        help="Folder, or URL of a database such as sqlite:///copy.db.",
    ),
    click.option(
        "--format",
        type=click.Choice(("ndjson", "csv", "parquet", "arrow")),
        default="ndjson",
        show_default=True,
        help="File format.",
    ),
    click.option(
        "--compress",
        type=click.Choice(("gzip", "zstd")),
        help="Compression of NDJSON and CSV files.",
    ),
    click.option(
        "--since",
        help="Only records changed since this time (UTC), such as 2026-01-31T08:00Z.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace a finished export."),
    click.option(
        "--bom",
        is_flag=True,
        help="Begin CSV files with a byte order mark, as Excel needs.",
    ),
    click.option(
        "--nulls",
        is_flag=True,
        help="Write every column in each line of NDJSON files, null or not.",
    ),
    click.option(
        "--neutralize-formulas",
        is_flag=True,
        help="Put an apostrophe before texts in CSV files that a spreadsheet would run "
        "as formulas.",
    ),
)

_SYNC_OPTIONS = (
    *_COPY_OPTIONS,
    click.option(
        "--to",
        required=True,
        help="URL of a database: sqlite:///copy.db, duckdb:///copy.duckdb or "
        "postgresql://user@host/name.",
    ),
    click.option(
        "--overlap",
        default="1h",
        show_default=True,
        type=duration,
        help="How far before the watermark changes are read again, for transactions "
        "that were committed late.",
    ),
    click.option(
        "--sweep-every",
        default="0",
        show_default=True,
        type=duration,
        help="How often keys and stamps of all records are compared with the copy, "
        "such as 1d; 0 is each time. Until then late changes and deletes are not seen.",
    ),
    click.option(
        "--whole-every",
        type=duration,
        help="How often everything is read again, such as 7d, for what no stamp "
        "shows; by default never.",
    ),
    click.option("--whole", is_flag=True, help="Read everything again, now."),
    click.option(
        "--max-deleted",
        default=0.1,
        show_default=True,
        type=click.FloatRange(0, 1),
        help="Largest fraction of the rows that one run may mark as deleted, 0 to 1.",
    ),
)


_VERIFY_OPTIONS = (
    *_COPY_OPTIONS,
    click.option(
        "--to",
        required=True,
        help="Folder, or URL of a database, with the copy.",
    ),
    click.option(
        "--since",
        help="Only records changed since this time, if they were exported so.",
    ),
    click.option(
        "--limit",
        default=20,
        show_default=True,
        type=click.IntRange(0),
        help="Largest number of differing rows to show; all are counted.",
    ),
)


def verify_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options of `verify`."""
    return _with(command, _VERIFY_OPTIONS)


def export_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options of `export`."""
    return _with(command, _EXPORT_OPTIONS)


def sync_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options of `sync`."""
    return _with(command, _SYNC_OPTIONS)


def _with(
    command: Callable[..., Any], options: Sequence[Callable[..., Any]]
) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
