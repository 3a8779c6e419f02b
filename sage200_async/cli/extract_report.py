"""The last lines of an export or a sync, and the exit status that they come to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sage200_async.cli.advice import next_steps
from sage200_async.cli.exit_status import (
    DONE,
    FAILED,
    SET_ASIDE,
    SIGN_IN,
    WRONG,
    status_of,
)
from sage200_async.cli.messages import failure, is_quiet, note, warning
from sage200_async.cli.output import align_columns, drop_output, print_lines
from sage200_async.cli.query import known_endpoint
from sage200_async.errors import DecodeError
from sage200_async.errors.foreign_text import escaped_json
from sage200_async.extract.run_many import Outcome
from sage200_async.extract.undecodable import undecodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sage200_async.cli.destination import ExtractOptions
    from sage200_async.extract.sync import SyncResult
    from sage200_async.paging.certificate import Certificate

T = TypeVar("T")

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
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
    options: ExtractOptions,
) -> int:
    """Print the result of each export, and its errors; return the exit status.

    Args:
        resources: The resources, in the order of the lines.
        finished: The certificates of those that were exported before.
        outcomes: How the others have ended.
        options: Whether the results are printed as JSON, and the file of rejects.
    """
    results = {name: Outcome(name, proof) for name, proof in finished.items()}
    results |= {one.name: one for one in outcomes}
    ordered = [results[name] for name in resources]
    shown = _print_results(ordered, options, _EXPORT_HEAD, _export_row, _export_json)
    for name in finished:
        note(f"{name}: already complete; pass --overwrite to read it anew")
    proofs = {one.name: one.result for one in ordered if one.result is not None}
    rejected = {name: proof.rejected for name, proof in proofs.items()}
    return report_failures(outcomes, rejected, options.rejects) or shown


def report_syncs(
    outcomes: Sequence[Outcome[SyncResult]], options: ExtractOptions
) -> int:
    """Print the result of each sync, and its errors; return the exit status."""
    shown = _print_results(outcomes, options, _SYNC_HEAD, _sync_row, _sync_json)
    results = [one.result for one in outcomes if one.result is not None]
    for result in results:
        _print_limits(result)
    rejected = {one.name: one.rejected for one in results}
    return report_failures(outcomes, rejected, options.rejects) or shown


def _print_results(
    outcomes: Sequence[Outcome[T]],
    options: ExtractOptions,
    head: tuple[str, ...],
    row: Callable[[Outcome[T]], tuple[str, ...]],
    fields: Callable[[T], dict[str, Any]],
) -> int:
    """Print a line for each result, or one array as JSON; return the exit status."""
    if options.as_json:
        return print_summary([as_json_array(outcomes, fields)])
    if is_quiet():
        return DONE
    return print_summary(align_columns([head, *map(row, outcomes)]))


def as_json_array(
    outcomes: Sequence[Outcome[T]], fields: Callable[[T], dict[str, Any]]
) -> str:
    """Return outcomes as JSON: of what failed, the error in place of all else."""
    objects = [
        {"name": one.name, "error": str(one.error)}
        if one.result is None
        else {"name": one.name, **fields(one.result)}
        for one in outcomes
    ]
    return escaped_json(_ENCODER.encode(objects)).decode()


def _export_json(certificate: Certificate) -> dict[str, Any]:
    return {"certificate": certificate}


def _sync_json(result: SyncResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in result.__struct_fields__}


def print_summary(lines: Iterable[str]) -> int:
    """Print *lines*; return the exit status that this alone comes to."""
    try:
        print_lines(lines)
    except OSError as error:
        drop_output(sys.stdout)
        failure(f"the summary cannot be printed: {error.strerror}")
        return FAILED
    return DONE


def _print_limits(result: SyncResult) -> None:
    """Print what a sync could not see, or what it saw of the company."""
    if result.may_be_stale:
        names = ", ".join(result.may_be_stale)
        message = f"{names} may be stale, as no stamp shows; --whole reads them again"
        note(f"{result.name}: {message}")
    if result.source_went_back:
        message = "records are older than the copy's: a backup seems to be restored"
        warning(f"{result.name}: {message}")


def _export_row(outcome: Outcome[Certificate]) -> tuple[str, ...]:
    certificate = outcome.result
    if certificate is None:
        return (outcome.name, "-", "-", "-", "-", "failed")
    return (
        outcome.name,
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
        warning(f"{name}: {count:,} records were set aside{file}")
    failed = [one for one in outcomes if one.error is not None]
    for outcome in failed:
        _print_error(outcome)
    if not failed:
        return SET_ASIDE if set_aside else DONE
    failure(f"{len(failed)} of {len(outcomes)} resources failed")
    statuses = {status_of(one.error) for one in failed if one.error is not None}
    if statuses == {WRONG}:  # to run it again would not help
        return WRONG
    return SIGN_IN if SIGN_IN in statuses else FAILED


def _print_error(outcome: Outcome[Any]) -> None:
    """Print an error with its notes; of a record that cannot be read, which one it is."""
    error, name = outcome.error, outcome.name
    notes: Sequence[str] = getattr(error, "__notes__", ())
    if error is not None:
        notes = (*notes, *next_steps(error))
    if isinstance(error, DecodeError) and error.raw:
        key = known_endpoint(name).key
        record = undecodable(name, key, error)
        which = f"{key} {record.key[0]}" if record.key else "a record"
        notes = (
            f"{which}: {record.column or 'the record'}: {record.reason}",
            "correct it, or pass --rejects FILE to set such records aside",
        )
    failure(f"{name}: {error}", *notes)
