"""``sage200 load``: a file's rows become records, each once at most."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from sage200_async import Sage200Client
from sage200_async.catalog.identities import IDENTITIES
from sage200_async.cli.config import request_settings
from sage200_async.cli.exit_status import DONE, FAILED
from sage200_async.cli.load_rows import Rows
from sage200_async.cli.output_file import require_writable
from sage200_async.cli.query import known_endpoint
from sage200_async.errors.foreign_text import printable
from sage200_async.write.journal_file import SUFFIXES

if TYPE_CHECKING:
    from sage200_async.write import Outcome, Report
    from sage200_async.write.job import WriteJob

_SHOWN: Final = 20
# Rows with something to say, such as those that are not done.


class LoadOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 load``."""

    into: str
    journal: Path
    by: tuple[str, ...] = ()
    marker: str | None = None
    at_most_once: bool = False
    map: tuple[str, ...] = ()
    sheet: str | None = None
    numbers_as_text: bool = False
    workers: int = 4
    settle: float | None = None
    not_done: Path | None = None
    dry_run: bool = False


async def load(file: Path, options: LoadOptions) -> int:
    """Write the rows of *file*; return the exit status."""
    _require_own_files(file, options)
    endpoint = known_endpoint(options.into)
    rows = Rows(
        file,
        endpoint.fields,
        _columns(options.map),
        sheet=options.sheet,
        numbers_as_text=options.numbers_as_text,
    )
    rows.check()
    async with Sage200Client(request_settings()) as client:
        job = _job(getattr(client, options.into), rows, options)
        await _run(job)
    report = job.report
    _print(report)
    if options.not_done is not None:
        report.write_csv(options.not_done)
    return DONE if options.dry_run or report.is_complete else FAILED


def _require_own_files(file: Path, options: LoadOptions) -> None:
    """Refuse a file that would be written over another of the command."""
    journal = options.journal
    uses = {
        "--journal": {f"{journal}{suffix}" for suffix in ("", *SUFFIXES)},
        "the file that is loaded": {str(file)},
    }
    if options.not_done is not None:
        uses["--not-done"] = {str(options.not_done)}
        require_writable(options.not_done)
    names = {use: {*map(os.path.realpath, paths)} for use, paths in uses.items()}
    for one, other in combinations(names, 2):
        if not names[one].isdisjoint(names[other]):
            message = f"{one} and {other} are the same file; name another one"
            raise click.UsageError(message)


def _columns(pairs: tuple[str, ...]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.partition("=")
        if not column or not equals:
            message = f"--map: expected COLUMN=FIELD, got {pair!r}"
            raise click.UsageError(message)
        columns[column] = field
    return columns


def _job(resource: Any, rows: Rows, options: LoadOptions) -> WriteJob:
    """Return the job: an insert for what is found by a marker, else an upsert."""
    common: dict[str, Any] = {
        "journal": options.journal,
        "workers": options.workers,
        "settle": options.settle,
        "dry_run": options.dry_run,
    }
    identity = IDENTITIES.get(options.into)
    has_marker = identity is not None and identity.by == "marker"
    inserts = options.marker or options.at_most_once or not hasattr(resource, "upsert")
    if inserts or (has_marker and not options.by):
        if options.by:
            message = f"{options.into}: --by is for records that can be updated"
            raise click.UsageError(message)
        marker, once = options.marker, options.at_most_once
        job: WriteJob = resource.insert(
            rows, marker=marker, at_most_once=once, **common
        )
    else:
        job = resource.upsert(rows, by=options.by or None, **common)
    return job


async def _run(job: WriteJob) -> None:
    """Run the job; print the first rows that are not done, or all that would be sent."""
    shown = 0
    async with job:
        async for outcome in job:
            if outcome.dry_run and outcome.method:
                body = outcome.body.decode("utf-8", "replace")
                click.echo(f"{outcome.method} {outcome.path} {printable(body)}")
            elif _is_worth_a_line(outcome) and shown < _SHOWN:
                shown += 1
                click.echo(_line(outcome), err=True)


def _is_worth_a_line(outcome: Outcome) -> bool:
    """Whether it is not done, or done otherwise than it was meant."""
    return not outcome.done or (outcome.kind == "updated" and bool(outcome.reason))


def _line(outcome: Outcome) -> str:
    row = f"row {outcome.row} {outcome.key}".strip()
    return printable(f"{row}: {outcome.kind}: {outcome.reason}")


def _print(report: Report) -> None:
    counts = ("created", "updated", "unchanged", "refused", "unknown", "waiting")
    parts = [
        f"{getattr(report, name)} {name}" for name in counts if getattr(report, name)
    ]
    would = "would be " if report.dry_run else ""
    ended = ", ".join(parts) or "nothing"
    click.echo(f"{report.rows} rows: {would}{ended} ({report.requests} requests)")
    if not report.dry_run and not report.is_complete:
        click.echo(
            "run the same command again to go on; --not-done FILE lists what is not done",
            err=True,
        )
