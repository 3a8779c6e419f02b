"""``sage200 export`` and ``sage200 sync``: several resources, with progress bars."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from sage200_async import Sage200Client
from sage200_async.cli.config import request_settings
from sage200_async.cli.output import align_columns
from sage200_async.cli.query import QueryArguments, known_endpoint, refine
from sage200_async.errors import ExtractError, QueryError
from sage200_async.extract.databases.urls import database_at, is_database
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.journal import discard
from sage200_async.extract.run_many import Outcome, Task, run_many
from sage200_async.extract.sync import SyncResult, sync
from sage200_async.odata.fields import field

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.parallel import Progress as Step
    from sage200_async.query.collection import CollectionQuery

_EXPORT_HEAD: Final = ("resource", "records", "requests", "max_key", "proof")
_SYNC_HEAD: Final = ("resource", "read", "deleted", "watermark", "proof")


class ExtractOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 export`` and ``sage200 sync``."""

    to: str
    format: str = "ndjson"
    compress: str | None = None
    workers: int = 8
    since: str | None = None
    filter: str | None = None
    select: str | None = None
    expand: str | None = None
    page_size: int | None = None
    related: Any = "json"
    prefix: str = ""
    overwrite: bool = False
    resume: bool = True
    overlap: float = 3600.0
    max_deleted: float = 0.1


async def export_all(resources: Sequence[str], options: ExtractOptions) -> None:
    """Copy *resources* to files or a database."""
    if not options.resume and not is_database(options.to):
        for name in resources:
            discard(options.to, name)

    async def work(
        client: Sage200Client,
        extraction: Extraction,
        on_progress: Callable[[Step], None],
    ) -> Certificate:
        sink = _sink(options)
        workers = options.workers
        return await export(
            client, extraction, sink, workers=workers, on_progress=on_progress
        )

    outcomes = await _run(resources, options, work)
    _print(_EXPORT_HEAD, [_export_row(outcome) for outcome in outcomes])
    _raise_failures(outcomes)


async def sync_all(resources: Sequence[str], options: ExtractOptions) -> None:
    """Update the copies of *resources* in a database."""
    if not is_database(options.to):
        raise QueryError(
            "--to must be the URL of a database such as sqlite:///copy.db; "
            "`sage200 export` writes to folders"
        )

    async def work(
        client: Sage200Client,
        extraction: Extraction,
        on_progress: Callable[[Step], None],
    ) -> SyncResult:
        return await sync(
            client,
            extraction,
            database_at(options.to, options.prefix),
            workers=options.workers,
            overlap=options.overlap,
            deletes=DeletePolicy(max_fraction=options.max_deleted),
            on_progress=on_progress,
        )

    outcomes = await _run(resources, options, work)
    _print(_SYNC_HEAD, [_sync_row(outcome) for outcome in outcomes])
    _raise_failures(outcomes)


async def _run(
    resources: Sequence[str],
    options: ExtractOptions,
    work: Callable[[Sage200Client, Extraction, Callable[[Step], None]], Awaitable[Any]],
) -> list[Outcome[Any]]:
    for name in resources:
        if "list" not in known_endpoint(name).verbs:
            raise QueryError(
                f"{name} cannot be listed; `sage200 describe {name}` shows its operations"
            )
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bars = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    async with Sage200Client(request_settings()) as client:
        extractions = [_extraction(client, name, options) for name in resources]
        with bars:
            tasks = [
                _task(client, extraction, work, bars) for extraction in extractions
            ]
            return await run_many(tasks)


def _task(
    client: Sage200Client, extraction: Extraction, work: Any, bars: Progress
) -> Task[Any]:
    bar = bars.add_task(extraction.name, total=None)

    def on_progress(step: Step) -> None:
        bars.update(bar, completed=step.records, total=step.expected)

    async def run() -> Any:
        result = await work(client, extraction, on_progress)
        bars.update(bar, total=bars.tasks[bar].completed)
        return result

    return Task(extraction.name, extraction.query, run)


def _extraction(
    client: Sage200Client, name: str, options: ExtractOptions
) -> Extraction:
    query: CollectionQuery[Any] = client.run(known_endpoint(name).query)
    arguments = QueryArguments(
        filter=options.filter,
        select=options.select,
        expand=options.expand,
        page_size=options.page_size,
    )
    query = refine(query, arguments)
    if options.since is not None:
        query = query.filter(_changed_since(name, query, options.since))
    return Extraction(name=name, query=query, related=options.related)


def _changed_since(name: str, query: CollectionQuery[Any], text: str) -> Any:
    """Return the condition that a record has changed since a time.

    Raises:
        QueryError: The resource has no time of the last change, or *text* is
            not a time.
    """
    watermark = query.endpoint.watermark
    if watermark is None:
        raise QueryError(
            f"{name} has no time of the last change; export it without --since"
        )
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--since must be a time such as 2026-01-31T08:00Z, got {text!r}"
        raise QueryError(message) from error
    record = query.endpoint.record
    changed_at = (
        field(watermark) if record is None else getattr(record.fields, watermark)
    )
    return changed_at >= (time if time.tzinfo else time.replace(tzinfo=UTC))


def _sink(options: ExtractOptions) -> Sink:
    if is_database(options.to):
        return database_at(options.to, options.prefix)
    file_format: Any = options.format
    compress: Any = options.compress
    return files_at(
        options.to, file_format, compress=compress, overwrite=options.overwrite
    )


def _export_row(outcome: Outcome[Certificate]) -> tuple[str, ...]:
    certificate = outcome.result
    if certificate is None:
        return (outcome.name, "-", "-", "-", "failed")
    return (
        outcome.name,
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


def _print(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    for line in align_columns([head, *rows]):
        click.echo(line)


def _raise_failures(outcomes: Sequence[Outcome[Any]]) -> None:
    """Print the errors, and raise if there are any.

    Raises:
        ExtractError: Some of the resources failed.
    """
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        click.echo(f"error: {outcome.name}: {outcome.error}", err=True)
    if failed:
        message = f"{len(failed)} of {len(outcomes)} resources failed"
        raise ExtractError(message) from failed[0].error
