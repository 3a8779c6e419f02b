"""Errors that are answered with a status other than 400."""

from __future__ import annotations

import sqlite3
from decimal import InvalidOperation
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from sage200_async.sandbox.schema.tables import Table


class HttpError(Exception):
    """An error that is answered with a status, and with a message if it has one."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


_TOO_DEEP: Final = "The request is nested too deeply."
_TOO_LARGE: Final = "The request holds a number that is out of range."
_REASONS: Final[dict[type[Exception], str]] = {
    RecursionError: _TOO_DEEP,
    UnicodeEncodeError: "The request holds half of a surrogate pair, which is no text.",
    OverflowError: _TOO_LARGE,
    InvalidOperation: _TOO_LARGE,
    web.RequestPayloadError: "The body is not what its Content-Encoding says.",
}
_SQLITE_LIMITS: Final = ("parser stack overflow", "Expression tree is too large")


def bad_request_for(error: Exception) -> HttpError | None:
    """Return the error for a request that no part of the sandbox can take in.

    Args:
        error: What Python or SQLite raised on it.

    Returns:
        The error; None if *error* is a fault of the sandbox.
    """
    if isinstance(error, sqlite3.OperationalError):
        too_deep = str(error).startswith(_SQLITE_LIMITS)
        return HttpError(400, _TOO_DEEP) if too_deep else None
    message = next(
        (text for kind, text in _REASONS.items() if isinstance(error, kind)), ""
    )
    return HttpError(400, message) if message else None


def unauthorized() -> HttpError:
    """Return the error for a wrong token, site or company: no message, as in Sage."""
    return HttpError(401)


def forbidden() -> HttpError:
    """Return the error for what the user's role may not use."""
    return HttpError(403, "The requested operation is forbidden for this account.")


def path_not_found(path: str) -> HttpError:
    """Return the error for an unknown path, or a verb that it does not have."""
    return HttpError(404, f"No HTTP resource was found that matches {path!r}.")


def record_not_found(table: Table, key: int) -> HttpError:
    """Return the error for an unknown id."""
    return HttpError(404, f"There is no record with the id {key} in {table.path}.")
