"""Commands that need no Sage 200: the demo and the sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from sage200_async.cli import demo as demo_command
from sage200_async.cli import sandbox as sandbox_command
from sage200_async.cli.options import DATA, SEED
from sage200_async.cli.running import run_async


@click.command()
@DATA
@SEED
@click.option(
    "--records",
    default=40_000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Number of generated products.",
)
def demo(data: Path | None, seed: int, records: int) -> None:
    """Run a query against a sandbox, and check the records."""
    run_async(demo_command.demo(data=data, seed=seed, records=records))


@click.command()
@DATA
@SEED
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--port", default=0, show_default=True, help="Port to listen on; 0 is a free one."
)
@click.option(
    "--records",
    multiple=True,
    metavar="RESOURCE=N",
    help="Number of generated records of a resource, such as customers=500; "
    "repeatable.",
)
@click.option(
    "--database",
    default=":memory:",
    show_default=True,
    help="SQLite file for the records; :memory: keeps them in memory only.",
)
@click.option(
    "--ask-consent",
    is_flag=True,
    help="Show a page that asks the user for consent at sign-in.",
)
def sandbox(
    data: Path | None,
    seed: int,
    host: str,
    port: int,
    records: tuple[str, ...],
    database: str,
    *,
    ask_consent: bool,
) -> None:
    """Serve a sandbox, a Sage 200 on this machine, until interrupted.

    The first line of output is a JSON object with the settings that a
    client needs.
    """
    counts = sandbox_command.parse_counts(records)
    run_async(
        sandbox_command.serve(
            data=data,
            seed=seed,
            host=host,
            port=port,
            records=counts,
            database=database,
            ask_consent=ask_consent,
        )
    )
