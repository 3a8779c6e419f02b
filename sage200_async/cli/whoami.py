"""``sage200 whoami``: the signed-in user, the companies, and how long it lasts."""

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
from sage200_async.cli.company_choice import NO_COMPANIES, is_company
from sage200_async.cli.config import request_settings, time_text, utc_time
from sage200_async.cli.messages import note
from sage200_async.cli.output import align_columns
from sage200_async.errors import Sage200Error, SettingsError
from sage200_async.errors.foreign_text import escaped_json, printable

if TYPE_CHECKING:
    from sage200_async import Settings

_NOT_SELECTED: Final = (
    "note: choose one of these rows by `sage200 init`, or set SAGE200_SITE and "
    "SAGE200_COMPANY to it"
)


class Whoami(Struct, frozen=True, kw_only=True):
    """The signed-in user, the companies, and when the tokens expire (UTC)."""

    user: CurrentUser | None
    """None if there is no company to ask, or it did not answer."""
    sites: list[Site]
    access_token_expires_at: datetime | None
    """None if unknown. The client refreshes the token by itself."""
    refresh_token_expires_at: datetime | None
    """None if unknown. A person has to sign in again by then."""


async def whoami(*, as_json: bool) -> None:
    """Print the signed-in user, the companies, and when the tokens expire.

    Raises:
        Sage200Error: The company is none of those listed, or did not answer; what is
            known is printed all the same.
    """
    settings = request_settings()
    about, error = await read_identity(settings)
    if as_json:
        json = msgspec.json.format(msgspec.json.encode(about))
        click.echo(escaped_json(json))
    else:
        _print(about)
    if error is not None:
        raise error
    if not about.sites:
        note(f"note: {NO_COMPANIES}")
    elif not _has_company(settings):
        note(_NOT_SELECTED)


async def read_identity(settings: Settings) -> tuple[Whoami, Sage200Error | None]:
    """Read the user, the companies, and when the tokens expire.

    Returns:
        What was read, and why there is no user, if that is an error.
    """
    store = store_at(settings.token_store)
    async with Sage200Client(replace(settings, token_store=store)) as client:
        sites = await client.sites()
        user, error = await _user(client, sites)
    tokens = await store.load() or Tokens()
    about = Whoami(
        user=user,
        sites=sites,
        access_token_expires_at=utc_time(tokens.expires_at),
        refresh_token_expires_at=utc_time(tokens.refresh_token_expires_at),
    )
    return about, error


async def _user(
    client: Sage200Client, sites: list[Site]
) -> tuple[CurrentUser | None, Sage200Error | None]:
    """Read the user, at the first company if none is set."""
    if not sites:
        return None, None
    site, company = client.settings.site, str(client.settings.company)
    if not _has_company(client.settings):
        client = client.at(sites[0])
    elif not any(is_company(row, site, company) for row in sites):
        message = (
            f"Company {company} of site {site} is none of these rows. Choose one by "
            "`sage200 init`, or set SAGE200_SITE and SAGE200_COMPANY to it."
        )
        return None, SettingsError(message, name="company")
    try:
        return await client.current_user.get(), None
    except Sage200Error as error:
        return None, error


def _has_company(settings: Settings) -> bool:
    return bool(settings.site and settings.company)


def _print(about: Whoami) -> None:
    user = about.user or CurrentUser()
    name = user.friendly_name or user.logon_name or "unknown"
    click.echo(f"user          {printable(name)}")
    click.echo(f"e-mail        {printable(user.email_address or 'unknown')}")
    click.echo(f"access token  expires {time_text(about.access_token_expires_at)}")
    click.echo(f"sign-in       expires {time_text(about.refresh_token_expires_at)}\n")
    rows: list[tuple[str, ...]] = [("site", "company", "company name", "site name")]
    for site in about.sites:
        values = (site.site_id, site.company_id, site.company_name, site.site_name)
        rows.append(tuple("-" if value is None else str(value) for value in values))
    for line in align_columns(rows):
        click.echo(line)
