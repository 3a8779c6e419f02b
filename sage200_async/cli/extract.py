"""``sage200 export`` and ``sage200 sync``: several resources, with progress."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from sage200_async import Sage200Client
from sage200_async.cli.config import request_settings
from sage200_async.cli.destination import (
    make_database,
    make_files,
    open_rejects,
    require_folder_of,
    require_right,
    warn_of_password,
)
from sage200_async.cli.extract_report import report_exports, report_syncs
from sage200_async.cli.progress import progress_report
from sage200_async.cli.query import QueryArguments, known_endpoint, refine
from sage200_async.errors import QueryError, SinkConflict
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.extraction import Extraction, export
from sage200_async.extract.run_many import Outcome, Task, run_many
from sage200_async.extract.sync import SyncResult, sync
from sage200_async.odata.fields import field
from sage200_async.paging.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.cli.destination import ExtractOptions
    from sage200_async.cli.progress import Report
    from sage200_async.extract.rejects_file import RejectsFile
    from sage200_async.extract.sink import Sink
    from sage200_async.paging.certificate import Certificate
    from sage200_async.query.collection import CollectionQuery

Work = Callable[[Extraction, Callable[[Progress], None]], Awaitable[Any]]


async def export_all(resources: Sequence[str], options: ExtractOptions) -> int:
    """Copy *resources* to files or a database; return the exit status."""
    require_right(resources, options)
    warn_of_password(options)
    async with Sage200Client(request_settings()) as client:
        extractions = checked_extractions(client, resources, options)
        finished = _finished(extractions, options)
        rejects = open_rejects(options, extractions)

        async def work(
            extraction: Extraction, on_progress: Callable[[Progress], None]
        ) -> Certificate:
            return await export(
                _quarantined(client, extraction, rejects),
                extraction,
                _sink(extraction, options, rejects),
                workers=options.workers,
                restart=not options.resume,
                replace=options.replace,
                drop_columns=options.drop_columns,
                on_progress=on_progress,
            )

        missing = [one for one in extractions if one.name not in finished]
        outcomes = await run_all(missing, work)
    return report_exports(resources, finished, outcomes, options)


async def sync_all(resources: Sequence[str], options: ExtractOptions) -> int:
    """Update the copies of *resources* in a database; return the exit status."""
    require_right(resources, options)
    if not options.is_database:
        raise click.UsageError(
            "--to must be the URL of a database such as sqlite:///copy.db; "
            "`sage200 export` writes to folders"
        )
    warn_of_password(options)
    async with Sage200Client(request_settings()) as client:
        extractions = checked_extractions(client, resources, options)
        rejects = open_rejects(options, extractions)

        async def work(
            extraction: Extraction, on_progress: Callable[[Progress], None]
        ) -> SyncResult:
            return await sync(
                _quarantined(client, extraction, rejects),
                extraction,
                make_database(options, rejects.of(extraction) if rejects else None),
                workers=options.workers,
                overlap=options.overlap,
                deletes=DeletePolicy(max_fraction=options.max_deleted),
                sweep_every=options.sweep_every,
                whole_every=options.whole_every,
                whole=options.whole,
                replace=options.replace,
                restart=not options.resume,
                drop_columns=options.drop_columns,
                on_progress=on_progress,
            )

        outcomes = await run_all(extractions, work)
    return report_syncs(outcomes, options)


def _quarantined(
    client: Sage200Client, extraction: Extraction, rejects: RejectsFile | None
) -> Sage200Client:
    """Return a client that sets records aside which cannot be decoded."""
    if rejects is None:
        return client
    own = client.at(client.settings.site, client.settings.company)
    own.quarantine = rejects.quarantine(extraction)
    return own


async def run_all(extractions: Sequence[Extraction], work: Work) -> list[Outcome[Any]]:
    """Run *work* for each of *extractions*, several at a time, with progress."""
    with progress_report() as report:
        return await run_many([_task(one, work, report) for one in extractions])


def _task(extraction: Extraction, work: Work, report: Report) -> Task[Any]:
    async def run() -> Any:
        outcome = "failed"
        on_progress = report.start(extraction.name)
        try:
            result = await work(extraction, on_progress)
            outcome = "complete"
        finally:
            report.end(extraction.name, outcome)
        return result

    return Task(extraction.name, extraction.query, run)


def _sink(
    extraction: Extraction, options: ExtractOptions, rejects: RejectsFile | None
) -> Sink:
    make = make_database if options.is_database else make_files
    return make(options, rejects.of(extraction) if rejects else None)


def _finished(
    extractions: Sequence[Extraction], options: ExtractOptions
) -> dict[str, Certificate]:
    """Return the certificates of what is exported to files already.

    Raises:
        click.UsageError: Something else is exported there.
    """
    if options.is_database:
        return {}
    finished: dict[str, Certificate] = {}
    files = make_files(options)
    for extraction in extractions:
        try:
            certificate = files.finished(extraction.tables, str(extraction.identity))
        except SinkConflict as error:
            raise click.UsageError(str(error)) from error
        if certificate is not None:
            finished[extraction.name] = certificate
    return finished


def checked_extractions(
    client: Sage200Client, resources: Sequence[str], options: ExtractOptions
) -> list[Extraction]:
    """Return what is read, all of it checked.

    Raises:
        QueryError: A field, or a related record, or a time is none.
        SettingsError: There is no such database.
    """
    if options.is_database:
        make_database(options)
        require_folder_of("--to", options.to)
    extractions = [_extraction(client, name, options) for name in resources]
    for extraction in extractions:
        _ = extraction.tables, extraction.identity
    return extractions


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
