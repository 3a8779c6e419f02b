"""The commands and their options."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from sage200_async import __version__
from sage200_async.cli import demo as demo_command
from sage200_async.cli import describe as describe_command
from sage200_async.cli import extract as extract_command
from sage200_async.cli import login as login_command
from sage200_async.cli import query as query_command
from sage200_async.cli import sandbox as sandbox_command
from sage200_async.cli import whoami as whoami_command
from sage200_async.cli.output import FORMATS
from sage200_async.errors import Sage200Error, TokenRefused

_DATA = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of NDJSON files, one per resource, to serve instead of made-up records.",
)
_LOGIN = "'sage200 login'"
_SEED = click.option(
    "--seed", default=1, show_default=True, help="Seed of the made-up company."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sage200")
def app() -> None:
    """Sage 200 from the command line.

    Settings come from the environment: SAGE200_CLIENT_ID, SAGE200_SITE,
    SAGE200_COMPANY and so on. Tokens come from 'login', unless
    SAGE200_REFRESH_TOKEN or SAGE200_ACCESS_TOKEN gives one.
    """


@app.command()
@click.option(
    "--port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="To listen at for the browser; 0 takes a free one.",
)
@click.option(
    "--redirect-uri", help="One that Sage has on the client's form, instead of --port."
)
@click.option(
    "--no-browser", is_flag=True, help="Print the address, but open no browser."
)
@click.option(
    "--paste",
    is_flag=True,
    help="Paste the address that the browser ends at: for https redirects, and "
    "where the browser is on another machine. Opens no browser.",
)
@click.option(
    "--timeout",
    default=300.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds to wait for the browser; not for a paste.",
)
def login(*, no_browser: bool, **options: Any) -> None:
    """Sign in at Sage with a browser, and keep the tokens.

    They are kept where SAGE200_TOKEN_STORE says, else in a file in your
    configuration folder. SAGE200_CLIENT_ID names the client, and
    SAGE200_CLIENT_SECRET is for those that have a secret.
    """
    made = login_command.LoginOptions(browser=not no_browser, **options)
    login_command.login(made)


@app.command()
def logout() -> None:
    """Forget the tokens that login kept.

    Sage is not told of it: consent is withdrawn in your Sage account.
    """
    _await(login_command.logout())


@app.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def whoami(*, as_json: bool) -> None:
    """Tell who is signed in, for which companies, and until when."""
    _await(whoami_command.whoami(as_json=as_json))


@app.command()
@_DATA
@_SEED
@click.option(
    "--records",
    default=40_000,
    show_default=True,
    type=click.IntRange(min=0),
    help="Made-up products to hold.",
)
def demo(data: Path | None, seed: int, records: int) -> None:
    """Read a sandbox by one chained query, and check what came."""
    _await(demo_command.demo(data=data, seed=seed, records=records))


@app.command()
@_DATA
@_SEED
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0 takes a free port.")
@click.option(
    "--records",
    multiple=True,
    metavar="RESOURCE=N",
    help="How many made-up records a resource holds; repeatable.",
)
@click.option("--database", default=":memory:", show_default=True, help="SQLite file.")
@click.option(
    "--ask-consent",
    is_flag=True,
    help="Ask whoever signs in, on a page in the browser.",
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
    """Serve a Sage 200 of your own until interrupted.

    The first line printed is a JSON object with all that a client needs.
    """
    counts = sandbox_command.parse_counts(records)
    _await(
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
@click.option("--filter", help='A condition in OData, as in "balance gt 1000".')
@click.option("--select", help="Names of fields, separated by commas.")
@click.option("--expand", help="Names of members, separated by commas.")
@click.option("--order-by", help='Keys, separated by commas, as in "balance desc,id".')
@click.option("--top", type=int, help="Records at most; all without it.")
@click.option("--skip", type=int, help="Records to pass over.")
@click.option("--page-size", type=int, help="Records to a request, 1 to 5000.")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
)
@click.option(
    "--untyped", is_flag=True, help="Take a RESOURCE that is not in the catalog."
)
@click.option(
    "--explain", is_flag=True, help="Print how it would be read; ask nothing."
)
def query(resource: str, **options: Any) -> None:
    """Read RESOURCE and print its records."""
    _await(query_command.query(resource, query_command.QueryArguments(**options)))


@app.command()
@click.argument("pattern", default="")
def resources(pattern: str) -> None:
    """List the resources: verbs, unique key, watermark.

    PATTERN is a part of a name, or has * and ? in it.
    """
    describe_command.resources(pattern)


@app.command()
@click.argument("resource")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def describe(resource: str, *, as_json: bool) -> None:
    """Tell what is known of RESOURCE: verbs, fields, members, nested paths."""
    endpoint = query_command.known_endpoint(resource)
    describe_command.describe(resource, endpoint, as_json=as_json)


_EXTRACT = (
    click.argument("resources", nargs=-1, required=True),
    click.option(
        "--workers",
        default=8,
        show_default=True,
        type=click.IntRange(1),
        help="Requests at once for a resource.",
    ),
    click.option("--filter", help="A condition in OData, for every resource."),
    click.option("--select", help="Names of fields, separated by commas."),
    click.option("--expand", help="Names of members, separated by commas."),
    click.option("--page-size", type=int, help="Records to a request, 1 to 5000."),
    click.option(
        "--related",
        type=click.Choice(("json", "tables")),
        default="json",
        show_default=True,
        help="What expanded lists become: JSON, or tables of their own.",
    ),
    click.option("--prefix", default="", help="What a database's tables begin with."),
)


def _extract(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `export` and `sync` share."""
    for option in reversed(_EXTRACT):
        command = option(command)
    return command


