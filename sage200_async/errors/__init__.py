"""Every error that this library raises, grouped by what a caller does about it.

::

    Sage200Error                          .retryable .attempts .request_id .plan
    ├── QueryError (also ValueError)      correct the code; raised before any I/O
    │   ├── UnknownFieldError (also AttributeError)      .name .nearest
    │   ├── InvalidValue                  .value: it has no OData literal
    │   │   └── InvalidInput              .faults: all of what is to be written
    │   ├── LimitError                    a number out of range, a query too long
    │   └── UnsupportedOperation (also AttributeError)   .verb
    ├── SettingsError (also ValueError)   .name: correct this setting
    ├── MissingExtra (also ImportError)   .extra: install this extra
    ├── ClientClosed (also RuntimeError)  the client is not open
    ├── RequestError                      .request (redacted) .maybe_sent_before
    │   │                                 .outcome_unknown .page_too_large
    │   ├── TransportError                no response; .never_sent
    │   │   ├── ConnectError              the request was certainly never sent
    │   │   ├── RequestTimeout            .phase .seconds
    │   │   └── IncompleteResponse        cut short, or not HTTP
    │   │       └── ResponseTooLarge      more bytes than max_response_bytes
    │   ├── StatusError                   .status .response .detail
    │   │   ├── BadRequest 400 · Unauthorized 401 · Forbidden 403
    │   │   ├── NotFound 404 · Conflict 409
    │   │   ├── RateLimited 429           .retry_after
    │   │   └── ServerError 5xx           .retry_after
    │   └── DecodeError                   .json_path .model .raw
    ├── TokenError                        no usable token
    │   ├── TokenRefused                  .reason: sign in again
    │   ├── TokenUnavailable              .retry_after: try again later
    │   ├── TokenExpired                  .expires_at: hand the process a new token
    │   ├── TokenStoreError               the store could not be read or written
    │   │   └── ForeignTokens             it holds those of another client
    │   └── SignInFailed                  .reason: no tokens were issued
    ├── PagingError                       .plan: this page cannot follow the last
    ├── ExtractError                      the data read may be incomplete
    │   ├── LeaseLost                     another process feeds from this state
    │   └── SinkError                     the data read could not be written
    │       └── SinkConflict              the destination holds different data
    ├── JournalError                      a job's journal is another's, or unusable
    ├── LinesRefused                      .saved .refused .not_tried: lines of an order
    └── ResultError (also LookupError)    exactly one record was expected
        ├── NoResultFound                 none matched
        └── MultipleResultsFound          several matched

``plan`` is where a stream can resume. Every attribute has a default, so every
error can be pickled and copied. No message and no attribute holds a token, a
key or a secret.
"""

from sage200_async.errors.base import PlanLike as PlanLike
from sage200_async.errors.base import RequestLike as RequestLike
from sage200_async.errors.base import ResponseLike as ResponseLike
from sage200_async.errors.base import Sage200Error as Sage200Error
from sage200_async.errors.reading import ExtractError as ExtractError
from sage200_async.errors.reading import LeaseLost as LeaseLost
from sage200_async.errors.reading import MultipleResultsFound as MultipleResultsFound
from sage200_async.errors.reading import NoResultFound as NoResultFound
from sage200_async.errors.reading import PagingError as PagingError
from sage200_async.errors.reading import ResultError as ResultError
from sage200_async.errors.reading import SinkConflict as SinkConflict
from sage200_async.errors.reading import SinkError as SinkError
from sage200_async.errors.requests import BadRequest as BadRequest
from sage200_async.errors.requests import Conflict as Conflict
from sage200_async.errors.requests import ConnectError as ConnectError
from sage200_async.errors.requests import DecodeError as DecodeError
from sage200_async.errors.requests import Forbidden as Forbidden
from sage200_async.errors.requests import IncompleteResponse as IncompleteResponse
from sage200_async.errors.requests import NotFound as NotFound
from sage200_async.errors.requests import RateLimited as RateLimited
from sage200_async.errors.requests import RequestError as RequestError
from sage200_async.errors.requests import RequestTimeout as RequestTimeout
from sage200_async.errors.requests import ResponseTooLarge as ResponseTooLarge
from sage200_async.errors.requests import ServerError as ServerError
from sage200_async.errors.requests import StatusError as StatusError
from sage200_async.errors.requests import TransportError as TransportError
from sage200_async.errors.requests import Unauthorized as Unauthorized
from sage200_async.errors.tokens import ForeignTokens as ForeignTokens
from sage200_async.errors.tokens import SignInFailed as SignInFailed
from sage200_async.errors.tokens import TokenError as TokenError
from sage200_async.errors.tokens import TokenExpired as TokenExpired
from sage200_async.errors.tokens import TokenRefused as TokenRefused
from sage200_async.errors.tokens import TokenStoreError as TokenStoreError
from sage200_async.errors.tokens import TokenUnavailable as TokenUnavailable
from sage200_async.errors.usage import ClientClosed as ClientClosed
from sage200_async.errors.usage import InvalidInput as InvalidInput
from sage200_async.errors.usage import InvalidValue as InvalidValue
from sage200_async.errors.usage import LimitError as LimitError
from sage200_async.errors.usage import MissingExtra as MissingExtra
from sage200_async.errors.usage import QueryError as QueryError
from sage200_async.errors.usage import SettingsError as SettingsError
from sage200_async.errors.usage import UnknownFieldError as UnknownFieldError
from sage200_async.errors.usage import UnsupportedOperation as UnsupportedOperation
from sage200_async.errors.writing import JournalError as JournalError
from sage200_async.errors.writing import LinesRefused as LinesRefused


def _set_module() -> None:
    """Let tracebacks and pickles name the module to import an error from."""
    for value in list(globals().values()):
        if isinstance(value, type):
            value.__module__ = __name__


_set_module()
