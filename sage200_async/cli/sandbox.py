"""``sage200 sandbox``: serve a sandbox until interrupted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sage200_async.cli.options import DATA, SEED
from sage200_async.sandbox import Behaviour, Sandbox
from sage200_async.sandbox.connection import TEXTS
from sage200_async.sandbox.counts import parse_counts

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTINGS: Final = (
    "base_url",
    "token_url",
    "authorization_url",
    "allow_insecure_http",
    "client_id",
    "client_secret",
    "refresh_token",
    "site",
    "company",
)
_OPTIONS: Final = (
    DATA,
    SEED,
    click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
    ),
    click.option(
        "--port",
        default=0,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 is a free one.",
    ),
    click.option(
        "--allow-http",
        default="",
        metavar="HOST",
        help="Name by which clients on other machines or in containers reach it. The "
        "settings that are printed have it, and allow http, which is not encrypted. "
        "Use it with --host 0.0.0.0.",
    ),
    click.option(
        "--records",
        multiple=True,
        metavar="RESOURCE=N",
        help="Number of generated records of a resource, such as customers=500; "
        "repeatable.",
    ),
    click.option(
        "--database",
        default=":memory:",
        show_default=True,
        help="SQLite file for the records; :memory: keeps them in memory only.",
    ),
    click.option(
        "--ask-consent",
        is_flag=True,
        help="Show a page that asks the user for consent at sign-in.",
    ),
    click.option(
        "--print",
        "tool",
        type=click.Choice(["json", *TEXTS]),
        default="json",
        show_default=True,
        help="For which tool to print how to reach it. All but json have a token that "
        "works for 30 days.",
    ),
)


class SandboxArguments(Struct, frozen=True, kw_only=True):
    """The options of the command."""

    data: Path | None
    seed: int
    host: str
    port: int
    allow_http: str
    records: tuple[str, ...]
    database: str
    ask_consent: bool
    tool: str


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to the command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


async def serve(arguments: SandboxArguments) -> None:
    """Print how to reach a sandbox, then serve it.

    Raises:
        SettingsError: An option is malformed, the port is in use, or the database is
            none.
    """
    sandbox = Sandbox(
        records=parse_counts(arguments.records) or None,
        seed=arguments.seed,
        data=arguments.data,
        database=arguments.database,
        host=arguments.host,
        port=arguments.port,
        public_host=arguments.allow_http,
        behaviour=Behaviour(consent="ask" if arguments.ask_consent else "grant"),
    )
    async with sandbox:
        click.echo(_text(sandbox, arguments.tool))
        click.echo(f"Start page: {sandbox.url}/", err=True)
        await asyncio.Event().wait()


def _text(sandbox: Sandbox, tool: str) -> str:
    if tool == "json":
        return msgspec.json.encode(connection(sandbox)).decode()
    token = sandbox.create_access_token()
    return TEXTS[tool](replace(sandbox.settings, access_token=token))


def connection(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings that a client needs to use *sandbox*."""
    settings = sandbox.settings
    return {name: str(getattr(settings, name)) for name in _SETTINGS}
