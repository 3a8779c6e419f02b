"""Standard output and standard error: in UTF-8, and whatever becomes of them."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import (
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.cells import cell_len

from sage200_async.cli.table import padded
from sage200_async.errors.foreign_text import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield *rows* as lines with aligned columns, without cutting anything."""
    lines = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        yield "  ".join(map(padded, row, widths)).rstrip()


def print_lines(lines: Iterable[str]) -> None:
    """Print *lines*, as far as they are read: `head` ends before they do."""
    try:
        for line in lines:
            click.echo(line)
    except OSError as error:
        if not is_reader_gone(error):
            raise
        drop_output(sys.stdout)


def is_reader_gone(error: BaseException | None) -> bool:
    """Return whether *error* is that of an output whose reader has ended.

    Windows has no error of its own for it.
    """
    is_invalid = isinstance(error, OSError) and error.errno == errno.EINVAL
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and is_invalid)


def drop_output(file: IO[str]) -> None:
    """Send what is still written to *file* nowhere, as its reader has ended.

    Without this the interpreter complains when it ends.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


class Messages:
    """Standard error: what cannot be written there is left out, and ends no command.

    Args:
        file: Where it goes: a full disk, a closed pipe, a terminal that is gone.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write *text*, if that is possible."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, if that is possible."""
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def safe_outputs() -> Generator[None, None, None]:
    r"""Let a command print, whatever its outputs are: a service may have none.

    They are written in UTF-8, and lines end with ``\n``: a pipe or a file of Windows
    would get the code page of the system and ``\r\n`` otherwise, and a name such as
    Łódź end the command.
    """
    with ExitStack() as stack:
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        outputs: list[IO[str]] = [sys.stdout or nowhere, sys.stderr or nowhere]
        for output in outputs:
            _use_utf8(output)
        stack.enter_context(redirect_stdout(outputs[0]))
        stack.enter_context(redirect_stderr(Messages(outputs[1])))
        try:
            yield
        finally:
            for output in outputs:
                _settle(output)


def _use_utf8(output: IO[str]) -> None:
    """Write *output* in UTF-8; half a character, as of a file's name, as an escape."""
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _settle(output: IO[str]) -> None:
    """Write what is waiting, or drop it: the interpreter ends with 120 otherwise."""
    try:
        output.flush()
    except OSError:
        drop_output(output)
