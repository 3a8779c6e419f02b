"""Errors of signing in: there is no usable token."""

from __future__ import annotations

from sage200_async.errors.base import Sage200Error


class TokenError(Sage200Error):
    """There is no usable token."""


class TokenRefused(TokenError):
    """A person has to sign in: the token endpoint refused, or nobody is signed in.

    ``reason`` is OAuth's error code, such as ``invalid_grant``, if the token
    endpoint refused; else empty.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TokenUnavailable(TokenError):
    """The token endpoint could not be reached, or its response is unusable.

    ``retry_after`` is how many seconds it is left alone for, or None.
    """

    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TokenExpired(TokenError):
    """The access token that a process was handed has expired: hand it a new one.

    ``expires_at`` is when, in seconds since 1970, or None if unknown.
    """

    def __init__(self, message: str = "", *, expires_at: float | None = None) -> None:
        super().__init__(message)
        self.expires_at = expires_at


class TokenStoreError(TokenError):
    """The token store could not be read, written or locked."""


class ForeignTokens(TokenStoreError):
    """The token store holds the tokens of another issuer or another client."""


class SignInFailed(TokenError):
    """The sign-in failed, and no tokens were issued.

    ``reason`` is OAuth's error code if the server sent one (``access_denied``);
    else ``state``, ``code``, or ``timeout`` if the browser never came back.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
