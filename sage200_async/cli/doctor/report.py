"""``sage200 doctor``: the findings as lines, or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import click
import msgspec

from sage200_async.cli.doctor.examine import Report, examine
from sage200_async.cli.doctor.finding import CHECKS, exit_status
from sage200_async.errors.foreign_text import escaped_json, one_line, printable
from sage200_async.transport.base import Clock

_MARKS: Final = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
_ASCII: Final = {"ok": "ok", "warning": "!!", "failed": "XX", "skipped": "--"}
_WIDTH: Final = max(map(len, CHECKS))
_LONGEST: Final = 600
# Characters of a message: it may quote a page of HTML.


async def doctor(*, days: float, as_json: bool, clock: Clock | None = None) -> int:
    """Print what is wrong, and its cure; return the exit status."""
    report = await examine(days, clock or Clock())
    if as_json:
        data = msgspec.json.format(msgspec.json.encode(as_plain(report)))
        click.echo(escaped_json(data))
    else:
        for line in lines(report, getattr(sys.stdout, "encoding", None) or "ascii"):
            click.echo(line)
    return exit_status(report.findings)


def as_plain(report: Report) -> dict[str, Any]:
    """Return the report as values for JSON."""
    return {
        "ok": exit_status(report.findings) == 0,
        "exit_status": exit_status(report.findings),
        "settings": report.source,
        "sign_in_days_left": report.sign_in_days_left,
        "checks": [
            {
                "check": finding.check,
                "status": finding.status,
                "message": finding.message,
                "cure": finding.cure,
            }
            for finding in report.findings
        ],
    }


def lines(report: Report, encoding: str) -> Iterator[str]:
    """Yield the lines of the report; in ASCII where *encoding* has no ✓.

    Args:
        report: The findings.
        encoding: That of the output.
    """
    marks, arrow = _MARKS, "→"
    try:
        "".join((*marks.values(), arrow)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        marks, arrow = _ASCII, "->"
    for finding in report.findings:
        mark = marks[finding.status]
        message = printable(one_line(finding.message, _LONGEST))
        yield f"{mark} {finding.check:{_WIDTH}}  {message}"
        if finding.cure:
            yield f"{'':{len(mark)}} {'':{_WIDTH}}  {arrow} {finding.cure}"
