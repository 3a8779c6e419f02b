"""Errors that the caller corrects: in the code, the settings or the installation."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from sage200_async.errors.base import Sage200Error

if TYPE_CHECKING:
    from collections.abc import Sequence


class QueryError(Sage200Error, ValueError):
    """The query is wrong. Raised before any I/O: correct the code."""


class UnknownFieldError(QueryError, AttributeError):
    """The record has no field of this name."""

    def __init__(
        self, message: str = "", *, name: str = "", nearest: str | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.nearest = nearest

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name too: AttributeError would leave its own out."""
        name, nearest = self.name or "", self.nearest
        create = functools.partial(type(self), name=name, nearest=nearest)
        return create, self.args, self.__dict__


class InvalidValue(QueryError):
    """The value has no OData literal of its field's type."""

    def __init__(self, message: str = "", *, value: object = None) -> None:
        super().__init__(message)
        self.value = value


class InvalidInput(InvalidValue):
    """What is to be written breaks rules of its record; nothing was sent.

    ``faults`` are all that were found, each with its field, what is wrong and what
    was expected. ``value`` is the first value that is not of its field's type.
    """

    def __init__(
        self, message: str = "", *, value: object = None, faults: Sequence[str] = ()
    ) -> None:
        super().__init__(message, value=value)
        self.faults = tuple(faults)


class LimitError(QueryError):
    """A number is out of range, or the query is longer than the service accepts."""


class UnsupportedOperation(QueryError, AttributeError):
    """The resource does not support the operation."""

    def __init__(self, message: str = "", *, verb: str = "") -> None:
        super().__init__(message)
        self.verb = verb


class SettingsError(Sage200Error, ValueError):
    """A setting is missing, malformed or contradicts another."""

    def __init__(self, message: str = "", *, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class MissingExtra(Sage200Error, ImportError):
    """An optional package is not installed; the message says how to install it."""

    def __init__(self, message: str = "", *, extra: str = "") -> None:
        super().__init__(message)
        self.extra = extra


class ClientClosed(Sage200Error, RuntimeError):
    """The client is used before it is opened or after it is closed.

    Or in another event loop, or in a process that was forked: its connections belong
    to the loop and to the process in which it was opened.
    """
