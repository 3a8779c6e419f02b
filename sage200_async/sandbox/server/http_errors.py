"""Requests that are answered with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sage200_async.sandbox.store.schema import Table

FORBIDDEN: Final = "The requested operation is forbidden for this account."


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def nowhere(path: str) -> Problem:
    """Give the answer to a path, or a verb, that there is not."""
    return Problem(404, f"No HTTP resource was found that matches {path!r}.")


def missing(table: Table, key: int) -> Problem:
    """Give the answer to an id that there is not."""
    return Problem(404, f"There is no record with the id {key} in {table.path}.")
