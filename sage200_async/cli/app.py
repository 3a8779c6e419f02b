"""The commands and their options."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from sage200_async import __version__
from sage200_async.cli import demo as demo_command
from sage200_async.cli import describe as describe_command
from sage200_async.cli import extract as extract_command
from sage200_async.cli import login as login_command
from sage200_async.cli import query as query_command
from sage200_async.cli import sandbox as sandbox_command
from sage200_async.cli import verify as verify_command
from sage200_async.cli import whoami as whoami_command
from sage200_async.cli.destination import ExtractOptions, explicit_options
from sage200_async.cli.exit_status import DONE, FAILED, INTERRUPTED, status_of
from sage200_async.cli.options import (
    AS_JSON,
    DATA,
    EXPAND,
    FILTER,
    PAGE_SIZE,
    SEED,
    SELECT,
    export_options,
    sync_options,
    verify_options,
)
from sage200_async.cli.output import FORMATS, drop_output, is_reader_gone, safe_outputs
from sage200_async.errors import Sage200Error, TokenRefused
from sage200_async.errors.foreign_text import printable

T = TypeVar("T")

_LOGIN = "sage200 login"


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _reader_watched():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sage200")
def app() -> None:
    """Use Sage 200 from the command line.

    Settings come from environment variables: SAGE200_CLIENT_ID,
    SAGE200_SITE, SAGE200_COMPANY and so on. Tokens come from
    `sage200 login`, unless SAGE200_REFRESH_TOKEN or SAGE200_ACCESS_TOKEN
    is set.
    """


@app.command()
@click.option(
    "--port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port on this machine that the browser is redirected to; 0 is a free one.",
)
@click.option(
    "--redirect-uri",
    help="Redirect URI as registered at Sage, instead of --port; for example "
    "http://127.0.0.1:8080/callback.",
)
@click.option(
    "--no-browser",
    is_flag=True,
    help="Print the address to open, without opening a browser.",
)
@click.option(
    "--paste",
    is_flag=True,
    help="Paste the address that the browser ends at. For an https redirect URI, or "
    "a browser on another machine. Opens no browser.",
)
@click.option(
    "--timeout",
    default=300.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds to wait for the browser. Does not apply to --paste.",
)
def login(*, no_browser: bool, **options: Any) -> None:
    """Sign in to Sage with a browser, and store the tokens.

    Set SAGE200_CLIENT_ID first, and SAGE200_CLIENT_SECRET if the client has
    a secret. Tokens are stored in SAGE200_TOKEN_STORE if it is set,
    otherwise in a file in your configuration folder.
    """
    login_command.login(login_command.LoginOptions(browser=not no_browser, **options))


@app.command()
def logout() -> None:
    """Delete the tokens that `sage200 login` stored.

    This does not withdraw consent; do that in your Sage account.
    """
    _run_async(login_command.logout())


@app.command()
@AS_JSON
def whoami(*, as_json: bool) -> None:
    """Show the signed-in user, the companies, and when the sign-in expires."""
    _run_async(whoami_command.whoami(as_json=as_json))


@app.command()
@DATA
@SEED
@click.option(
    "--records",
    default=40_000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Number of generated products.",
)
def demo(data: Path | None, seed: int, records: int) -> None:
    """Run a query against a sandbox, and check the records."""
    _run_async(demo_command.demo(data=data, seed=seed, records=records))


@app.command()
@DATA
@SEED
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--port", default=0, show_default=True, help="Port to listen on; 0 is a free one."
)
@click.option(
    "--records",
    multiple=True,
    metavar="RESOURCE=N",
    help="Number of generated records of a resource, such as customers=500; "
    "repeatable.",
)
@click.option(
    "--database",
    default=":memory:",
    show_default=True,
    help="SQLite file for the records; :memory: keeps them in memory only.",
)
@click.option(
    "--ask-consent",
    is_flag=True,
    help="Show a page that asks the user for consent at sign-in.",
)
def sandbox(
    data: Path | None,
    seed: int,
    host: str,
    port: int,
    records: tuple[str, ...],
    database: str,
    *,
    ask_consent: bool,
) -> None:
    """Serve a sandbox, a Sage 200 on this machine, until interrupted.

    The first line of output is a JSON object with the settings that a
    client needs.
    """
    counts = sandbox_command.parse_counts(records)
    _run_async(
        sandbox_command.serve(
            data=data,
            seed=seed,
            host=host,
            port=port,
            records=counts,
            database=database,
            ask_consent=ask_consent,
        )
    )


@app.command()
@click.argument("resource")
@FILTER
@SELECT
@EXPAND
@click.option("--order-by", help='Fields to sort by, such as "balance desc,id".')
@click.option("--top", type=int, help="Maximum number of records; default: all.")
@click.option("--skip", type=int, help="Number of records to skip.")
@PAGE_SIZE
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Output format. A table without --top shows 20 records. CSV and tables replace "
    "control characters in texts; NDJSON escapes them.",
)
@click.option(
    "--untyped", is_flag=True, help="Accept a RESOURCE that is not in the catalog."
)
@click.option(
    "--explain", is_flag=True, help="Print how it would be read, without a request."
)
def query(resource: str, **options: Any) -> None:
    """Read RESOURCE, and print its records."""
    _run_async(query_command.query(resource, query_command.QueryArguments(**options)))


@app.command()
@click.argument("pattern", default="")
def resources(pattern: str) -> None:
    """List the resources with their operations, unique key and watermark.

    PATTERN is part of a name, or a pattern with * and ?, such as 'sop_*'.
    """
    describe_command.resources(pattern)


@app.command()
@click.argument("resource")
@AS_JSON
def describe(resource: str, *, as_json: bool) -> None:
    """Show a resource's operations, fields and types."""
    endpoint = query_command.known_endpoint(resource)
    describe_command.describe(resource, endpoint, as_json=as_json)


