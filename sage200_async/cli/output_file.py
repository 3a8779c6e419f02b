"""A file that is there whole or not at all, and stays as it was if it cannot be."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Final

import click

from sage200_async.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Generator

FORMAT_OF: Final = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".txt": "table",
    ".xlsx": "xlsx",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""The format that the end of a file's name stands for."""


@contextmanager
def output_to(path: Path | None) -> Generator[IO[bytes], None, None]:
    """Yield where bytes go: standard output, or a file that replaces *path* at the end.

    A link keeps pointing to its file, which is the one that is replaced and keeps its
    mode. What is no file, such as ``/dev/null`` or a pipe, is written to as it is.

    Raises:
        click.UsageError: There is no such folder, or the file there cannot be
            written: found out before anything is read.
        SinkError: It cannot be replaced any more; the old file is as it was.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    path = Path(os.path.realpath(path))
    require_writable(path)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    # Another run may write the same file: the last one that ends replaces it.
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    try:
        with open(temporary, "wb", opener=_private) as file:
            yield file
        if path.exists():
            shutil.copymode(path, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
        _replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def require_writable(path: Path) -> None:
    """Refuse a file that another program holds, or may not be written.

    Raises:
        click.UsageError: It is one; the message says what to do.
    """
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        message = f"{path}: there is no folder {path.parent}; make it first"
        raise click.UsageError(message)
    try:
        if path.is_file():
            path.open("r+b").close()
    except OSError as error:
        raise click.UsageError(_held(path, error)) from error


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else can read while it is written."""
    return os.open(path, flags, 0o600)


def _umask() -> int:
    """Return the rights that new files are denied."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _replace(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        spare = path.with_name(f"{path.stem}.new{path.suffix}")
        temporary.replace(spare)
        message = f"{_held(path, error)}; the new file is {spare.name}, beside it"
        raise SinkError(message) from error


def _held(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    message = f"{path}: cannot be replaced: {reason}; the file is as it was"
    if isinstance(error, PermissionError):
        message += ". If Excel or another program has it open, close it there"
    return message
