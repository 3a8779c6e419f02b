"""When to ask again, after how long, and when not; pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sage200_async.errors import (
    Sage200Error,
    StatusError,
    TokenError,
    TokenUnavailable,
    TransportError,
)

_FIRST: Final = 0.5
_LONGEST: Final = 30.0
_OBEYED: Final = 120.0
_DOUBLINGS: Final = 64
# A float overflows past the thousandth.


class RetryPolicy(Struct, frozen=True):
    """How often and how long to ask again. Times are in seconds."""

    max_attempts: int = 5
    """Times that one request is sent at most."""
    max_seconds: float = 300.0
    """No attempt begins later than this after the first."""
    first_wait: float = _FIRST
    """The longest wait before the second attempt; it doubles with each."""
    longest_wait: float = _LONGEST
    """The longest wait that is chosen here."""
    longest_retry_after: float = _OBEYED
    """The longest ``Retry-After`` that is obeyed; past it, give up."""
    call_seconds: float | None = None
    """All attempts and waits together take no longer than this."""


def wait_before_retry(
    policy: RetryPolicy,
    error: Sage200Error,
    *,
    idempotent: bool,
    attempts: int,
    elapsed: float,
    jitter: float,
    reduced: bool = False,
) -> float | None:
    """Return the seconds to wait before the next attempt, or None to give up.

    Without ``Retry-After`` the wait is *jitter* times
    ``min(longest_wait, first_wait * 2 ** (attempts - 1))``: full jitter. With
    it, the wait is what the server said, to the second.

    A request for less than one that was too large is another request: how often
    that one was sent does not count against it.

    Args:
        policy: The limits.
        error: What happened.
        idempotent: Whether the request may be sent twice.
        attempts: Times that it has been sent.
        elapsed: Seconds since it was first sent.
        jitter: From 0 to 1.
        reduced: Whether the next attempt asks for less.

    Example:
        >>> from sage200_async.errors import BadRequest, RateLimited
        >>> def ask(error, attempts=1):
        ...     return wait_before_retry(
        ...         RetryPolicy(), error,
        ...         idempotent=True, attempts=attempts, elapsed=0, jitter=1,
        ...     )
        >>> ask(RateLimited(retry_after=7)), ask(RateLimited(), attempts=3)
        (7, 2.0)
        >>> ask(BadRequest()) is None
        True
    """
    if not reduced and (not error.retryable or attempts >= policy.max_attempts):
        return None
    if not idempotent and not never_sent(error):
        return None
    retry_after = None
    if isinstance(error, StatusError | TokenUnavailable):
        retry_after = error.retry_after
    if retry_after is not None and retry_after > policy.longest_retry_after:
        return None
    doubled = policy.first_wait * 2.0 ** min(attempts - 1, _DOUBLINGS)
    longest = min(policy.longest_wait, doubled)
    wait = jitter * longest if retry_after is None else retry_after
    return wait if reduced or elapsed + wait <= policy.max_seconds else None


def never_sent(error: Sage200Error) -> bool:
    """Return whether the request certainly never reached the service."""
    if isinstance(error, TokenError):
        return True
    return isinstance(error, TransportError) and error.never_sent
