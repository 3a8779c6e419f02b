"""Small tables that notebooks show in place of a repr."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sage200_async.errors.foreign_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN: Final = 400
# Characters of a value: a condition or a URL may have thousands.
_LEFT: Final = 'style="text-align: left; vertical-align: top"'


def table(caption: str, rows: Iterable[tuple[str, object]]) -> str:
    """Return two columns, names and values, as HTML; None and "" are left out.

    Whatever the values are, they are text: escaped, on one line, cut where they are
    long, without the secrets that this process has sent.

    Example:
        >>> table("a & b", [("top", 5), ("skip", None)]).count("<tr>")
        1
    """
    body = "".join(
        f"<tr><th {_LEFT}>{_text(name)}</th><td {_LEFT}>{_text(value)}</td></tr>"
        for name, value in rows
        if value is not None and value != ""
    )
    return f"<table><caption>{_text(caption)}</caption>{body}</table>"


def utc_text(seconds: float) -> str:
    """Return a time in seconds since 1970 as text, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds")


def _text(value: object) -> str:
    from html import escape  # noqa: PLC0415 - a large table, rarely needed

    return escape(one_line(str(value), _SHOWN))
