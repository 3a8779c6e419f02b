"""Checks: what was observed becomes a finding. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sage200_async._url_checks import LOOPBACK
from sage200_async.cli.company_choice import NO_COMPANIES, is_company
from sage200_async.cli.config import utc_time
from sage200_async.cli.doctor.finding import Finding, failed, ok, warning
from sage200_async.cli.exit_status import SIGN_IN, WRONG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async import Settings, Tokens
    from sage200_async.catalog import Site
    from sage200_async.profiles.source import Source
    from sage200_async.query.schema_diff import SchemaDiff

_DAY: Final = 86_400.0
_MAX_SKEW: Final = 300.0
# Seconds. The Date header has whole ones, and the response took some.
_SHOWN: Final = 6
_CHOOSE: Final = "Run `sage200 init`, or set SAGE200_SITE and SAGE200_COMPANY."


def check_settings(settings: Settings, source: Source) -> Finding:
    """Whether there is a client, or a token without one."""
    if settings.client_id or settings.access_token:
        return ok("settings", str(source))
    cure = "Run `sage200 init`, or set SAGE200_CLIENT_ID, too."
    if source.kind == "environment":
        cure += " To use a profile, unset those: one source, never a mixture."
    return failed("settings", f"No client_id is set in {source}.", cure, WRONG)


def check_names(failures: Mapping[str, str]) -> Finding:
    """Whether each host has an address.

    Args:
        failures: By host, why there is none; "" if there is one.
    """
    for host, reason in failures.items():
        if reason:
            cure = (
                "See that this machine's network and DNS work (`nslookup HOST`), and that "
                "the address is spelt right; behind a proxy, set HTTPS_PROXY."
            )
            return failed("dns", f"{host} has no address: {reason}", cure)
    return ok("dns", ", ".join(failures))


def check_proxy(url: str, reason: str) -> Finding:
    """Whether the proxy takes connections.

    Args:
        url: Its URL, without a password; "" for none.
        reason: Why it does not; "" if it does.
    """
    if not url:
        return ok("proxy", "none: connections are direct")
    if not reason:
        return ok("proxy", url)
    cure = (
        "Correct SAGE200_PROXY (else HTTPS_PROXY), or ask who runs it; SAGE200_PROXY=direct "
        "uses none, NO_PROXY exempts hosts."
    )
    return failed("proxy", f"{url} takes no connections: {reason}", cure)


def check_encryption(urls: Sequence[str]) -> Finding:
    """Whether what is sent to these servers can be read on the way."""
    parts = [urlsplit(url) for url in urls]
    plain = [part.hostname or "" for part in parts if part.scheme == "http"]
    open_to_others = [host for host in plain if host not in LOOPBACK]
    if open_to_others:
        cure = "Use https: tokens and secrets can be read on the way."
        return warning("tls", f"none to {open_to_others[0]}", cure)
    return ok("tls", "none: this machine" if plain else "certificates are valid")


def check_clock(ours: float, theirs: float | None) -> Finding:
    """Whether this machine's clock is the server's; both in seconds since 1970."""
    if theirs is None:
        return Finding("clock", "skipped", "the server sent no Date")
    skew = ours - theirs
    if abs(skew) <= _MAX_SKEW:
        return ok("clock", f"within {max(1.0, abs(skew)):.0f} s of the server's")
    way = "ahead of" if skew > 0 else "behind"
    cure = (
        "Set the clock (Linux: timedatectl set-ntp true; Windows: w32tm /resync): tokens "
        "expire, and certificates are valid, by it."
    )
    return failed("clock", f"{abs(skew):.0f} s {way} the server's", cure)


def check_tokens(tokens: Tokens, now: float, days: float) -> Finding:
    """Whether the sign-in lasts for so many *days*; *now* in seconds since 1970."""
    left = days_left(tokens, now)
    if left is None:
        cure = "`sage200 login` signs in so that the end is known."
        return warning("token", "works; when the sign-in ends is not known", cure)
    end = utc_time(_end(tokens))
    shown = "unknown" if end is None else f"{end:%Y-%m-%d %H:%M} UTC"
    message = f"the sign-in ends in {left:.1f} days ({shown})"
    if left >= days:
        return ok("token", message)
    return failed("token", message, "Run `sage200 login` before then.", SIGN_IN)


def days_left(tokens: Tokens, now: float) -> float | None:
    """Return the days until a person has to sign in again; None if unknown."""
    end = _end(tokens)
    return None if end is None else (end - now) / _DAY


def _end(tokens: Tokens) -> float | None:
    """Return when no request works any more; without a refresh token, that is soon."""
    if tokens.access_token and not tokens.refresh_token and tokens.expires_at:
        return tokens.expires_at
    return tokens.refresh_token_expires_at


def check_sites(rows: Sequence[Site]) -> list[Finding]:
    """Whether Sage lists companies; none may be a tunnel that is down."""
    if rows:
        noun = "company" if len(rows) == 1 else "companies"
        return [ok("sites", f"{len(rows)} {noun}")]
    cure = (
        "See that the Sage 200 server and its connector are up, and that this user may "
        "use a company."
    )
    return [
        failed("sites", NO_COMPANIES, cure),
        failed(
            "tunnel", "an empty list of companies is what a lost tunnel brings", cure
        ),
    ]


def check_company(rows: Sequence[Site], site: str, company: str) -> Finding:
    """Whether the site and the company are a row of those that Sage lists."""
    for name, value in (("site", site), ("company", company)):
        if not value:
            message = f"No {name} is set; Sage lists {_listed(rows)}."
            return failed("company", message, _CHOOSE, WRONG)
    row = next((row for row in rows if is_company(row, site, company)), None)
    if row is not None:
        return ok("company", f"{row.company_name} ({company}) of {row.site_name}")
    if not any(is_company(row, site, "") for row in rows):
        message = f"The site {site} is none of yours; Sage lists {_listed(rows)}."
    elif any(is_company(row, "", company) for row in rows):
        other = next(row for row in rows if is_company(row, "", company))
        message = f"Company {company} is of the site {other.site_id}, not of {site}."
    else:
        message = f"The site has no company {company}; Sage lists {_listed(rows)}."
    return failed("company", message, _CHOOSE, WRONG)


def _listed(rows: Sequence[Site]) -> str:
    names = [f"{row.company_id} ({row.company_name}) of {row.site_id}" for row in rows]
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def check_schema(resource: str, diff: SchemaDiff) -> Finding:
    """Whether the service has the fields of the catalog."""
    parts = [
        f"{label} {_some(names)}"
        for label, names in (
            ("unknown here:", diff.unknown),
            ("not there:", diff.missing),
            ("of another type:", tuple(field.name for field in diff.retyped)),
        )
        if names
    ]
    if not parts:
        return ok("version", f"{resource} has the fields of the catalog")
    cure = (
        "Nothing breaks: unknown fields are left out, missing ones are None. Update "
        "sage200-async (pip install -U sage200-async), or Sage 200, for all of them."
    )
    return warning("version", f"{resource}: {'; '.join(parts)}", cure)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
