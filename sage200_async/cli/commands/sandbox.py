"""Commands that need no Sage 200: the demo and the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
@sandbox_command.options
def sandbox(**options: Any) -> None:
    """Serve a sandbox, a Sage 200 on this machine, until interrupted.

    The first line of output is a JSON object with the settings that a
    client needs, unless --print says otherwise.
    """
    run_async(sandbox_command.serve(sandbox_command.SandboxArguments(**options)))
