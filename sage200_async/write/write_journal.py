"""The journal of a job: each row before anything of it is sent, and its outcome after.

What is committed is on the disk: after a power cut, too, no row was sent without being
in it. It is all in one file between two commits, so that the file can be moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sage200_async.errors import JournalError
from sage200_async.write.journal_file import (
    JournalFile,
    journal_errors,
    journal_path,
)
from sage200_async.write.journal_rows import COLUMNS, ROWS, journal_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sage200_async.write.journal_rows import JournalRow, NewRow

_PAGE: Final = 500
# Rows that are read at a time.
_ENDED: Final = (
    "('created', 'updated', 'unchanged', 'refused', 'invalid', 'unknown', 'held')"
)


def clear_journal(url: str | Path) -> None:
    """Remove a journal, with the personal data that is in it.

    Without it, the same rows are a new job: rows whose outcome is unknown could be
    sent a second time, so a journal that has such rows is not removed. Run its job
    again first; to give it up all the same, delete the file.

    Raises:
        JournalError: It is in use, has rows whose outcome is unknown, or is none.
    """
    path = journal_path(url)
    if not path.exists():
        return
    journal = Journal(path)
    try:
        if doubtful := journal.count_in_doubt():
            message = (
                f"{path}: {doubtful} rows were sent, and whether they were written is "
                "not known; run the job again to find out, or delete the file"
            )
            raise JournalError(message)
        journal.remove()
    finally:
        journal.close()


class Journal(JournalFile):
    """A journal: the rows as they come, and as they are worked on."""

    # The rows as they come.

    def begin_input(self) -> None:
        """Get ready for rows, beside those that are there."""
        with journal_errors(self.path), self._commit():
            self._db.execute("DROP TABLE IF EXISTS incoming")
            self._db.execute(ROWS.format("incoming"))

    def add(self, rows: Sequence[NewRow]) -> None:
        """Add rows."""
        states = [
            (*row[:4], "invalid" if row.fault else "open", row.fault) for row in rows
        ]
        with journal_errors(self.path), self._commit():
            self._db.executemany(
                "INSERT INTO incoming (row, key, body, lacks, state, reason) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                states,
            )

    def finish_input(self, digest: str) -> None:
        """Take the rows that were added, unless they are those that are there.

        Raises:
            JournalError: Rows of another input were sent already.
        """
        with journal_errors(self.path), self._commit():
            if self._value("digest") == digest:
                self._db.execute("DROP TABLE incoming")
                return
            if self._db.execute("SELECT 1 FROM rows WHERE tries LIMIT 1").fetchone():
                message = (
                    f"{self.path}: the journal of other rows, some of which were sent; "
                    "run the job with the rows that it began with, or name another "
                    "journal for these"
                )
                raise JournalError(message)
            self._refuse_repeated()
            self._db.execute("DROP TABLE rows")
            self._db.execute("ALTER TABLE incoming RENAME TO rows")
            self._db.execute("CREATE INDEX ready ON rows (state, ready_at, row)")
            self._set(digest=digest)

    def _refuse_repeated(self) -> None:
        """Refuse rows of the same key, all of them: which one is right, nobody knows."""
        self._db.execute("CREATE INDEX keys ON incoming (key, row)")
        self._db.execute(
            "UPDATE incoming SET state = 'invalid', reason = 'the same key as row ' || ("
            "SELECT min(o.row) FROM incoming o WHERE o.key = incoming.key "
            "AND o.row <> incoming.row) WHERE state = 'open' AND key IN (SELECT key "
            "FROM incoming WHERE state = 'open' GROUP BY key HAVING count(*) > 1)"
        )
        self._db.execute("DROP INDEX keys")

    # The rows as they are worked on.

    def resume(self, now: float, settle: float) -> None:
        """Open what is not done for another try.

        A row that was being sent when the process ended is in doubt from now on. Rows in
        doubt settle anew: when their requests left, a clock that was set since then
        cannot say.
        """
        with journal_errors(self.path), self._commit():
            self._db.execute(
                "UPDATE rows SET in_doubt = in_doubt OR state = 'sending', "
                "state = 'open' WHERE state IN ('sending', 'refused', 'unknown')"
            )
            self._db.execute(
                "UPDATE rows SET ready_at = CASE WHEN in_doubt AND settles THEN ? "
                "ELSE min(ready_at, ?) END WHERE state = 'open'",
                (now + settle,) * 2,
            )

    def ended(self, after: int, *, done: bool = True) -> list[JournalRow]:
        """Return the next rows that have ended, or those that are not done.

        Args:
            after: The number of the last one.
            done: Whether those that have ended are meant.
        """
        undone = "state NOT IN ('created', 'updated', 'unchanged')"
        condition = f"state IN {_ENDED}" if done else undone
        return self._select(f"{condition} AND row > ? ORDER BY row", after, _PAGE)

    def take(self, now: float, limit: int) -> list[JournalRow]:
        """Take rows to work on; nobody else gets them until they are released."""
        rows = self._select(
            "state = 'open' AND ready_at <= ? AND row NOT IN (SELECT row FROM taken) "
            "ORDER BY ready_at, row",
            now,
            limit,
        )
        with journal_errors(self.path):
            self._db.executemany(
                "INSERT INTO taken VALUES (?)", [(row.row,) for row in rows]
            )
        return rows

    def look_through(self, after: int, limit: int) -> list[JournalRow]:
        """Return the next rows to work on, without taking them."""
        return self._select("state = 'open' AND row > ? ORDER BY row", after, limit)

    def _select(self, condition: str, value: float, limit: int) -> list[JournalRow]:
        query = f"SELECT {COLUMNS} FROM rows WHERE {condition} LIMIT ?"  # noqa: S608
        with journal_errors(self.path):
            rows = self._db.execute(query, (value, limit)).fetchall()
            return [*map(journal_row, rows)]

    def release(self, rows: Sequence[JournalRow]) -> None:
        """Release rows that were taken."""
        with journal_errors(self.path):
            self._db.executemany(
                "DELETE FROM taken WHERE row = ?", [(row.row,) for row in rows]
            )

    def next_ready(self) -> float | None:
        """Return when the next row that is not taken can be worked on."""
        query = (
            "SELECT ready_at FROM rows WHERE state = 'open' "
            "AND row NOT IN (SELECT row FROM taken) ORDER BY ready_at LIMIT 1"
        )
        with journal_errors(self.path):
            first = self._db.execute(query).fetchone()
        return None if first is None else float(first[0])

    def intend(
        self, row: int, method: str, path: str, body: bytes, *, settles: bool
    ) -> None:
        """Note what is about to be sent. When this returns, it is on the disk."""
        self._update(
            "state = 'sending', method = ?, path = ?, sent = ?, settles = ?, "
            "tries = tries + 1",
            row,
            method,
            path,
            body,
            settles,
        )

    def postpone(
        self, row: int, ready_at: float, *, in_doubt: bool, reason: str
    ) -> None:
        """Note that a row is to be worked on later."""
        self._update(
            "state = 'open', ready_at = ?, in_doubt = ?, reason = ?",
            row,
            ready_at,
            in_doubt,
            reason,
        )

    def end(
        self,
        row: int,
        state: str,
        record_id: int | str | None,
        reason: str,
    ) -> None:
        """Note how a row ended."""
        doubt = "" if state == "unknown" else ", in_doubt = 0, ready_at = 0"
        text = None if record_id is None else msgspec.json.encode(record_id).decode()
        self._update(f"state = ?, id = ?, reason = ?{doubt}", row, state, text, reason)

    def _update(self, assignments: str, row: int, *values: object) -> None:
        with journal_errors(self.path), self._commit():
            query = f"UPDATE rows SET {assignments} WHERE row = ?"  # noqa: S608
            self._db.execute(query, (*values, row))

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of each state."""
        with journal_errors(self.path):
            query = "SELECT state, count(*) FROM rows GROUP BY state"
            return dict(self._db.execute(query).fetchall())

    def count_in_doubt(self) -> int:
        """Return how many rows were sent, and may have been written or not."""
        query = "SELECT count(*) FROM rows WHERE in_doubt OR state = 'sending'"
        with journal_errors(self.path):
            [count] = self._db.execute(query).fetchone()
        return int(count)


def undone_rows(journal: Journal) -> Iterator[JournalRow]:
    """Yield the rows that are not done."""
    after = 0
    while rows := journal.ended(after, done=False):
        yield from rows
        after = rows[-1].row
