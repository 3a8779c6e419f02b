"""Options of every command: how much it says, and where that is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from time import gmtime
from typing import Any, Final, Self

import click

from sage200_async import __version__
from sage200_async.cli.messages import LOGGER, Verbosity
from sage200_async.errors.foreign_text import printable

_LIBRARY: Final = logging.getLogger("sage200_async")
_ON_SCREEN: Final = (logging.WARNING, logging.INFO, logging.DEBUG)
_IN_FILE: Final = (logging.INFO, logging.DEBUG, logging.DEBUG)


class _Lines(logging.Formatter):
    """Lines without what a terminal would obey; times in UTC."""

    def __init__(self, line: str) -> None:
        super().__init__(line, "%Y-%m-%dT%H:%M:%SZ")
        self.converter = gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return printable(super().format(record), keep="\n")


class _Screen(logging.Handler):
    """Standard error, as it is when a line is printed: bars may be drawn there."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line of a record."""
        click.echo(self.format(record), err=True)


class _File(logging.FileHandler):
    """A file that a full disk does not fill with errors about itself."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 - logging's
        """Print that the file cannot be written, once, and write no more to it."""
        _LIBRARY.removeHandler(self)
        LOGGER.removeHandler(self)
        click.echo(f"the log cannot be written any more: {self.baseFilename}", err=True)


class Logs(Verbosity):
    """The loggers while a command runs: as its options want them, then as before."""

    def __init__(self) -> None:
        super().__init__()
        self._screen: logging.Handler = _Screen()
        self._screen.setFormatter(_Lines("%(levelname)s: %(message)s"))
        self._file: logging.FileHandler | None = None
        self._levels = {logger: logger.level for logger in (_LIBRARY, LOGGER)}

    def __enter__(self) -> Self:
        _LIBRARY.addHandler(self._screen)
        self._set_levels()
        return self

    def __exit__(self, *_: object) -> None:
        _LIBRARY.removeHandler(self._screen)
        for logger, level in self._levels.items():
            logger.setLevel(level)
            if self._file is not None:
                logger.removeHandler(self._file)
        if self._file is not None:
            with suppress(OSError):  # a full disk
                self._file.close()

    def set_verbose(self, _: click.Context, count: int) -> None:
        """Print more on the screen, and in the log."""
        self.verbose = max(self.verbose, min(count, len(_ON_SCREEN) - 1))
        self._set_levels()

    def set_quiet(self, _: click.Context, _flag: object) -> None:
        """Print errors only."""
        self.quiet = True
        self._set_levels()

    def open_file(self, context: click.Context, path: str) -> None:
        """Append to a file what is printed.

        Raises:
            click.UsageError: It cannot be written.
        """
        try:
            file = _File(path, encoding="utf-8", errors="replace")
        except OSError as error:
            raise click.UsageError(f"--log {path}: {error.strerror}") from error
        file.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._file = file
        self._set_levels()
        for logger in self._levels:
            logger.addHandler(file)
        LOGGER.info("%s: version %s", context.command_path, __version__)

    def _set_levels(self) -> None:
        screen = logging.ERROR if self.quiet else _ON_SCREEN[self.verbose]
        self._screen.setLevel(screen)
        lowest = screen
        if self._file is not None:
            lowest = _IN_FILE[self.verbose]
            self._file.setLevel(lowest)
        for logger in self._levels:
            logger.setLevel(min(lowest, screen))


def _callback(action: Callable[[Logs, click.Context, Any], None]) -> Any:
    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        logs = context.find_object(Logs)
        if value and logs is not None and not context.resilient_parsing:
            action(logs, context, value)

    return callback


def common_options() -> list[click.Option]:
    """Return the options, which may stand before the command's name and after it."""
    return [
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_callback(Logs.set_verbose),
            help="Print what the library does; -vv each request, too.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_callback(Logs.set_quiet),
            help="Print errors, and what was asked for; no progress, summary or note.",
        ),
        click.Option(
            ["--log"],
            metavar="FILE",
            type=click.Path(dir_okay=False),
            expose_value=False,
            callback=_callback(Logs.open_file),
            help="File to which messages are appended, with their times (UTC); with -v "
            "each request, too.",
        ),
    ]
