"""Headers that requests carry, and what replies say in theirs."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from sage200_async.errors import SettingsError
from sage200_async.errors.foreign_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.settings import CompanyContext


def company_headers(context: CompanyContext) -> dict[str, str]:
    """Return the headers that name the company of a request.

    Raises:
        SettingsError: No site or no company is set.

    Source:
        Sage 200 API guide, "Getting started": every request but ``GET /sites``
        carries ``X-Site`` and ``X-Company``.
    """
    if not context.site or not context.company:
        name = "company" if context.site else "site"
        message = (
            f"No {name} is set. Run `sage200 init`, or set SAGE200_{name.upper()} "
            "(`sage200 whoami` lists yours), or use client.at(site) with a row of "
            "client.sites(). While a variable such as SAGE200_CLIENT_ID is set, no profile "
            "is used; the log of sage200_async.settings names the source."
        )
        raise SettingsError(message, name=name)
    return {"X-Site": context.site, "X-Company": context.company}


_LONGEST_ID: Final = 200

_REQUEST_IDS: Final = (
    "x-request-id",
    "request-id",
    "x-ms-request-id",
    "apim-request-id",
    "x-correlation-id",
)
# Sage documents none. Azure API Management and the application proxy, which
# stand before on-premises servers, send those of Microsoft's.


def request_id(headers: Mapping[str, str]) -> str:
    """Find what the server calls the request; empty where it does not say.

    Args:
        headers: Names in lower case.
    """
    ids = (headers[name] for name in _REQUEST_IDS if headers.get(name))
    return one_line(next(ids, ""), _LONGEST_ID)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read ``Retry-After``: seconds, or an HTTP date.

    A date is counted from the reply's own, where it has one: the server's
    clock and ours may be a day apart.

    Args:
        headers: Names in lower case.
        now: Seconds since 1970.

    Returns:
        Seconds to wait, 0 or more, or None where nothing usable was said.

    Source: RFC 9110, 10.2.3.

    Example:
        >>> retry_after({"retry-after": "120"}, 0)
        120.0
        >>> retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 20)
        40.0
        >>> retry_after({"retry-after": "soon"}, 0) is None
        True
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    when = _moment(text)
    if when is None:
        return None
    since = server_time(headers)
    return max(0.0, when - (now if since is None else since))


def server_time(headers: Mapping[str, str]) -> float | None:
    """Read ``Date``: the server's clock, in seconds since 1970; None without one.

    Args:
        headers: Names in lower case.

    Source: RFC 9110, 6.6.1. It has whole seconds, so it may be up to one early.

    Example:
        >>> server_time({"date": "Thu, 01 Jan 1970 00:01:00 GMT"})
        60.0
    """
    return _moment(headers.get("date", ""))


def _moment(text: str) -> float | None:
    """Read an HTTP date as seconds since 1970."""
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
