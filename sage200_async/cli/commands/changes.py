"""The command that watches resources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from sage200_async.cli import change_lines
from sage200_async.cli.completion import complete_resource
from sage200_async.cli.config import PROFILE
from sage200_async.cli.duration import duration
from sage200_async.cli.options import EXPAND, FILTER, SELECT
from sage200_async.cli.running import run_async

_GO_ON: Final = "what was not acknowledged comes again; run the same command again, and it continues"


def _seconds(name: str, default: str | None, text: str) -> Callable[..., Any]:
    return click.option(
        name,
        default=default,
        show_default=default is not None,
        type=duration,
        help=text,
    )


@click.command()
@PROFILE
@click.argument("resources", nargs=-1, required=True, shell_complete=complete_resource)
@click.option(
    "--state",
    required=True,
    help="File of SQLite with what was acknowledged, such as state.db, or the URL of a "
    "PostgreSQL database for several machines. It holds whole records.",
)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the password of a PostgreSQL database.",
)
@FILTER
@SELECT
@EXPAND
@_seconds("--every", "30s", "From one poll to the next.")
@_seconds("--overlap", "1h", "How far before the newest stamp changes are read again.")
@_seconds(
    "--sweep-every",
    "1h",
    "How often keys and stamps of all records are compared; until then late changes and "
    "deletes are not seen. 0 is each time.",
)
@_seconds("--whole-every", None, "How often everything is read again; default: never.")
@click.option(
    "--max-deleted",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Largest fraction of the records that may be deleted at once.",
)
@_seconds("--lease", "60s", "Until another process takes over from a killed one.")
@_seconds(
    "--give-up-after", "1h", "Without a successful poll, until the command fails."
)
@click.option(
    "--workers",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Parallel requests.",
)
@click.option(
    "--snapshot/--no-snapshot",
    default=True,
    show_default=True,
    help="Whether a new state begins with the records that are there, as created.",
)
@click.option(
    "--compare-whole",
    is_flag=True,
    help="Read resources without stamps as a whole at each poll.",
)
@click.option("--once", is_flag=True, help="End after one poll, as for cron.")
@click.option(
    "--explain",
    is_flag=True,
    help="Print what is compared and what cannot be seen; send nothing.",
)
def watch(resources: tuple[str, ...], **options: Any) -> None:
    """Print each change of RESOURCES as one line of JSON.

    A change is acknowledged once it is written: one that was not comes again, so that
    each comes at least once. One process prints for one state; others wait, and take
    over when it is killed.
    """
    run_async(
        change_lines.watch(resources, change_lines.WatchOptions(**options)),
        advice=_GO_ON,
    )
