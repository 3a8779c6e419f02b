"""Asking again: when, after how long, and when not.

The decision is a pure function; `backoff` runs the loop around the coroutine
that sends one request, never around a stream, since a retried stream would
repeat records.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from typing import TYPE_CHECKING, Any, Final

import backoff
from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import (
    RequestError,
    RequestTimeout,
    Sage200Error,
    ServerError,
    StatusError,
    TokenError,
    TransportError,
)
from sage200_async.events import Events, RetryScheduled
from sage200_async.transport.budget import RetryBudget

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
    call_seconds: float | None = None
    """All attempts and waits together take no longer than this."""


def wait_before_retry(
    policy: RetryPolicy,
    error: Sage200Error,
    *,
    idempotent: bool,
    attempts: int,
    elapsed: float,
    chance: float,
    less: bool = False,
) -> float | None:
    """Decide whether to ask again, and after how long.

    Without ``Retry-After`` the wait is *chance* times
    ``min(longest_wait, first_wait * 2 ** (attempts - 1))``: full jitter. With
    it, the wait is what the server said, to the second.

    A request that asks for less than one which proved too heavy is another
    question: how often that one was sent does not count against it.

    Args:
        policy: The limits.
        error: What happened.
        idempotent: Whether the request may be sent twice.
        attempts: Times that it has been sent.
        elapsed: Seconds since it was first sent.
        chance: From 0 to 1.
        less: Whether the next attempt asks for less.

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
    if not less and (not error.retryable or attempts >= policy.max_attempts):
        return None
    if not idempotent and not _never_done(error):
        return None
    told = error.retry_after if isinstance(error, StatusError) else None
    if told is not None and told > policy.longest_retry_after:
        return None
    doubled = policy.first_wait * 2.0 ** min(attempts - 1, _DOUBLINGS)
    longest = min(policy.longest_wait, doubled)
    wait = chance * longest if told is None else told
    return wait if less or elapsed + wait <= policy.max_seconds else None


def _never_done(error: Sage200Error) -> bool:
    """Tell whether the request certainly never reached the service."""
    if isinstance(error, TokenError):
        return True
    return isinstance(error, TransportError) and error.never_sent


_UNKNOWN: Final = (
    "it may have been done all the same, and was not sent again: look for it, by "
    "your own reference, before you send it again"
)
_TWICE: Final = (
    "it may have been done all the same; sending it again does no more than once"
)


def _no_wait(_: object) -> float:
    return 0.0


class Retry:
    """Sends again what failed, as the policy says.

    Args:
        inner: Where requests go.
        policy: How often and how long.
        clock: Time.
        budget: What all requests of a client share; without one, the default.
        events: Told of each retry.
        chance: Gives a number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        inner: Transport,
        policy: RetryPolicy,
        clock: Clock,
        *,
        budget: RetryBudget | None = None,
        events: Events | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._clock = clock
        self._budget = budget or RetryBudget(1.0, clock)
        self._events = events or Events()
        self._chance = chance

    async def send(self, request: Request) -> Response:
        """Send *request*, again where that is safe and may help.

        Raises:
            RequestError: It failed; ``attempts`` says how often it was sent,
                ``unknown`` whether a write may have been done all the same.
        """
        call = RetryState(request, self._clock.monotonic())
        seconds = self._policy.call_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await self._again(call)
        except TimeoutError as error:
            message = f"{request}: no reply within {seconds:g} s, for all its attempts"
            late = RequestTimeout(
                message, request=request, phase="call", seconds=seconds
            )
            call.tell(late)
            call.advise(late)
            raise late from error
        self._budget.earn()
        return response if call.request is request else call.answered(response)

    async def _again(self, call: RetryState) -> Response:
        # The wait is in `_pause`, on our clock: backoff would jitter it, and
        # cut the last one short (both seen in backoff 2.2.1).
        again = backoff.on_exception(
            backoff.runtime,
            (RequestError, TokenError),
            value=_no_wait,
            giveup=functools.partial(self._gives_up, call),
            on_backoff=functools.partial(self._pause, call),
            jitter=None,
            logger=None,
        )
        return await again(self._attempt)(call)

    async def _attempt(self, call: RetryState) -> Response:
        call.attempts += 1
        call.tries += 1
        return await self._inner.send(call.request)

    def _gives_up(self, call: RetryState, error: Exception) -> bool:
        if not isinstance(error, RequestError | TokenError):
            return True
        wait = self._wait(call, error)
        call.tell(error)
        if wait is None:
            call.advise(error)
            return True
        call.wait = wait
        return False

    def _wait(self, call: RetryState, error: RequestError | TokenError) -> float | None:
        """Decide how long to wait for the next attempt, or None for no further one."""
        elapsed = self._clock.monotonic() - call.begun
        wait = wait_before_retry(
            self._policy,
            error,
            idempotent=call.request.idempotent,
            attempts=call.tries,
            elapsed=elapsed,
            chance=self._chance(),
            less=call.less(error) is not None,
        )
        if wait is None:
            return None
        queue = self._budget.wait()
        if queue > wait and elapsed + queue > self._policy.max_seconds:
            error.add_note("no retry was left of those that all requests share")
            return None
        self._budget.take()
        return max(wait, queue)

    async def _pause(self, call: RetryState, details: Any) -> None:
        error = details["exception"]
        less = call.less(error)
        _log.warning(
            "%s: %s, again in %.1f s", call.request, type(error).__name__, call.wait
        )
        self._events.emit(
            RetryScheduled(
                request=str(call.request),
                attempts=call.attempts,
                delay=call.wait,
                error=type(error).__name__,
                page_reduced=less is not None,
                read_id=call.request.read_id,
            )
        )
        await self._clock.sleep(call.wait)
        if less is not None:
            call.request, call.tries, call.begun = less, 0, self._clock.monotonic()


class RetryState:
    """One call on its way through its attempts."""

    def __init__(self, request: Request, begun: float) -> None:
        self.request = request
        self.begun = begun
        self.attempts = 0
        self.tries = 0
        """Times that the request, as it is now, was sent."""
        self.reached = False
        """Whether an attempt may have reached the service."""
        self.wait = 0.0

    def less(self, error: Exception) -> Request | None:
        """Give what to ask instead, where *error* says that it was too much."""
        heavy = isinstance(error, RequestError) and error.page_too_large
        return self.request.instead if heavy else None

    def answered(self, response: Response) -> Response:
        """Say in *response* which request it answers."""
        return replace(response, request=self.request)

    def tell(self, error: RequestError | TokenError) -> None:
        """Tell *error* how often the request was sent, and what may have come of it."""
        error.attempts = self.attempts
        if isinstance(error, RequestError):
            error.maybe_sent_before = self.reached
        self.reached = self.reached or not _never_done(error)
        if isinstance(error, RequestError):
            no_answer = isinstance(error, TransportError | ServerError)
            writes = self.request.method != "GET"
            error.outcome_unknown = writes and no_answer and self.reached

    def advise(self, error: RequestError | TokenError) -> None:
        """Say what to do about a write of which nobody knows whether it was done."""
        if isinstance(error, RequestError) and error.outcome_unknown:
            error.add_note(_TWICE if self.request.idempotent else _UNKNOWN)
