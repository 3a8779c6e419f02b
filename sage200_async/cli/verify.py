"""``sage200 verify``: copies compared with their source, and what differs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async import Sage200Client
from sage200_async.cli.config import request_settings
from sage200_async.cli.destination import make_database, require_right, warn_of_password
from sage200_async.cli.exit_status import DIFFERENT, DONE, SET_ASIDE, WRONG
from sage200_async.cli.extract import checked_extractions, run_all
from sage200_async.cli.extract_report import as_json_array, report_failures
from sage200_async.cli.messages import is_quiet
from sage200_async.cli.output import align_columns, print_lines
from sage200_async.errors.foreign_text import printable
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.verify import VerifyResult, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sage200_async.cli.destination import ExtractOptions
    from sage200_async.errors import DecodeError
    from sage200_async.extract.comparison.copy_reader import ReadableCopy
    from sage200_async.extract.comparison.differences import (
        Change,
        Difference,
        DifferenceKind,
    )
    from sage200_async.extract.extraction import Extraction
    from sage200_async.extract.run_many import Outcome
    from sage200_async.paging.parallel import Progress

_HEAD: Final = (
    "resource",
    "source",
    "copy",
    "changed",
    "missing",
    "extra",
    "marked deleted",
    "result",
)
_MEANING: Final[dict[DifferenceKind, str]] = {
    "missing": "missing in the copy",
    "extra": "in the copy, but not at the source",
    "marked deleted": "at the source, but marked as deleted in the copy",
}
_CHANGES: Final = 6
# Values of one row that are shown; the JSON has all.
_WIDTH: Final = 60
# Characters of a value that are shown.


async def verify_all(
    resources: Sequence[str], options: ExtractOptions, *, limit: int
) -> int:
    """Compare the copies of *resources* with the company; return the exit status."""
    require_right(resources, options)
    warn_of_password(options)
    async with Sage200Client(request_settings()) as client:
        extractions = checked_extractions(client, resources, options)
        client.quarantine = _ignored
        copies = {name: _copy(options) for name in resources}

        async def work(
            extraction: Extraction, on_progress: Callable[[Progress], None]
        ) -> VerifyResult:
            return await verify(
                client,
                extraction,
                copies[extraction.name],
                workers=options.workers,
                limit=limit,
                on_progress=on_progress,
            )

        outcomes = await run_all(extractions, work)
    if options.as_json:
        print_lines([as_json_array(outcomes, _report)])
    elif not is_quiet() or any(
        one.result is None or one.result.differs for one in outcomes
    ):
        print_lines(_lines(outcomes))
    results = [one.result for one in outcomes if one.result is not None]
    rejected = {result.name: result.certificate.rejected for result in results}
    status = report_failures(outcomes, rejected, None)
    differs = any(result.differs for result in results)
    return DIFFERENT if differs and status in {DONE, SET_ASIDE, WRONG} else status


def _ignored(error: DecodeError) -> None:
    """Let a record that cannot be decoded pass: the certificate counts it."""


def _copy(options: ExtractOptions) -> ReadableCopy:
    """Return the copy of one resource; the format of files is in their manifest."""
    if options.is_database:
        return make_database(options)
    return files_at(options.to, "ndjson")


def _report(result: VerifyResult) -> dict[str, Any]:
    """Return what is known of one resource, for JSON."""
    fields = {name: getattr(result, name) for name in result.__struct_fields__}
    fields["differences"] = [_whole_text(one) for one in result.differences]
    return {"equal": result.equal, **fields}


def _whole_text(difference: Difference) -> Difference:
    """Return *difference* with values that JSON can hold."""
    changes = tuple(
        msgspec.structs.replace(
            change, source=_encodable(change.source), copy=_encodable(change.copy)
        )
        for change in difference.changes
    )
    return msgspec.structs.replace(difference, changes=changes)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):  # bytes that are no UTF-8 are half characters
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _lines(outcomes: Sequence[Outcome[VerifyResult]]) -> Iterator[str]:
    rows = [row for outcome in outcomes for row in _rows(outcome)]
    yield from align_columns([_HEAD, *rows])
    for outcome in outcomes:
        if outcome.result is not None:
            yield ""
            yield from map(printable, _details(outcome.result))


def _rows(outcome: Outcome[VerifyResult]) -> Iterator[tuple[str, ...]]:
    """Yield one row for each table."""
    result = outcome.result
    if result is None:
        yield (outcome.name, *"------", "failed")
        return
    for number, table in enumerate(result.tables):
        counts = (
            table.source,
            table.copy,
            table.changed,
            table.missing,
            table.extra,
            table.marked_deleted,
        )
        verdict = "differs" if result.differs else "equal"
        texts = (f"{count:,}" for count in counts)
        yield (table.name, *texts, "" if number else verdict)


def _details(result: VerifyResult) -> Iterator[str]:
    """Yield what differs, then what was read."""
    yield from result.problems
    yield from map(_difference_text, result.differences)
    total = sum(table.differences for table in result.tables)
    if rest := total - len(result.differences):
        yield f"{result.name}: {rest:,} more rows differ; --limit shows more"
    if result.unsettled:
        yield (
            f"{result.name}: {result.unsettled:,} of the records that differ changed "
            "while they were compared; verify again when it is quiet"
        )
    proof = result.certificate
    if proof.rejected:
        yield (
            f"{result.name}: {proof.rejected:,} records of the source cannot be read, "
            "and were not compared; a copy that has them has them as extra rows"
        )
    yield (
        f"{result.name}: compared with {proof.records:,} records of the source; "
        f"{proof.proof}{'' if proof.max_key is None else f' {proof.max_key}'}; "
        f"{result.reread:,} read again"
    )


def _difference_text(difference: Difference) -> str:
    key = ", ".join(map(str, difference.key))
    name = f"{difference.table} {key}" if key else difference.table
    values = [_change_text(change) for change in difference.changes[:_CHANGES]]
    if rest := len(difference.changes) - _CHANGES:
        values += [f"and {rest} more"] if rest > 0 else []
    if difference.kind != "changed":
        row = f" ({', '.join(values)})" if values else ""
        return f"{name}: {_MEANING[difference.kind]}{row}"
    behind = "; the source has changed since" if difference.behind else ""
    return f"{name}: {'; '.join(values)}{behind}"


def _change_text(change: Change) -> str:
    if change.detail:
        return f"{change.column}: {change.detail}"
    source, copy = _value_text(change.source), _value_text(change.copy)
    return f"{change.column}: {source} at the source, {copy} in the copy"


def _value_text(value: Any) -> str:
    """Return a value so that blanks, null and empty text are seen."""
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        text = format(value, "f")
    else:
        text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
