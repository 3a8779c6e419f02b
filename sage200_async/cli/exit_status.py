"""Exit statuses: what the shell, a scheduler or a pipeline sees of a command."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from sage200_async.errors import (
    BadRequest,
    JournalError,
    MissingExtra,
    QueryError,
    SettingsError,
    SinkConflict,
    SinkError,
    TokenExpired,
    TokenRefused,
    Unauthorized,
)

DONE: Final = 0
"""All is well, or was before."""
FAILED: Final = 1
"""Something failed. Run the command again: it continues."""
DIFFERENT: Final = 1
"""A copy differs from its source: nothing failed, but what was asked is not so."""
WRONG: Final = 2
"""The command, a setting or the installation is wrong, or another copy is in the place.

Nothing of what failed was read or changed."""
SET_ASIDE: Final = 3
"""All is complete but for the records in the file of ``--rejects``."""
SIGN_IN: Final = 4
"""A person has to sign in, by ``sage200 login``, or to correct what Sage answers 401 to."""
INTERRUPTED: Final = 130
"""Ended by Ctrl-C: 128 and the number of SIGINT, as shells have it."""
TERMINATED: Final = 143
"""Ended by SIGTERM, as a service manager sends it: 128 and its number."""

_NO_PASSWORD: Final = (
    "no password supplied",
    "empty password",
    "authentication failed",
)
# What libpq says.


def status_of(error: BaseException) -> int:
    """Return the exit status of a command that ended in *error*."""
    if isinstance(error, TokenRefused | TokenExpired | Unauthorized):
        return SIGN_IN
    is_wrong = isinstance(error, QueryError | SettingsError | MissingExtra)
    is_wrong = is_wrong or is_refused_condition(error) or is_refused_password(error)
    if isinstance(error, SinkConflict | JournalError):
        is_wrong = not error.retryable
    return WRONG if is_wrong else FAILED


def is_refused_condition(error: BaseException) -> bool:
    """Whether the service answered 400 to a reading with the text of ``--filter``.

    That passes as it is, in brackets. Conditions of the library itself are checked.
    """
    if not isinstance(error, BadRequest) or error.request is None:
        return False
    request = error.request
    return request.method == "GET" and "$filter=(" in unquote(request.query)


def is_refused_password(error: BaseException) -> bool:
    """Whether a database wants a password that it did not get."""
    text = str(error) if isinstance(error, SinkError) else ""
    return any(words in text for words in _NO_PASSWORD)
