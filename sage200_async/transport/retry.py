"""Asking again: when, after how long, and when not.

The decision is a pure function; `backoff` runs the loop around the coroutine
that sends one request, never around a stream, since a retried stream would
repeat records.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any, Final

import backoff
from msgspec import Struct

from sage200_async.errors import (
    RequestError,
    Sage200Error,
    StatusError,
    TokenError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)

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


def wait_before_retry(
    policy: RetryPolicy,
    error: Sage200Error,
    *,
    idempotent: bool,
    attempts: int,
    elapsed: float,
    chance: float,
) -> float | None:
    """Decide whether to ask again, and after how long.

    Without ``Retry-After`` the wait is *chance* times
    ``min(longest_wait, first_wait * 2 ** (attempts - 1))``: full jitter. With
    it, the wait is what the server said, to the second.

    Args:
        policy: The limits.
        error: What happened.
        idempotent: Whether the request may be sent twice.
        attempts: Times that it has been sent.
        elapsed: Seconds since it was first sent.
        chance: From 0 to 1.

    Returns:
        Seconds to wait, or None to give up.

    Example:
        >>> from sage200_async.errors import BadRequest, RateLimited
        >>> def ask(error, attempts=1):
        ...     return wait_before_retry(
        ...         RetryPolicy(), error,
        ...         idempotent=True, attempts=attempts, elapsed=0, chance=1,
        ...     )
        >>> ask(RateLimited(retry_after=7)), ask(RateLimited(), attempts=3)
        (7, 2.0)
        >>> ask(BadRequest()) is None
        True
    """
    if not error.retryable or attempts >= policy.max_attempts:
        return None
    if not idempotent and not _never_done(error):
        return None
    told = error.retry_after if isinstance(error, StatusError) else None
    if told is not None and told > policy.longest_retry_after:
        return None
    doubled = policy.first_wait * 2.0 ** min(attempts - 1, _DOUBLINGS)
    longest = min(policy.longest_wait, doubled)
    wait = chance * longest if told is None else told
    return wait if elapsed + wait <= policy.max_seconds else None


def _never_done(error: Sage200Error) -> bool:
    """Tell whether the request certainly never reached the service."""
    if isinstance(error, TokenError):
        return True
    return isinstance(error, TransportError) and error.never_sent


def _no_wait(_: object) -> float:
    return 0.0


class Retry:
    """Sends again what failed, as the policy says."""

    def __init__(
        self,
        inner: Transport,
        policy: RetryPolicy,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._clock = clock
        self._chance = chance

    async def send(self, request: Request) -> Response:
        """Send *request*, again where that is safe and may help.

        Raises:
            RequestError: It failed; ``attempts`` says how often it was sent.
        """
        begun = self._clock.monotonic()
        attempts = 0
        reached = False
        wait: float | None = None

        async def attempt() -> Response:
            nonlocal attempts
            attempts += 1
            return await self._inner.send(request)

        def give_up(error: Exception) -> bool:
            nonlocal wait, reached
            if not isinstance(error, RequestError | TokenError):
                return True
            wait = wait_before_retry(
                self._policy,
                error,
                idempotent=request.idempotent,
                attempts=attempts,
                elapsed=self._clock.monotonic() - begun,
                chance=self._chance(),
            )
            if isinstance(error, RequestError):
                error.attempts, error.repeated = attempts, reached
            reached = reached or not _never_done(error)
            return wait is None

        async def pause(details: Any) -> None:
            kind = type(details["exception"]).__name__
            _log.warning("%s: %s, again in %.1f s", request, kind, wait or 0)
            await self._clock.sleep(wait or 0)

        # The wait is in `pause`, on our clock: backoff would jitter it, and
        # cut the last one short (both seen in backoff 2.2.1).
        again = backoff.on_exception(
            backoff.runtime,
            (RequestError, TokenError),
            value=_no_wait,
            giveup=give_up,
            on_backoff=pause,
            jitter=None,
            logger=None,
        )
        return await again(attempt)()
