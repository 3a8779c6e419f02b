"""Everything that can go wrong, drawn by what a caller would do about it.

::

    Sage200Error                          .attempts .request_id .plan
    ├── QueryError (also ValueError)      the question is wrong; before any I/O
    │   ├── UnknownFieldError             .name .nearest
    │   ├── InvalidValue                  .value
    │   ├── LimitError                    a number out of range, a query too long
    │   └── UnsupportedOperation (also AttributeError)   .verb: the resource cannot do that
    ├── SettingsError (also ValueError)   .name: a setting missing or contradictory
    ├── RequestError                      .request (redacted) .outcome_unknown
    │   ├── TransportError                no reply
    │   │   ├── ConnectError              the request certainly never left
    │   │   ├── RequestTimeout                  .phase .seconds
    │   │   └── IncompleteResponse               cut short, or not HTTP
    │   │       └── ResponseTooLarge         more bytes than the settings allow
    │   ├── StatusError                   .status .response .detail
    │   │   ├── BadRequest 400 · Unauthorized 401 · Forbidden 403
    │   │   ├── NotFound 404 · Conflict 409
    │   │   ├── RateLimited 429           .retry_after
    │   │   └── ServerError 5xx           .retry_after
    │   └── DecodeError                   .json_path .model .raw
    ├── TokenError                        no usable token
    │   ├── TokenRefused                  the token endpoint said no: sign in again
    │   ├── TokenUnavailable              the token endpoint could not be reached
    │   ├── TokenStoreError               the store could not be read or written
    │   └── SignInFailed                  .reason: a sign-in that brought no tokens
    ├── PagingError                       .plan: a page that cannot follow the last
    ├── ExtractError                      what was read is not certainly all there is
    │   └── SinkError                     what was read could not be kept
    │       └── SinkConflict              what is there already is something else
    ├── ResultError (also LookupError)    one record was asked for
    │   ├── NoResultFound                      none matched
    │   └── MultipleResultsFound                   several matched
    ├── MissingExtra (also ImportError)   .extra: what to install
    └── ClientClosed (also RuntimeError)  misuse, not failure

``plan`` is where a stream goes on from. Every attribute has a default, so that
every error can be pickled and copied. No message and no attribute holds a
token, a key or a secret.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_GAVE_UP: Final = frozenset({502, 503, 504})


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
    """Where a reading stood. Pass it to `CollectionQuery.resume`."""

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


class Sage200Error(Exception):
    """The base of every error that this library raises on purpose."""

    retryable: bool = False
    """Whether asking the same again, later, may succeed."""

    attempts: int = 0
    """Times that the request was sent; 0 where none was."""

    request_id: str = ""
    """What the server calls the request, for its operators; empty if untold."""

    plan: PlanLike | None = None
    """Where a stream stood, for `resume`, or None outside a stream."""


class QueryError(Sage200Error, ValueError):
    """The question is wrong. Raised before any I/O: correct the code."""


class UnknownFieldError(QueryError, AttributeError):
    """A name that the record does not have."""

    def __init__(
        self, message: str = "", *, name: str = "", nearest: str | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.nearest = nearest

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name too: AttributeError would leave its own out."""
        name, nearest = self.name or "", self.nearest
        made = functools.partial(type(self), name=name, nearest=nearest)
        return made, self.args, self.__dict__


class InvalidValue(QueryError):
    """A value that has no literal for its field's type."""

    def __init__(self, message: str = "", *, value: object = None) -> None:
        super().__init__(message)
        self.value = value


class LimitError(QueryError):
    """A number out of range, or a query longer than the service takes."""


class UnsupportedOperation(QueryError, AttributeError):
    """Something that the resource cannot do."""

    def __init__(self, message: str = "", *, verb: str = "") -> None:
        super().__init__(message)
        self.verb = verb


