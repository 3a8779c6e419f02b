"""Which of the companies that Sage lists: the only one, the one named, or a choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from sage200_async.cli.output import align_columns
from sage200_async.cli.prompts import ask, is_interactive
from sage200_async.errors import Sage200Error, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.catalog import Site

NO_COMPANIES: Final = (
    "Sage listed no companies: the connector (tunnel) of an on-premises server may be "
    "down, or the user may not use any company; ask Sage's administrator of yours."
)
"""What an empty list means.

Source: realnetintegrations.com, "Sage 200 API HTTP response codes".
"""


def is_company(row: Site, site: str, company: str) -> bool:
    """Whether *row* is of this site and company; an empty one is any."""
    same_site = not site or (row.site_id or "").lower() == site.lower()
    return same_site and (not company or str(row.company_id) == company)


def choose_company(rows: Sequence[Site], site: str, company: str) -> Site:
    """Return the row that *site* and *company* name; ask if they leave several.

    Raises:
        Sage200Error: There are no rows.
        SettingsError: None of them is so named.
        click.UsageError: Several are, and there is no terminal to ask on.
    """
    if not rows:
        raise Sage200Error(NO_COMPANIES)
    named = [row for row in rows if is_company(row, site, company)]
    if len(named) == 1:
        return named[0]
    for line in company_lines(named or rows):
        click.echo(line, err=True)
    if not named:
        wanted = " ".join(filter(None, (site, company)))
        message = (
            f"Sage lists no company {wanted}: pass --site and --company of a row above."
        )
        raise SettingsError(message, name="company")
    if not is_interactive():
        message = (
            "There are several companies, and standard input is no terminal to ask on: "
            "run it again with --site and --company of one of the rows above."
        )
        raise click.UsageError(message)
    while True:
        answer = ask(f"Which row (1 to {len(named)})")
        if answer.isdecimal() and 1 <= int(answer) <= len(named):
            return named[int(answer) - 1]


def company_lines(rows: Sequence[Site]) -> list[str]:
    """Return the companies as numbered lines."""
    cells: list[tuple[str, ...]] = [
        ("", "company", "company name", "site", "site name")
    ]
    for number, row in enumerate(rows, 1):
        values = (row.company_id, row.company_name, row.site_id, row.site_name)
        texts = ("-" if value is None else str(value) for value in values)
        cells.append((str(number), *texts))
    return list(align_columns(cells))
