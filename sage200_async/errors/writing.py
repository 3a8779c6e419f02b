"""Errors of writing many rows, or an order in steps, to Sage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sage200_async.errors.base import Sage200Error

if TYPE_CHECKING:
    from collections.abc import Sequence


class JournalError(Sage200Error):
    """A job's journal is that of another job, or cannot be read or written.

    It is `retryable` while another process uses it.
    """


class LinesRefused(Sage200Error):
    """Not all lines of an order were saved; those that were are not to be sent again.

    ``saved`` are the lines as they were read again, ``refused`` the one that Sage did
    not take (None where the reply was lost), ``not_tried`` the rest.
    """

    def __init__(
        self,
        message: str = "",
        *,
        saved: Sequence[Any] = (),
        refused: Any = None,
        not_tried: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.saved = tuple(saved)
        self.refused = refused
        self.not_tried = tuple(not_tried)
