"""Commands that print records, and what the catalog knows of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sage200_async.cli import describe as describe_command
from sage200_async.cli import query as query_command
from sage200_async.cli import resource_search
from sage200_async.cli.completion import (
    SHELLS,
    complete_any_resource,
    complete_fields,
    complete_resource,
    completion_script,
)
from sage200_async.cli.config import PROFILE
from sage200_async.cli.options import AS_JSON, EXPAND, FILTER, PAGE_SIZE, SELECT
from sage200_async.cli.query_output import OutputOptions
from sage200_async.cli.running import run_async
from sage200_async.cli.writers import FORMATS


class _Format(click.Choice[str]):
    """A format of a query; of one that an export alone has, it names that."""

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return *value*, one of the formats."""
        if value == "parquet":
            self.fail(
                "`sage200 export RESOURCE --to FOLDER` writes Parquet", param, ctx
            )
        return super().convert(value, param, ctx)


@click.command()
@click.argument("resource", shell_complete=complete_resource)
@PROFILE
@FILTER
@SELECT
@EXPAND
@click.option(
    "--order-by",
    help='Fields to sort by, such as "balance desc,id".',
    shell_complete=complete_fields,
)
@click.option("--top", type=int, help="Maximum number of records; default: all.")
@click.option("--skip", type=int, help="Number of records to skip.")
@PAGE_SIZE
@click.option(
    "--format",
    type=_Format(FORMATS),
    help="Default: that of the name of --output; a table on a terminal; NDJSON where "
    "standard output is a file or a pipe. A table without --top shows 20 records; all "
    "others have all. Tables, CSV and workbooks replace control characters in texts; "
    "NDJSON and JSON escape them.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write instead of standard output; replaced at the end, once the new "
    "one is whole.",
)
@click.option(
    "--bom",
    is_flag=True,
    help="Begin CSV with a byte order mark, as Excel needs.",
)
@click.option(
    "--neutralize-formulas",
    is_flag=True,
    help="Put an apostrophe before texts in CSV that a spreadsheet would run as "
    "formulas.",
)
@click.option(
    "--untyped", is_flag=True, help="Accept a RESOURCE that is not in the catalog."
)
@click.option(
    "--explain", is_flag=True, help="Print how it would be read, without a request."
)
def query(resource: str, **options: Any) -> None:
    """Read RESOURCE, and print its records, or write them to a file."""
    output = OutputOptions(
        **{name: options.pop(name) for name in OutputOptions.__struct_fields__}
    )
    arguments = query_command.QueryArguments(**options)
    run_async(
        query_command.query(resource, arguments, output),
        advice="what is printed is not complete",
    )


@click.command()
@click.argument("words", nargs=-1)
@AS_JSON
def resources(words: tuple[str, ...], *, as_json: bool) -> None:
    """List the resources with their operations, unique key and watermark.

    With WORDS, those whose names or fields have all of them, such as "sop line" or
    "customers credit_limit". A word may have * and ?, as in 'sop_*'.
    """
    resource_search.resources(words, as_json=as_json)


@click.command()
@click.argument("resource", shell_complete=complete_any_resource)
@AS_JSON
def describe(resource: str, *, as_json: bool) -> None:
    """Show a resource's operations and fields, and an example of a query."""
    endpoint = query_command.known_endpoint(resource)
    describe_command.describe(resource, endpoint, as_json=as_json)


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands, resources, fields and options.

    \b
    bash        sage200 completion bash >> ~/.bashrc
    zsh         sage200 completion zsh >> ~/.zshrc
    fish        sage200 completion fish > ~/.config/fish/completions/sage200.fish
    PowerShell  sage200 completion powershell | Out-String | Invoke-Expression

    The last line goes into the file that $PROFILE names.
    """  # noqa: D301 - \b is click's
    click.echo(completion_script(shell, context.find_root().command))
