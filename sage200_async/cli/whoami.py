"""``sage200 whoami``: who is signed in, for which companies, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sage200_async import Sage200Client, Tokens
from sage200_async.auth.stores import store_at
from sage200_async.catalog import CurrentUser, Site
from sage200_async.cli import config
from sage200_async.cli.output import padded

if TYPE_CHECKING:
    from sage200_async import Settings

_NO_COMPANY: Final = (
    "note: Sage names no company: the tunnel to an on-premises server may be down"
)
_NONE_CHOSEN: Final = "note: set SAGE200_SITE and SAGE200_COMPANY to one of these"


class Whoami(Struct, frozen=True, kw_only=True):
    """Who is signed in, for which companies, and until when (UTC)."""

    user: CurrentUser | None
    """None where there is no company to ask at."""
    sites: list[Site]
    access_token_ends: datetime | None
    """None if unknown; the client refreshes it by itself."""
    sign_in_ends: datetime | None
    """None if unknown; then a person has to sign in again."""


async def whoami(*, as_json: bool) -> None:
    """Ask who is signed in, and print it."""
    settings = config.settings()
    about = await ask(settings)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(about)).decode())
        return
    user = about.user or CurrentUser()
    click.echo(f"user          {user.friendly_name or user.logon_name or 'unknown'}")
    click.echo(f"e-mail        {user.email_address or 'unknown'}")
    click.echo(f"access token  ends {config.shown(about.access_token_ends)}")
    click.echo(f"sign-in       ends {config.shown(about.sign_in_ends)}\n")
    _print(about.sites)
    if not about.sites:
        click.echo(_NO_COMPANY, err=True)
    elif not _is_chosen(settings):
        click.echo(_NONE_CHOSEN, err=True)


async def ask(settings: Settings) -> Whoami:
    """Read the user, the companies, and how long the tokens live."""
    store = store_at(settings.token_store)
    async with Sage200Client(replace(settings, token_store=store)) as client:
        sites = await client.sites()
        user = await _user(client, sites)
    tokens = await store.load() or Tokens()
    return Whoami(
        user=user,
        sites=sites,
        access_token_ends=config.moment(tokens.expires_at),
        sign_in_ends=config.moment(tokens.refresh_token_expires_at),
    )


async def _user(client: Sage200Client, sites: list[Site]) -> CurrentUser | None:
    """Read the user, at the first company where none is chosen."""
    if _is_chosen(client.settings):
        return await client.current_user.get()
    return await client.at(sites[0]).current_user.get() if sites else None


def _is_chosen(settings: Settings) -> bool:
    return bool(settings.site and settings.company)


def _print(sites: list[Site]) -> None:
    rows: list[tuple[str, ...]] = [("site", "company", "company name", "site name")]
    for site in sites:
        told = (site.site_id, site.company_id, site.company_name, site.site_name)
        rows.append(tuple("-" if each is None else str(each) for each in told))
    for line in padded(rows):
        click.echo(line)
