"""What became of the rows of a job: counts, and a file of those that are not done."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.errors import JournalError
from sage200_async.write.journal_file import SUFFIXES
from sage200_async.write.write_journal import Journal, undone_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sage200_async.write.journal_rows import JournalRow

_COLUMNS: Final = ("row", "key", "outcome", "reason", "input")
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# What a spreadsheet runs begins with one of these. Source: OWASP, "CSV Injection".


class Report(Struct, frozen=True, kw_only=True):
    """How far a job has come, over all of its runs.

    Example:
        >>> report = Report(journal="job.db", rows=3, created=2, refused=1)
        >>> report.done, report.is_complete
        (2, False)
    """

    journal: str
    """The file of the journal."""
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    unknown: int = 0
    waiting: int = 0
    """Rows that have not ended yet."""
    requests: int = 0
    """Requests of this run, those that the client repeats counted once."""
    seconds: float = 0.0
    """How long this run has taken."""
    dry_run: bool = False

    @property
    def done(self) -> int:
        """Rows that the service has as they should be."""
        return self.created + self.updated + self.unchanged

    @property
    def is_complete(self) -> bool:
        """Whether all rows are done."""
        return self.done == self.rows

    def write_csv(self, path: str | Path) -> int:
        """Write all rows that are not done, each with the reason; return their number.

        Texts that a spreadsheet would run as formulas get an apostrophe in front. Call
        it when the outcomes have come to their end: until then the journal is in use.
        After a dry run these are the rows that a run would work on.

        It is for its owner only, since it holds whole rows, and takes the place of what
        was there once it is complete.

        Raises:
            JournalError: The journal is in use, or gone, or is the file to be written.
            OSError: The file cannot be written; what was there is there still.
        """
        goal = Path(os.path.realpath(path))
        source = os.path.realpath(self.journal)
        if str(goal) in {f"{source}{suffix}" for suffix in ("", *SUFFIXES)}:
            raise JournalError(f"{path}: the journal itself; name another file")
        journal = Journal(Path(self.journal))
        try:
            return _replace(goal, undone_rows(journal), journal.by)
        finally:
            journal.close()


def _replace(path: Path, rows: Iterable[JournalRow], by: Sequence[str]) -> int:
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    try:
        count = _write(temporary, rows, by)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


def _write(path: Path, rows: Iterable[JournalRow], by: Sequence[str]) -> int:
    count = 0
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for row in rows:
            outcome = row.outcome(by)
            ended = row.state not in {"open", "sending"}
            kind = outcome.kind if ended else "waiting"
            input_ = row.body.decode("utf-8", "replace")
            cells = (kind, outcome.reason, input_)
            writer.writerow([row.row, *map(_safe, (outcome.key, *cells))])
            count += 1
    return count


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text
