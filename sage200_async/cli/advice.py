"""What a person can do about an error, beyond what its message says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.cli.exit_status import is_refused_condition
from sage200_async.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator


def details_of(error: BaseException) -> tuple[str, ...]:
    """Return the lines that follow the message of *error*: its notes, and next steps."""
    return (*getattr(error, "__notes__", ()), *_next_steps(error))


def _next_steps(error: BaseException) -> Iterator[str]:
    if is_refused_condition(error) and isinstance(error, RequestError):
        path = "RESOURCE" if error.request is None else error.request.path
        yield (
            f"`sage200 describe {path}` shows the fields; a condition has words for "
            "operators: eq, ne, gt (not >), ge, lt, le, and, or, not; texts are in single "
            "quotes: \"name eq 'A' and balance gt 5\""
        )
