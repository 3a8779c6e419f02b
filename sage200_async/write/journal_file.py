"""The file of a journal: SQLite, for its owner only, and for one process at a time."""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from sage200_async.errors import JournalError
from sage200_async.odata.plain_values import shown
from sage200_async.write.journal_rows import ROWS, JobIdentity

if TYPE_CHECKING:
    from collections.abc import Generator

_SCHEME: Final = "sqlite:///"
_APPLICATION: Final = 0x53323030
# SQLite's application_id of our journals: "S200".
_VERSION: Final = 1

SUFFIXES: Final = ("-journal", "-wal", "-shm")
"""The ends of the names of the files that SQLite has beside a journal."""


def journal_path(url: object) -> Path:
    """Return the file of a journal: of ``sqlite:///job.db``, or of a path.

    Raises:
        JournalError: It is neither.
    """
    text = str(url) if isinstance(url, str | Path) else ""
    if text.startswith(_SCHEME):
        text = unquote(text.removeprefix(_SCHEME))
    if not text or "://" in text or text == ":memory:":
        message = (
            "journal: expected a file, as in 'sqlite:///job.db' (four slashes begin an "
            f"absolute path), got {shown(url)}"
        )
        raise JournalError(message)
    return Path(text)


class JournalFile:
    """A journal's file, open, for one process at a time.

    Args:
        path: Its file; created if it is missing, readable by its owner only.

    Raises:
        JournalError: Another process has it open, or it is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = False
        with journal_errors(path):
            _create(path)
            before = _stat(path)
            self._db = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
                _require_same(path, before)
                self.token = self._token()
            except BaseException:
                self._db.close()
                _require_same(path, before)
                raise

    def _open(self) -> None:
        db = self._db
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")  # held until the file is closed, on any system
        [application] = db.execute("PRAGMA application_id").fetchone()
        [tables] = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self.is_new = not tables
        if self.is_new:
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute("CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT)")
            db.execute(ROWS.format("rows"))
            db.execute("CREATE INDEX ready ON rows (state, ready_at, row)")
            self._set(version=_VERSION, token=_new_token())
        elif application != _APPLICATION:
            raise JournalError(f"{self.path}: not a journal; name another file")
        db.execute("COMMIT")
        version = self._value("version")
        if version != _VERSION:
            message = (
                f"{self.path}: a journal of version {version}, expected {_VERSION}: run "
                "the job with the version of sage200_async that began it"
            )
            raise JournalError(message)
        # All that is committed is in this one file, which may be moved: no WAL.
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = FULL")  # syncs the truncation, too
        db.execute("CREATE TEMP TABLE taken (row INTEGER PRIMARY KEY)")

    def close(self) -> None:
        """Close it; other processes can open it. Once it is closed, this does nothing."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA journal_mode = DELETE")  # an empty file less
        self._db.close()

    def remove(self) -> None:
        """Remove the file, and close it: no other process has it open meanwhile.

        Raises:
            JournalError: It cannot be removed.
        """
        with journal_errors(self.path):
            self._db.execute("PRAGMA journal_mode = DELETE")
            try:
                self.path.unlink()
            except PermissionError:  # Windows: not while it is open, here or elsewhere
                self._db.close()
                self.path.unlink()
            else:
                self._db.close()

    def _value(self, name: str) -> Any:
        row = self._db.execute(
            "SELECT value FROM job WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0])

    def _set(self, **values: object) -> None:
        pairs = [
            (k, msgspec.json.encode(value).decode()) for k, value in values.items()
        ]
        self._db.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", pairs)

    @contextmanager
    def _commit(self) -> Generator[None, None, None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _token(self) -> str:
        """Return what the markers of the job begin with.

        Raises:
            JournalError: There is none: what was sent could not be found again.
        """
        token = self._value("token")
        if not isinstance(token, str) or not token:
            message = f"{self.path}: a journal that is damaged; name another file"
            raise JournalError(message)
        return token

    @property
    def by(self) -> tuple[str, ...]:
        """The fields that its rows are looked up by."""
        with journal_errors(self.path):
            stored = self._value("job")
            return () if stored is None else msgspec.convert(stored, JobIdentity).by

    def require_job(self, wanted: JobIdentity) -> None:
        """Take the journal for a job.

        Raises:
            JournalError: It is that of another job.
        """
        with journal_errors(self.path), self._commit():
            stored = self._value("job")
            if stored is None:
                self._set(job=wanted)
                return
            held = msgspec.convert(stored, JobIdentity)
        if held != wanted:
            message = (
                f"{self.path}: the journal of an {held}, not of an {wanted}; name "
                "another journal, or remove this one by clear_journal()"
            )
            raise JournalError(message)


def _new_token() -> str:
    """Return 10 characters by which the markers of a job differ from all others."""
    return base64.b32encode(secrets.token_bytes(6)).decode().rstrip("=")


def _create(path: Path) -> None:
    """Create the file for its owner only, if it is missing."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise _removed(path) from error


def _require_same(path: Path, before: os.stat_result) -> None:
    """Refuse a file that was removed while it was opened: what is written is lost."""
    if not os.path.samestat(_stat(path), before):
        raise _removed(path)


def _removed(path: Path) -> JournalError:
    error = JournalError(f"{path}: another process has removed it; run it again")
    error.retryable = True
    return error


@contextmanager
def journal_errors(path: Path) -> Generator[None, None, None]:
    """Turn errors of SQLite and of the disk into a `JournalError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise JournalError(f"{path}: {error}") from error
        message = f"{path}: another process is using this journal; let it end first"
        in_use = JournalError(message)
        in_use.retryable = True
        raise in_use from error
    except (sqlite3.DatabaseError, msgspec.DecodeError, OSError) as error:
        message = f"{path}: not a journal, or it cannot be read or written: {error}"
        raise JournalError(message) from error
