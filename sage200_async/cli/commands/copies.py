"""Commands that copy resources, and compare the copies."""

from __future__ import annotations

from typing import Any, Final

import click

from sage200_async.cli import extract as extract_command
from sage200_async.cli import verify as verify_command
from sage200_async.cli.config import PROFILE
from sage200_async.cli.destination import ExtractOptions, explicit_options
from sage200_async.cli.options import export_options, sync_options, verify_options
from sage200_async.cli.running import run_async

_GO_ON: Final = "what is stored stays; run the same command again, and it continues"


@click.command()
@PROFILE
@export_options
def export(resources: tuple[str, ...], **options: Any) -> int:
    """Copy whole RESOURCES to files or a database, and prove them complete.

    Files appear only when they are complete, each with a manifest that holds
    the proof. If the command is interrupted, run it again: it continues. What
    is complete already is not read again.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return run_async(
        extract_command.export_all(resources, extract_options), advice=_GO_ON
    )


@click.command()
@PROFILE
@sync_options
def sync(resources: tuple[str, ...], **options: Any) -> int:
    """Update copies of RESOURCES in a database.

    Changed records are upserted by key; deleted ones are marked as deleted.
    Run it again to bring the copies up to date.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return run_async(
        extract_command.sync_all(resources, extract_options), advice=_GO_ON
    )


@click.command()
@PROFILE
@verify_options
def verify(resources: tuple[str, ...], *, limit: int, **options: Any) -> int:
    """Compare copies of RESOURCES with the company, and show what differs.

    Nothing is written. Pass the options that the copies were made with. The exit
    status is 0 if all are equal, 1 if a copy differs or could not be compared,
    and 3 if all are equal but for records that cannot be read.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return run_async(
        verify_command.verify_all(resources, extract_options, limit=limit),
        advice="nothing was compared to its end; run the command again",
    )
