"""``sage200 whoami``: who is signed in, for which companies, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.catalog import CurrentUser, Site
from sage200_async.cli.output import TableWriter
from sage200_async.cli.place import moment, settings
from sage200_async.tokens import store_at

if TYPE_CHECKING:
    from sage200_async import Settings

_COLUMNS: Final = ("site_name", "company_name", "site_id", "company_id")


class Whoami(Struct, frozen=True, kw_only=True):
    """Who is signed in. Times are seconds since 1970, None if unknown."""

    user: CurrentUser
    sites: list[Site]
    access_token_ends_at: float | None
    sign_in_ends_at: float | None


async def whoami(*, as_json: bool) -> None:
    """Ask who is signed in, and print it."""
    about = await ask(given := settings())
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(about)).decode())
        return
    user = about.user
    name = user.friendly_name or user.logon_name or "unknown"
    click.echo(f"user          {name} ({user.email_address or user.logon_name or '-'})")
    click.echo(f"access token  ends {moment(about.access_token_ends_at)}")
    click.echo(f"sign-in       ends {moment(about.sign_in_ends_at)}")
    click.echo("")
    table = TableWriter(_COLUMNS)
    for site in about.sites:
        table.write(site)
    table.close()
    if not (given.site and given.company):
        click.echo("note: choose by SAGE200_SITE and SAGE200_COMPANY", err=True)


async def ask(given: Settings) -> Whoami:
    """Read the user, the companies, and the tokens that this took."""
    store = store_at(given.token_store)
    async with Sage200Client(replace(given, token_store=store)) as client:
        sites = await client.sites()
        user = await _somewhere(client, sites).current_user.get()
    tokens = await store.load()
    return Whoami(
        user=user,
        sites=sites,
        access_token_ends_at=tokens.expires_at if tokens else None,
        sign_in_ends_at=tokens.sign_in_ends_at if tokens else None,
    )


def _somewhere(client: Sage200Client, sites: list[Site]) -> Sage200Client:
    """Give a client with a company: the user is not known to be asked without."""
    chosen: Any = client.settings.site and client.settings.company
    return client if chosen or not sites else client.at(sites[0])
