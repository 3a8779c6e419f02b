"""The last lines of an export or a sync, and the exit status that they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from sage200_async.cli.exit_status import DONE, FAILED, SIGN_IN, status_of
from sage200_async.cli.output import align_columns, print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.extract.run_many import Outcome
    from sage200_async.extract.sync import SyncResult
    from sage200_async.paging.certificate import Certificate

_EXPORT_HEAD: Final = ("resource", "records", "requests", "max_key", "proof")
_SYNC_HEAD: Final = ("resource", "read", "deleted", "watermark", "proof")


def report_exports(
    resources: Sequence[str],
    finished: Mapping[str, Certificate],
    outcomes: Sequence[Outcome[Certificate]],
) -> int:
    """Print one line for each export, and its errors; return the exit status.

    Args:
        resources: The resources, in the order of the lines.
        finished: The certificates of those that were exported before.
        outcomes: How the others have ended.
    """
    rows = {name: _export_row(name, proof) for name, proof in finished.items()}
    rows |= {one.name: _export_row(one.name, one.result) for one in outcomes}
    print_lines(align_columns([_EXPORT_HEAD, *(rows[name] for name in resources)]))
    for name in finished:
        message = f"{name}: already complete; pass --overwrite to read it anew"
        click.echo(message, err=True)
    return _status(outcomes)


def report_syncs(outcomes: Sequence[Outcome[SyncResult]]) -> int:
    """Print one line for each sync, and its errors; return the exit status."""
    print_lines(align_columns([_SYNC_HEAD, *map(_sync_row, outcomes)]))
    return _status(outcomes)


def _export_row(name: str, certificate: Certificate | None) -> tuple[str, ...]:
    if certificate is None:
        return (name, "-", "-", "-", "failed")
    return (
        name,
        f"{certificate.records:,}",
        f"{certificate.requests:,}",
        str(certificate.max_key or "-"),
        certificate.proof,
    )


def _sync_row(outcome: Outcome[SyncResult]) -> tuple[str, ...]:
    result = outcome.result
    if result is None:
        return (outcome.name, "-", "-", "-", "failed")
    time = result.watermark
    return (
        outcome.name,
        f"{result.read:,}",
        f"{result.deleted:,}",
        "-" if time is None else f"{time:%Y-%m-%d %H:%M:%SZ}",
        result.certificate.proof,
    )


def _status(outcomes: Sequence[Outcome[Any]]) -> int:
    """Print the errors of *outcomes*; return the exit status."""
    failed = [one for one in outcomes if one.error is not None]
    for outcome in failed:
        click.echo(f"error: {outcome.name}: {outcome.error}", err=True)
        for note in getattr(outcome.error, "__notes__", ()):
            click.echo(f"       {note}", err=True)
    if not failed:
        return DONE
    click.echo(f"error: {len(failed)} of {len(outcomes)} resources failed", err=True)
    statuses = {status_of(one.error) for one in failed if one.error is not None}
    return SIGN_IN if SIGN_IN in statuses else FAILED
