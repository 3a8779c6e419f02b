"""``sage200 export`` and ``sage200 sync``: many resources, with bars and proofs."""

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
from sage200_async.cli.config import settings
from sage200_async.cli.output import padded
from sage200_async.cli.query import QueryArguments, known_endpoint, refine
from sage200_async.errors import ExtractError, QueryError
from sage200_async.extract.databases.urls import database_at
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.files.sink import discard, files_at
from sage200_async.extract.run_many import Outcome, Task, run_all
from sage200_async.extract.sync import DeletePolicy, SyncResult, sync
from sage200_async.odata.fields import field

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.paging.parallel import Progress as Step
    from sage200_async.query.collection import CollectionQuery

_HEAD: Final = ("resource", "records", "requests", "max_key", "proof")


class ExtractOptions(Struct, frozen=True, kw_only=True):
    """What the command line asked for."""

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
    most_deleted: float = 0.1


async def export_all(resources: Sequence[str], options: ExtractOptions) -> None:
    """Read *resources* into files or a database."""
    if not options.resume and "://" not in options.to:
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
    _print(_HEAD, [_row(outcome.name, outcome.result) for outcome in outcomes])
    _raise(outcomes)


async def sync_all(resources: Sequence[str], options: ExtractOptions) -> None:
    """Bring the copies of *resources* in a database in step."""
    if "://" not in options.to:
        raise QueryError(f"expected --to with the URL of a database, got {options.to}")

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
            deletes=DeletePolicy(max_fraction=options.most_deleted),
            on_progress=on_progress,
        )

    outcomes = await _run(resources, options, work)
    head = (*_HEAD[:1], "read", "deleted", "watermark", "proof")
    _print(head, [_synced(outcome.name, outcome.result) for outcome in outcomes])
    _raise(outcomes)


async def _run(
    resources: Sequence[str],
    options: ExtractOptions,
    work: Callable[[Sage200Client, Extraction, Callable[[Step], None]], Awaitable[Any]],
) -> list[Outcome[Any]]:
    for name in resources:
        if "list" not in known_endpoint(name).verbs:
            raise QueryError(f"{name} is not listed: there is nothing to read")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bars = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    async with Sage200Client(settings()) as client:
        extractions = [_extraction(client, name, options) for name in resources]
        with bars:
            tasks = [_task(client, each, work, bars) for each in extractions]
            return await run_all(tasks)


def _task(
    client: Sage200Client, extraction: Extraction, work: Any, bars: Progress
) -> Task[Any]:
    bar = bars.add_task(extraction.name, total=None)

    def on_progress(step: Step) -> None:
        bars.update(bar, completed=step.records, total=step.expected)

    async def run() -> Any:
        done = await work(client, extraction, on_progress)
        bars.update(bar, total=bars.tasks[bar].completed)
        return done

    return Task(extraction.name, extraction.query, run)


def _extraction(
    client: Sage200Client, name: str, options: ExtractOptions
) -> Extraction:
    query: CollectionQuery[Any] = getattr(client, name)
    asked = QueryArguments(
        filter=options.filter,
        select=options.select,
        expand=options.expand,
        page_size=options.page_size,
    )
    query = refine(query, asked)
    if options.since is not None:
        query = query.filter(_since(name, query, options.since))
    return Extraction(name=name, query=query, related=options.related)


def _since(name: str, query: CollectionQuery[Any], text: str) -> Any:
    """Make the condition that a record has changed since.

    Raises:
        QueryError: The resource does not say when a record has changed, or
            *text* is no time.
    """
    stamp = query.endpoint.watermark
    if stamp is None:
        raise QueryError(
            f"{name}: --since needs a stamp of the last change: it has none"
        )
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--since: expected a time such as 2026-01-31T08:00Z, got {text!r}"
        raise QueryError(message) from error
    record = query.endpoint.record
    known = field(stamp) if record is None else getattr(record.fields, stamp)
    return known >= (at if at.tzinfo else at.replace(tzinfo=UTC))


def _sink(options: ExtractOptions) -> Sink:
    if "://" in options.to:
        return database_at(options.to, options.prefix)
    form: Any = options.format
    packing: Any = options.compress
    return files_at(options.to, form, compress=packing, overwrite=options.overwrite)


def _row(name: str, done: Certificate | None) -> tuple[str, ...]:
    if done is None:
        return (name, "-", "-", "-", "failed")
    told = (f"{done.records:,}", f"{done.requests:,}", str(done.max_key or "-"))
    return (name, *told, done.proof)


def _synced(name: str, done: SyncResult | None) -> tuple[str, ...]:
    if done is None:
        return (name, "-", "-", "-", "failed")
    stamp = "-" if done.watermark is None else f"{done.watermark:%Y-%m-%d %H:%M:%SZ}"
    told = (f"{done.read:,}", f"{done.deleted:,}", stamp)
    return (name, *told, done.certificate.proof)


def _print(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    for line in padded([head, *rows]):
        click.echo(line)


def _raise(outcomes: Sequence[Outcome[Any]]) -> None:
    """Say what failed.

    Raises:
        ExtractError: Some of the resources failed.
    """
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        click.echo(f"error: {outcome.name}: {outcome.error}", err=True)
    if failed:
        message = f"{len(failed)} of {len(outcomes)} resources failed"
        raise ExtractError(message) from failed[0].error
