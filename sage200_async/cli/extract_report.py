"""The last lines of an export or a sync, and the exit status that they come to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from sage200_async.cli.exit_status import (
    DONE,
    FAILED,
    SET_ASIDE,
    SIGN_IN,
    WRONG,
    status_of,
)
from sage200_async.cli.output import align_columns, drop_output, print_lines
from sage200_async.cli.query import known_endpoint
from sage200_async.errors import DecodeError
from sage200_async.extract.undecodable import undecodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.extract.run_many import Outcome
    from sage200_async.extract.sync import SyncResult
    from sage200_async.paging.certificate import Certificate

_EXPORT_HEAD: Final = (
    "resource",
    "records",
    "rejected",
    "requests",
    "max_key",
    "proof",
)
_SYNC_HEAD: Final = (
    "resource",
    "read",
    "changed",
    "rejected",
    "deleted",
    "watermark",
    "proof",
)


def report_exports(
    resources: Sequence[str],
    finished: Mapping[str, Certificate],
    outcomes: Sequence[Outcome[Certificate]],
    rejects: str | None,
) -> int:
    """Print one line for each export, and its errors; return the exit status.

    Args:
        resources: The resources, in the order of the lines.
        finished: The certificates of those that were exported before.
        outcomes: How the others have ended.
        rejects: The file of records that were set aside, if there is one.
    """
    rows = {name: _export_row(name, proof) for name, proof in finished.items()}
    rows |= {one.name: _export_row(one.name, one.result) for one in outcomes}
    shown = print_summary([_EXPORT_HEAD, *(rows[name] for name in resources)])
    for name in finished:
        message = f"{name}: already complete; pass --overwrite to read it anew"
        click.echo(message, err=True)
    proofs = dict(finished)
    proofs |= {one.name: one.result for one in outcomes if one.result is not None}
    rejected = {name: proof.rejected for name, proof in proofs.items()}
    return report_failures(outcomes, rejected, rejects) or shown


def report_syncs(outcomes: Sequence[Outcome[SyncResult]], rejects: str | None) -> int:
    """Print one line for each sync, and its errors; return the exit status."""
    shown = print_summary([_SYNC_HEAD, *map(_sync_row, outcomes)])
    results = [one.result for one in outcomes if one.result is not None]
    for result in results:
        _print_limits(result)
    rejected = {one.name: one.rejected for one in results}
    return report_failures(outcomes, rejected, rejects) or shown


def print_summary(rows: Sequence[Sequence[str]]) -> int:
    """Print *rows* as a table; return the exit status that this alone comes to."""
    try:
        print_lines(align_columns(rows))
    except OSError as error:
        drop_output(sys.stdout)
        message = f"the summary cannot be printed: {error.strerror}"
        click.echo(f"error: {message}", err=True)
        return FAILED
    return DONE


def _print_limits(result: SyncResult) -> None:
    """Print what a sync could not see, or what it saw of the company."""
    if result.may_be_stale:
        names = ", ".join(result.may_be_stale)
        message = f"{names} may be stale, as no stamp shows; --whole reads them again"
        click.echo(f"{result.name}: {message}", err=True)
    if result.source_went_back:
        message = "records are older than the copy's: a backup seems to be restored"
        click.echo(f"{result.name}: {message}", err=True)


def _export_row(name: str, certificate: Certificate | None) -> tuple[str, ...]:
    if certificate is None:
        return (name, "-", "-", "-", "-", "failed")
    return (
        name,
        f"{certificate.records:,}",
        f"{certificate.rejected:,}",
        f"{certificate.requests:,}",
        str(certificate.max_key or "-"),
        certificate.proof,
    )


def _sync_row(outcome: Outcome[SyncResult]) -> tuple[str, ...]:
    result = outcome.result
    if result is None:
        return (outcome.name, "-", "-", "-", "-", "-", "failed")
    time = result.watermark
    return (
        outcome.name,
        f"{result.read:,}",
        f"{result.changed:,}",
        f"{result.rejected:,}",
        f"{result.deleted:,}",
        "-" if time is None else f"{time:%Y-%m-%d %H:%M:%SZ}",
        result.certificate.proof,
    )


def report_failures(
    outcomes: Sequence[Outcome[Any]],
    rejected: Mapping[str, int],
    rejects: str | None,
) -> int:
    """Print what was set aside, and what failed; return the exit status."""
    set_aside = {name: count for name, count in rejected.items() if count}
    for name, count in set_aside.items():
        file = f" in {rejects}" if rejects else ""
        click.echo(f"{name}: {count:,} records were set aside{file}", err=True)
    failed = [one for one in outcomes if one.error is not None]
    for outcome in failed:
        _print_error(outcome)
    if not failed:
        return SET_ASIDE if set_aside else DONE
    click.echo(f"error: {len(failed)} of {len(outcomes)} resources failed", err=True)
    statuses = {status_of(one.error) for one in failed if one.error is not None}
    if statuses == {WRONG}:  # to run it again would not help
        return WRONG
    return SIGN_IN if SIGN_IN in statuses else FAILED


def _print_error(outcome: Outcome[Any]) -> None:
    """Print an error with its notes; of a record that cannot be read, which one it is."""
    error, name = outcome.error, outcome.name
    notes = getattr(error, "__notes__", ())
    click.echo(f"error: {name}: {error}", err=True)
    if isinstance(error, DecodeError) and error.raw:
        key = known_endpoint(name).key
        record = undecodable(name, key, error)
        which = f"{key} {record.key[0]}" if record.key else "a record"
        notes = (
            f"{which}: {record.column or 'the record'}: {record.reason}",
            "correct it, or pass --rejects FILE to set such records aside",
        )
    for note in notes:
        click.echo(f"       {note}", err=True)
