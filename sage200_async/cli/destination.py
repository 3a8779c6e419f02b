"""Where an export or a sync writes: checked, with its options, before anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource
from msgspec import Struct

from sage200_async.cli.database_password import (
    has_password,
    require_postgres,
    with_password,
)
from sage200_async.cli.messages import note
from sage200_async.cli.query import require_listed
from sage200_async.errors import SinkError
from sage200_async.extract.databases.urls import database_at, folder_at, is_database
from sage200_async.extract.files.factory import files_at, unused_reason
from sage200_async.extract.rejects_file import RejectsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.databases.sink import DatabaseSink
    from sage200_async.extract.extraction import Extraction
    from sage200_async.extract.files.sink import FileSink
    from sage200_async.extract.rejects import RejectedRow

_DATABASE_SUFFIXES: Final = {
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
}
_FILE_SUFFIXES: Final = {
    ".ndjson",
    ".jsonl",
    ".json",
    ".csv",
    ".parquet",
    ".arrow",
    ".feather",
    ".gz",
    ".zst",
}
_FOR_FORMATS: Final = ("compress", "bom", "nulls", "neutralize_formulas")
_FOR_FILES: Final = ("format", *_FOR_FORMATS, "overwrite")
_FOR_DATABASES: Final = ("prefix", "replace", "drop_columns")


class ExtractOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 export`` and ``sage200 sync``."""

    to: str
    explicit: frozenset[str] = frozenset()
    """The names of the options that are on the command line."""
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
    bom: bool = False
    nulls: bool = False
    neutralize_formulas: bool = False
    rejects: str | None = None
    replace: bool = False
    drop_columns: bool = False
    overlap: float = 3600.0
    sweep_every: float = 0.0
    whole_every: float | None = None
    whole: bool = False
    max_deleted: float = 0.1
    as_json: bool = False
    """Whether the results are printed as JSON."""
    password_file: Path | None = None

    @property
    def is_database(self) -> bool:
        """Whether it goes to a database, not to files."""
        return is_database(self.to)


def explicit_options() -> frozenset[str]:
    """Return the names of the options that are on the command line."""
    context = click.get_current_context()
    default = {ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP}
    return frozenset(
        name
        for name in context.params
        if context.get_parameter_source(name) not in default
    )


def require_right(resources: Sequence[str], options: ExtractOptions) -> None:
    """Refuse a command that is wrong in any part, before any of it is carried out.

    Raises:
        click.UsageError: A resource is named twice, or an option is not used
            there, or ``--to`` is neither a folder nor the URL of a database.
        QueryError: A resource is unknown, or cannot be listed.
    """
    for name in resources:
        require_listed(name)
        if resources.count(name) > 1:
            raise click.UsageError(f"{name} is named twice; name it once")
    if not options.is_database:
        _require_folder(options.to)
    if options.password_file is not None:
        require_postgres(options.to)
    for name in _FOR_FILES if options.is_database else _FOR_DATABASES:
        if name in options.explicit:
            kinds = ("files", "a database")
            used, target = kinds if options.is_database else kinds[::-1]
            _refuse(name, f"it is for {used}, and --to is {target}")
    if options.related == "nested" and (options.is_database or options.format == "csv"):
        where = "a database" if options.is_database else "CSV"
        _refuse("related", f"{where} cannot nest records; use Parquet, Arrow or NDJSON")
    for name in _FOR_FORMATS:
        reason = unused_reason(options.format, name)
        if name in options.explicit and reason:
            _refuse(name, reason)


def require_folder_of(option: str, url: str) -> None:
    """Refuse the URL of a database in a folder that is not there.

    Raises:
        click.UsageError: There is no such folder.
        SettingsError: The URL is malformed.
    """
    folder = folder_at(url)
    if folder is not None and not folder.is_dir():
        raise click.UsageError(
            f"{option}: there is no folder {folder}; make it first. In a URL, three "
            "slashes begin a relative path and four an absolute one"
        )


def warn_of_password(options: ExtractOptions) -> None:
    """Print how a password is kept off the command line, if one is there."""
    if options.is_database and has_password(options.to):
        note(
            "note: a password on the command line is seen by the other users of this "
            "machine; use PGPASSWORD, a .pgpass file or --password-file instead"
        )


def _refuse(name: str, reason: str) -> None:
    raise click.UsageError(f"--{name.replace('_', '-')} must be left out: {reason}")


def _require_folder(to: str) -> None:
    """Refuse what looks like the name of a file: a folder of that name would be made."""
    path = Path(to)
    suffix = path.suffix.lower()
    if suffix in _DATABASE_SUFFIXES:
        url = f"{_DATABASE_SUFFIXES[suffix]}:///{path.as_posix()}"
        message = f"--to {to} looks like a database; write --to {url}, or name a folder"
        raise click.UsageError(message)
    there = next((one for one in (path, *path.parents) if one.exists()), path)
    if there.is_file():
        raise click.UsageError(f"--to {to}: {there} is a file; name a folder")
    if suffix in _FILE_SUFFIXES:
        message = (
            f"--to {to} looks like a file; name a folder, in which each resource gets "
            "a file of its own, and choose the format with --format"
        )
        raise click.UsageError(message)


def make_database(
    options: ExtractOptions, on_reject: Callable[[RejectedRow], None] | None = None
) -> DatabaseSink:
    """Return the database for one resource."""
    url = with_password(options.to, options.password_file)
    return database_at(url, options.prefix, on_reject=on_reject)


def make_files(
    options: ExtractOptions, on_reject: Callable[[RejectedRow], None] | None = None
) -> FileSink:
    """Return the files for one resource."""
    file_format: Any = options.format
    compress: Any = options.compress
    return files_at(
        options.to,
        file_format,
        compress=compress,
        overwrite=options.overwrite,
        bom=options.bom,
        nulls=options.nulls,
        neutralize_formulas=options.neutralize_formulas,
        on_reject=on_reject,
    )


def open_rejects(
    options: ExtractOptions, extractions: Sequence[Extraction]
) -> RejectsFile | None:
    """Return the file of ``--rejects``, or None.

    Raises:
        click.UsageError: The export itself writes a file of that name, or it has
            something else in it, or it cannot be written.
    """
    if options.rejects is None:
        return None
    path = Path(options.rejects)
    if not options.is_database:
        files = make_files(options)
        taken = [one for work in extractions for one in files.paths(work.tables)]
        if path.resolve() in {one.resolve() for one in taken}:
            message = f"--rejects {path}: the export itself writes that file"
            raise click.UsageError(f"{message}; name another")
    try:
        return RejectsFile(path)
    except SinkError as error:
        raise click.UsageError(f"--rejects {error}") from error
