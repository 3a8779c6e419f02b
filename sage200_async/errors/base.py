"""The base of every error, and the values that errors refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sage200_async.errors.foreign_text import cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping


E = TypeVar("E", bound=Exception)


class RequestLike(Protocol):
    """The request that an error is about."""

    @property
    def method(self) -> str:
        """GET, POST, PUT or DELETE."""
        ...

    @property
    def path(self) -> str:
        """Below the base URL, percent-encoded."""
        ...

    @property
    def query(self) -> str:
        """The query string, percent-encoded."""
        ...


class ResponseLike(Protocol):
    """The response that an error is about."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names in lower case."""
        ...

    @property
    def body(self) -> Any:
        """The body, as `bytes` or as something that ``bytes()`` takes."""
        ...


class PlanLike(Protocol):
    """How far a read has come. Pass it to `CollectionQuery.resume`."""

    @property
    def path(self) -> str:
        """The collection, below the base URL."""
        ...

    @property
    def records(self) -> int:
        """Records read so far."""
        ...

    @property
    def pages(self) -> int:
        """Pages read so far."""
        ...


def bare(error: E) -> E:
    """Return *error* without its traceback, cause and context.

    For errors from frames whose variables hold secrets: programs that report
    crashes show variables, too. To be raised outside of ``except``.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class Sage200Error(Exception):
    """The base of every error that this library raises on purpose.

    Its text may repeat what a server wrote, but for known secrets and control
    characters, and is cut to 1,500 characters.
    """

    retryable: bool = False
    """Whether the same call may succeed later."""

    attempts: int = 0
    """How often the request was sent; 0 if it was not."""

    request_id: str = ""
    """The server's name for the request, for its operators; empty if unknown."""

    plan: PlanLike | None = None
    """How far a stream had come, for `resume`; None outside a stream."""

    def __init__(self, *args: object) -> None:
        texts = (cleaned(arg) if isinstance(arg, str) else arg for arg in args)
        super().__init__(*texts)

    def add_note(self, note: str) -> None:
        """Add a note, which tracebacks show; it is cleaned like the message."""
        super().add_note(cleaned(note))
