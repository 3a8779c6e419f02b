"""What a command says besides its results: on standard error, and in the log."""

from __future__ import annotations

import logging
from typing import Final

import click

from sage200_async.errors.foreign_text import printable

LOGGER: Final = logging.getLogger("sage200")
"""Of the command line; the library logs as ``sage200_async``."""
LOGGER.addHandler(logging.NullHandler())


class Verbosity:
    """How much a command says; the object of its context."""

    def __init__(self) -> None:
        self.verbose = 0
        self.quiet = False


def is_quiet() -> bool:
    """Return whether only errors are printed."""
    context = click.get_current_context(silent=True)
    verbosity = None if context is None else context.find_object(Verbosity)
    return verbosity is not None and verbosity.quiet


def note(text: str) -> None:
    """Print a line that nobody has to read, unless ``--quiet`` is on the command line."""
    LOGGER.info("%s", text)
    if not is_quiet():
        click.echo(printable(text), err=True)


def warning(text: str) -> None:
    """Print what somebody has to look at, though nothing failed, also with ``--quiet``."""
    LOGGER.warning("%s", text)
    click.echo(printable(text), err=True)


def failure(text: str, *details: str) -> None:
    """Print an error, with lines that explain it, also with ``--quiet``."""
    LOGGER.error("%s", "; ".join((text, *details)))
    click.echo(f"error: {printable(text)}", err=True)
    for detail in details:
        click.echo(f"       {printable(detail)}", err=True)
