"""Errors that are answered with a status other than 400."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sage200_async.sandbox.schema.tables import Table


class HttpError(Exception):
    """An error that is answered with a status, and with a message if it has one."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


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