@app.command()
@export_options
def export(resources: tuple[str, ...], **options: Any) -> int:
    """Copy whole RESOURCES to files or a database, and prove them complete.

    Files appear only when they are complete, each with a manifest that holds
    the proof. If the command is interrupted, run it again: it continues. What
    is complete already is not read again.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return _run_async(extract_command.export_all(resources, extract_options))


@app.command()
@sync_options
def sync(resources: tuple[str, ...], **options: Any) -> int:
    """Update copies of RESOURCES in a database.

    Changed records are upserted by key; deleted ones are marked as deleted.
    Run it again to bring the copies up to date.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return _run_async(extract_command.sync_all(resources, extract_options))


@app.command()
@verify_options
def verify(
    resources: tuple[str, ...], *, limit: int, as_json: bool, **options: Any
) -> int:
    """Compare copies of RESOURCES with the company, and show what differs.

    Nothing is written. Pass the options that the copies were made with. The exit
    status is 0 if all are equal, 1 if a copy differs or could not be compared,
    and 3 if all are equal but for records that cannot be read.
    """
    extract_options = ExtractOptions(explicit=explicit_options(), **options)
    return _run_async(
        verify_command.verify_all(
            resources, extract_options, limit=limit, as_json=as_json
        )
    )


def run() -> int:
    """Run a command, and return the exit status."""
    with safe_outputs():
        return _run()


def _run() -> int:
    try:
        status = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ReaderGone:
        drop_output(sys.stdout)
        return DONE
    except Sage200Error as error:
        message = str(error)
        if isinstance(error, TokenRefused) and _LOGIN not in message:
            message += f" (run `{_LOGIN}`)"
        click.echo(f"error: {printable(message)}", err=True)
        for note in getattr(error, "__notes__", ()):
            click.echo(f"       {printable(note)}", err=True)
        return status_of(error)
    except OSError as error:  # most likely of standard output: a full disk
        click.echo(f"error: {printable(str(error))}", err=True)
        return FAILED
    return status if isinstance(status, int) else DONE


def _run_async(command: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(command)
