"""Commands that write to Sage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from sage200_async.cli import load as load_command
from sage200_async.cli.config import PROFILE
from sage200_async.cli.running import run_async

_GO_ON: Final = "run the same command again, and it continues; no row is written twice"


@click.command()
@PROFILE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", required=True, metavar="RESOURCE", help="Where rows go.")
@click.option(
    "--journal",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that says what was sent. Run the command again with it to go on.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="FIELD",
    help="Field that no two records share; repeatable. Default: the catalog's.",
)
@click.option(
    "--marker",
    metavar="FIELD",
    help="For documents such as sales_invoices: the field that they are found again "
    "by. Default: the catalog's.",
)
@click.option(
    "--at-most-once",
    is_flag=True,
    help="Send each row once, though it cannot be found again.",
)
@click.option(
    "--map",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="Field that a column is for; without FIELD the column is left out.",
)
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook that has several.")
@click.option(
    "--numbers-as-text",
    is_flag=True,
    help="Take numbers of a workbook as texts where the field is a text, though Excel "
    "drops leading zeros.",
)
@click.option(
    "--workers",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Requests at once.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    help="Seconds until a lost request has surely been carried out. Default: 300.",
)
@click.option(
    "--not-done",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file for the rows that are not done, each with the reason.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would be sent, and send nothing."
)
def load(file: Path, **options: Any) -> int:
    """Write the rows of FILE (CSV, NDJSON, Parquet or xlsx), each of them once at most.

    Records that are missing are created; of others, the fields that differ are
    updated. The columns are the record's fields, as `sage200 describe` shows
    them; an empty cell leaves its field as it is. If the command is
    interrupted, run it again: no row is written twice.
    """
    return run_async(
        load_command.load(file, load_command.LoadOptions(**options)), advice=_GO_ON
    )
