"""Errors of signing in: there is no usable token."""

from __future__ import annotations

from sage200_async.errors.base import Sage200Error


class TokenError(Sage200Error):
    """There is no usable token."""


class TokenRefused(TokenError):
    """There is no way to a token without a person: somebody has to sign in again.

    ``reason`` is OAuth's error code, such as ``invalid_grant``, if the token
    endpoint refused; empty if it was not asked.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TokenUnavailable(TokenError):
    """The token endpoint could not be reached, or its response is unusable."""

    retryable = True


class TokenStoreError(TokenError):
    """The token store could not be read, written or locked."""


class SignInFailed(TokenError):
    """The sign-in brought no tokens.

    ``reason`` is OAuth's error code if the server sent one (``access_denied``);
    else ``state``, ``code``, or ``timeout`` if the browser never came back.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
