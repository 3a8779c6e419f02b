"""Errors of one request: no response, an error status, or an unreadable response."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from sage200_async.errors.base import Sage200Error
from sage200_async.errors.foreign_text import one_line
from sage200_async.errors.known_secrets import body_without_secrets

if TYPE_CHECKING:
    from sage200_async.errors.base import RequestLike, ResponseLike

_GATEWAY_ERRORS: Final = frozenset({502, 503, 504})


class RequestError(Sage200Error):
    """A request failed, or its response is unusable."""

    maybe_sent_before: bool = False
    """Whether an earlier attempt may have reached the service."""

    outcome_unknown: bool = False
    """Whether a write may have been carried out although it failed here."""

    def __init__(
        self,
        message: str = "",
        *,
        request: RequestLike | None = None,
        attempts: int = 1,
    ) -> None:
        super().__init__(message)
        self.request = request
        self.attempts = attempts

    def __str__(self) -> str:
        """Return the message, with the request and how often it was sent."""
        text = super().__str__()
        if self.request is not None and str(self.request) not in text:
            text = f"{self.request}: {text}"
        return f"{text} (sent {self.attempts} times)" if self.attempts > 1 else text

    @property
    def page_too_large(self) -> bool:
        """Whether a smaller page may succeed where the same would not."""
        return False


class TransportError(RequestError):
    """No response came."""

    retryable = True

    @property
    def never_sent(self) -> bool:
        """Whether the request certainly never reached the service."""
        return False


class ConnectError(TransportError):
    """No connection could be made: the request was certainly never sent."""

    @property
    def never_sent(self) -> bool:
        """Whether the request certainly never reached the service: yes."""
        return True


class RequestTimeout(TransportError):
    """The response did not come in time."""

    def __init__(
        self,
        message: str = "",
        *,
        request: RequestLike | None = None,
        attempts: int = 1,
        phase: str = "read",
        seconds: float | None = None,
    ) -> None:
        super().__init__(message, request=request, attempts=attempts)
        self.phase = phase
        self.seconds = seconds

    @property
    def never_sent(self) -> bool:
        """Whether the request certainly never reached the service."""
        return self.phase in {"connect", "queue"}

    @property
    def page_too_large(self) -> bool:
        """Whether a smaller page may succeed: yes, once the request was sent."""
        return self.phase in {"read", "total"}


class IncompleteResponse(TransportError):
    """The response was cut short, or was not HTTP."""


class ResponseTooLarge(IncompleteResponse):
    """The response is larger, decompressed, than ``max_response_bytes``."""

    retryable = False

    @property
    def page_too_large(self) -> bool:
        """Whether a smaller page may succeed: yes."""
        return True


class StatusError(RequestError):
    """The service responded with an error status."""

    status_code: ClassVar[int] = 0

    def __init__(
        self,
        message: str = "",
        *,
        request: RequestLike | None = None,
        attempts: int = 1,
        response: ResponseLike | None = None,
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, request=request, attempts=attempts)
        self.response = response
        self.detail = one_line(detail)
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status; without a response, the status of the class, or 0."""
        return self.response.status if self.response else self.status_code


class BadRequest(StatusError):
    """400: Sage refused the request; ``detail`` is its message."""

    status_code = 400


class Unauthorized(StatusError):
    """401: the token has expired, or the site or company is wrong or missing."""

    status_code = 401


class Forbidden(StatusError):
    """403: the user's role lacks the module or feature."""

    status_code = 403


class NotFound(StatusError):
    """404: no such id or path, or the edition does not have it."""

    status_code = 404


class Conflict(StatusError):
    """409: the request conflicts with the current state of the record."""

    status_code = 409


class RateLimited(StatusError):
    """429: too many requests; ``retry_after`` is in seconds, or None."""

    status_code = 429
    retryable = True


class ServerError(StatusError):
    """5xx: the server, its gateway or its tunnel failed."""

    status_code = 500
    retryable = True

    @property
    def page_too_large(self) -> bool:
        """Whether a smaller page may succeed: yes, if a gateway stopped waiting."""
        return self.status in _GATEWAY_ERRORS


class DecodeError(RequestError):
    """The response does not have the expected form.

    ``json_path`` is where, as in ``$[17].balance``; ``model`` is the name of
    the record's type; ``raw`` is the JSON of the one record that does not fit,
    if it is only one.
    """

    def __init__(
        self,
        message: str = "",
        *,
        request: RequestLike | None = None,
        attempts: int = 1,
        json_path: str = "",
        model: str = "",
        raw: bytes = b"",
    ) -> None:
        super().__init__(message, request=request, attempts=attempts)
        self.json_path = one_line(json_path)
        self.model = model
        self.raw = body_without_secrets(raw)
