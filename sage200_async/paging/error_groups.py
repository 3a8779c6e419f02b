"""Errors of tasks that ran together."""

from __future__ import annotations

from typing import cast


def first_error(error: BaseException) -> BaseException:
    """Return the first error of the groups that it came in."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error