class SettingsError(Sage200Error, ValueError):
    """A setting that is missing, malformed or contradicts another."""

    def __init__(self, message: str = "", *, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class RequestError(Sage200Error):
    """A request that did not lead to a usable reply."""

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

    maybe_sent_before: bool = False
    """Whether an earlier attempt may have reached the service."""

    outcome_unknown: bool = False
    """Whether a write may have been done, although this came instead of a reply."""

    @property
    def page_too_large(self) -> bool:
        """Whether asking for less may succeed where the same would not."""
        return False


class TransportError(RequestError):
    """No reply came."""

    retryable = True

    @property
    def never_sent(self) -> bool:
        """Whether the request certainly never reached the service."""
        return False


class ConnectError(TransportError):
    """No connection could be made: the request certainly never left."""

    @property
    def never_sent(self) -> bool:
        """Whether the request certainly never reached the service: yes."""
        return True


class RequestTimeout(TransportError):
    """The time ran out."""

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
        return self.phase == "connect"

    @property
    def page_too_large(self) -> bool:
        """Whether asking for less may help: yes, once the server is at work."""
        return self.phase in {"read", "total"}


class IncompleteResponse(TransportError):
    """A reply that was cut short or was not HTTP."""


class ResponseTooLarge(IncompleteResponse):
    """A reply of more bytes, once inflated, than ``max_response_bytes`` allows."""

    retryable = False

    @property
    def page_too_large(self) -> bool:
        """Whether asking for less may help: yes."""
        return True


class StatusError(RequestError):
    """The service answered with an error status."""

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
        self.detail = detail
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status, or 0 when there is no response at hand."""
        return self.response.status if self.response else self.status_code


class BadRequest(StatusError):
    """400: Sage refused the request; ``detail`` is its message."""

    status_code = 400


class Unauthorized(StatusError):
    """401: an expired token, or a wrong or missing site or company."""

    status_code = 401


class Forbidden(StatusError):
    """403: the user's role lacks the module or feature."""

    status_code = 403


class NotFound(StatusError):
    """404: no such id or path, or a verb or edition that lacks it."""

    status_code = 404


class Conflict(StatusError):
    """409: the record is in the way of itself or of another."""

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
        """Whether asking for less may help: where a gateway gave up waiting."""
        return self.status in _GAVE_UP


class DecodeError(RequestError):
    """A reply that does not fit what was expected.

    ``json_path`` is the JSON path of the value that does not fit, as in
    ``$[17].balance``; ``model`` is the record's name; ``raw`` is the JSON of
    the one record that does not fit, where there is one.
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
        self.json_path = json_path
        self.model = model
        self.raw = raw


class TokenError(Sage200Error):
    """There is no usable token."""


class TokenRefused(TokenError):
    """The token endpoint said no: someone has to sign in again.

    ``reason`` is OAuth's word for it, such as ``invalid_grant``, where the
    endpoint was asked.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TokenUnavailable(TokenError):
    """The token endpoint could not be reached, or gave no usable answer."""

    retryable = True


class TokenStoreError(TokenError):
    """The token store could not be read, written or locked."""


class SignInFailed(TokenError):
    """A sign-in that brought no tokens.

    ``reason`` is OAuth's word where the server gave one (``access_denied``),
    else ``state``, ``code``, or ``timeout`` when nobody came back.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class PagingError(Sage200Error):
    """A page that cannot follow the last: reading on could lose records."""

    def __init__(self, message: str = "", *, plan: PlanLike | None = None) -> None:
        super().__init__(message)
        self.plan = plan


class ExtractError(Sage200Error):
    """What was read cannot be proved complete."""


class SinkError(ExtractError):
    """What was read could not be kept: a disk, a folder, a database."""


class SinkConflict(SinkError):
    """What is there is something else: discard it, or choose another place."""


class ResultError(Sage200Error, LookupError):
    """One record was asked for, and the number found was another."""


class NoResultFound(ResultError):
    """No record matched."""


class MultipleResultsFound(ResultError):
    """More than one record matched."""


class MissingExtra(Sage200Error, ImportError):
    """An optional part is not installed; the message says how to get it."""

    def __init__(self, message: str = "", *, extra: str = "") -> None:
        super().__init__(message)
        self.extra = extra


class ClientClosed(Sage200Error, RuntimeError):
    """The client was used before it was opened or after it was closed."""
