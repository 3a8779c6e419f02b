"""The entry point: a command is run, and how it ends becomes an exit status."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click

from sage200_async import __version__
from sage200_async.cli.advice import next_steps
from sage200_async.cli.commands import (
    account,
    changes,
    copies,
    read,
    records,
    sandbox,
    setup,
    writes,
)
from sage200_async.cli.common_options import Logs, common_options
from sage200_async.cli.exit_status import (
    DONE,
    FAILED,
    INTERRUPTED,
    TERMINATED,
    status_of,
)
from sage200_async.cli.messages import LOGGER, failure
from sage200_async.cli.output import drop_output, is_reader_gone, safe_outputs
from sage200_async.cli.running import Terminated
from sage200_async.errors import Sage200Error, TokenRefused

_NAME = "sage200"
_LOGIN = f"{_NAME} login"


class ReaderGone(Exception):
    """The reader of the output, such as `head`, has ended before it."""


@contextmanager
def _reader_watched() -> Generator[None, None, None]:
    """Raise `ReaderGone` for what click and rich take for a failure."""
    try:
        yield
    except (OSError, SystemExit) as error:
        cause = error.__context__ if isinstance(error, SystemExit) else error
        if is_reader_gone(cause):
            raise ReaderGone from error
        raise


class Commands(click.Group):
    """The commands; what nobody reads of their output is no error."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments; print the help if they ask for it."""
        with _reader_watched():
            return super().make_context(*args, **kwargs)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, with the options that all have."""
        cmd.params.extend(common_options())
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _reader_watched():
            try:
                return super().invoke(ctx)
            except Sage200Error as error:
                for line in next_steps(error):  # here, where --profile is known
                    error.add_note(line)
                raise


@click.group(
    cls=Commands,
    params=list[click.Parameter](common_options()),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", prog_name=_NAME)
def app() -> None:
    """Use Sage 200 from the command line.

    `sage200 init` sets up a profile; `sage200 doctor` says what is wrong.
    Settings come from environment variables (SAGE200_CLIENT_ID,
    SAGE200_SITE, SAGE200_COMPANY and so on) if those are set, else from the
    profile. Tokens come from `sage200 login`, unless SAGE200_REFRESH_TOKEN
    or SAGE200_ACCESS_TOKEN is set.
    """


_COMMANDS = (
    setup.init,
    setup.profiles,
    setup.doctor,
    account.login,
    account.logout,
    account.whoami,
    read.query,
    read.resources,
    read.describe,
    read.completion,
    copies.export,
    copies.sync,
    copies.verify,
    writes.load,
    records.get,
    records.create,
    records.update,
    records.delete,
    changes.watch,
    sandbox.demo,
    sandbox.sandbox,
)
for _command in _COMMANDS:
    app.add_command(_command)


def run() -> int:
    """Run a command, and return the exit status."""
    with safe_outputs(), Logs() as logs:
        status = _run(logs)
        LOGGER.info("exit status %d", status)
        return status


def _run(logs: Logs) -> int:
    try:
        status = app(prog_name=_NAME, standalone_mode=False, obj=logs)
    except click.ClickException as error:
        LOGGER.error("%s", error.format_message())
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, Terminated) as end:
        return TERMINATED if isinstance(end, Terminated) else INTERRUPTED
    except ReaderGone:
        drop_output(sys.stdout)
        return DONE
    except Sage200Error as error:
        message = str(error)
        if isinstance(error, TokenRefused) and _LOGIN not in message:
            message += f" (run `{_LOGIN}`)"
        failure(message, *getattr(error, "__notes__", ()))
        return status_of(error)
    except OSError as error:  # most likely of standard output: a full disk
        failure(str(error))
        return FAILED
    return status if isinstance(status, int) else DONE