@app.command()
@_extract
@click.option("--to", required=True, help="A folder, or the URL of a database.")
@click.option(
    "--format",
    type=click.Choice(("ndjson", "csv", "parquet")),
    default="ndjson",
    show_default=True,
    help="Of files.",
)
@click.option("--compress", type=click.Choice(("gzip", "zstd")), help="NDJSON and CSV.")
@click.option("--since", help="Only what has changed since, as 2026-01-31T08:00Z.")
@click.option("--overwrite", is_flag=True, help="Replace files that are finished.")
@click.option(
    "--resume/--restart",
    default=True,
    show_default=True,
    help="Go on with an export that was broken off, or begin anew.",
)
def export(resources: tuple[str, ...], **options: Any) -> None:
    """Read RESOURCES whole, with a proof that nothing is missing.

    Files are there once they are complete, each with a manifest that holds the
    proof. Broken off at any moment, the same command goes on.
    """
    asked = extract_command.ExtractOptions(**options)
    _await(extract_command.export_all(resources, asked))


@app.command()
@_extract
@click.option(
    "--to",
    required=True,
    help="sqlite:///copy.db, duckdb:///copy.duckdb or postgresql://...",
)
@click.option(
    "--overlap",
    default=3600.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds that are read again, for transactions that commit late.",
)
@click.option(
    "--most-deleted",
    default=0.1,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the rows that may be marked as deleted at once.",
)
def sync(resources: tuple[str, ...], **options: Any) -> None:
    """Keep copies of RESOURCES in a database in step, again and again.

    What has changed is upserted by key, what is gone is marked as deleted.
    """
    asked = extract_command.ExtractOptions(**options)
    _await(extract_command.sync_all(resources, asked))


def run() -> int:
    """Run a command; give the exit code."""
    try:
        app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; so does the rest of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Sage200Error as error:
        said = str(error)
        if isinstance(error, TokenRefused) and _LOGIN not in said:
            said += f" ({_LOGIN})"
        click.echo(f"error: {said}", err=True)
        for note in getattr(error, "__notes__", ()):
            click.echo(f"       {note}", err=True)
        return 1
    return 0


def _await(command: Coroutine[Any, Any, None]) -> None:
    asyncio.run(command)
