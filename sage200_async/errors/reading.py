"""Errors of reading records and of writing them to a sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors.base import Sage200Error

if TYPE_CHECKING:
    from sage200_async.errors.base import PlanLike


class PagingError(Sage200Error):
    """A page cannot follow the last one: reading on could lose records."""

    def __init__(self, message: str = "", *, plan: PlanLike | None = None) -> None:
        super().__init__(message)
        self.plan = plan


class ExtractError(Sage200Error):
    """The data read cannot be proved complete."""


class SinkError(ExtractError):
    """The data read could not be written to its file, folder or database."""


class SinkConflict(SinkError):
    """The destination already holds different data: remove it, or choose another.

    It is `retryable` only while another run is writing there.
    """


class LeaseLost(ExtractError):
    """Another process feeds from the state by now, or may: open the feed anew.

    What was acknowledged before is stored; what was handed out and not acknowledged
    comes again, there or here.
    """


class ResultError(Sage200Error, LookupError):
    """Exactly one record was expected."""


class NoResultFound(ResultError):
    """No record matched."""


class MultipleResultsFound(ResultError):
    """More than one record matched."""
