"""Asking again: the loop, and what is said of a request that was sent in vain.

`backoff` runs the loop around the coroutine that sends one request, never around a
stream, since a retried stream would repeat records.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Final

import backoff

from sage200_async.errors import (
    RequestError,
    RequestTimeout,
    StatusError,
    TokenError,
)
from sage200_async.events import Events, RetryScheduled
from sage200_async.transport.base import Call
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.retry_policy import (
    RetryPolicy,
    never_sent,
    wait_before_retry,
)
from sage200_async.wire.messages import AskForLess

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)


def _is_refusal(error: Exception) -> bool:
    """Return whether *error* says that nothing was done.

    A redirect may be the response to a write that was done (303, RFC 9110, 15.4.4)
    or a gateway's sign-in; only 307 and 308 ask for the same request again.
    """
    if not isinstance(error, StatusError):
        return False
    return error.status // 100 == _REFUSED_CLASS or error.status in _ELSEWHERE


_REFUSED_CLASS: Final = 4
_ELSEWHERE: Final = frozenset({307, 308})
_UNKNOWN: Final = (
    "the write may have been done all the same, and was not sent again: look for it "
    "by your own reference before you send it again"
)
_REPEATABLE: Final = (
    "the write may have been done all the same; it is safe to send it again"
)
_REFUSED: Final = (
    "an earlier attempt, whose response was lost, may have been done, and this refusal "
    "be a consequence of it: read the record before you send it again"
)


def _no_wait(_: object) -> float:
    return 0.0


class _Again(Exception):
    """An attempt has failed, and the request is to be sent again."""


class Retry:
    """Sends again what failed, as the policy says.

    A request that is `Request.reducible` and too large for the server is not
    sent again: after the wait, `AskForLess` is raised to its sender.

    Args:
        inner: Where requests go.
        policy: How often and how long.
        clock: Time.
        budget: What all requests of a client share; without one, the default.
        events: Where each retry is reported.
        jitter: Returns a number from 0 to 1.
    """

    def __init__(
        self,
        inner: Transport,
        policy: RetryPolicy,
        clock: Clock,
        *,
        budget: RetryBudget | None = None,
        events: Events | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._clock = clock
        self._budget = budget or RetryBudget(1.0, clock)
        self._events = events or Events()
        self._jitter = jitter

    async def send(self, request: Request) -> Response:
        """Send *request*, again where that is safe and may help.

        Raises:
            RequestError: It failed; ``attempts`` says how often it was sent,
                ``outcome_unknown`` whether a write may have been done anyway.
            AskForLess: It was too much, and its sender can ask for less.
        """
        state = RetryState(request, self._clock.monotonic())
        seconds = self._policy.call_seconds
        if request.deadline is None and seconds is not None:
            state.deadline = asyncio.get_running_loop().time() + seconds
        if state.deadline is None:
            response = await self._send(state)
        else:
            response = await self._send_in_time(state, seconds or 0.0)
        self._budget.earn()
        return response

    async def _send_in_time(self, state: RetryState, seconds: float) -> Response:
        try:
            async with asyncio.timeout_at(state.deadline):
                return await self._send(state)
        except TimeoutError:
            late = state.too_late(seconds)
            state.describe(late)
            state.advise(late)
        raise late  # without the frames of libraries, which hold the token

    async def _send(self, state: RetryState) -> Response:
        with state:
            try:
                return await self._attempt(state)
            except _Again:
                pass  # sent below, where no error is being handled: none is chained to it
            return await self._attempt_again(state)

    async def _attempt(self, state: RetryState) -> Response:
        """Send the request once, after the wait that the last attempt calls for.

        Raises:
            _Again: It failed, and is to be sent again.
        """
        failure, state.error = state.error, None
        if failure is not None:
            await self._pause(state, failure)
        state.attempts += 1
        state.held = False
        try:
            return await self._inner.send(state.request)
        except (RequestError, TokenError) as error:
            wait = self._wait(state, error)
            state.describe(error)
            if wait is None:
                state.advise(error)
                raise
            state.error, state.wait = error, wait
        raise _Again

    @backoff.on_exception(
        backoff.runtime, _Again, value=_no_wait, jitter=None, logger=None
    )
    async def _attempt_again(self, state: RetryState) -> Response:
        # The wait is in `_pause`, on our clock: backoff would jitter it, and
        # cut the last one short (both seen in backoff 2.2.1).
        return await self._attempt(state)

    def _wait(
        self, state: RetryState, error: RequestError | TokenError
    ) -> float | None:
        """Return the seconds until the next attempt, or None for no further one."""
        elapsed = self._clock.monotonic() - state.started_at
        wait = wait_before_retry(
            self._policy,
            error,
            idempotent=state.request.idempotent,
            attempts=state.attempts,
            elapsed=elapsed,
            jitter=self._jitter(),
            reduced=state.asks_for_less(error),
        )
        if wait is None or isinstance(error, TokenError):
            return wait  # nothing was sent; the token endpoint has its own pauses
        queue = self._budget.wait()
        if queue > wait and elapsed + queue > self._policy.max_seconds:
            error.add_note(
                "not sent again: the retries that all requests of this client share "
                "are used up for now"
            )
            return None
        self._budget.take()
        return max(wait, queue)

    async def _pause(self, state: RetryState, error: Exception) -> None:
        reduced = state.asks_for_less(error)
        name = type(error).__name__
        _log.warning("%s: %s, again in %.1f s", state.request, name, state.wait)
        self._events.emit(
            RetryScheduled(
                request=str(state.request),
                attempts=state.attempts,
                delay=state.wait,
                error=name,
                page_reduced=reduced,
                read_id=state.request.read_id,
            )
        )
        state.held = True
        await self._clock.sleep(state.wait)
        state.held = False
        if reduced:
            raise AskForLess(state.attempts, state.deadline) from error


class RetryState(Call):
    """One request on its way through its attempts."""

    __slots__ = (
        "_maybe_done",
        "attempts",
        "deadline",
        "error",
        "request",
        "started_at",
        "wait",
    )

    def __init__(self, request: Request, started_at: float) -> None:
        super().__init__()
        self.request = request
        self.deadline = request.deadline
        self.started_at = started_at
        self.attempts = 0
        self.error: RequestError | TokenError | None = None
        """Why the last attempt failed, if another one is to follow."""
        self.wait = 0.0
        """Seconds until then."""
        self._maybe_done = False
        """Whether an attempt may have been carried out, its response being lost."""

    def asks_for_less(self, error: Exception) -> bool:
        """Return whether the sender is to send a smaller request instead."""
        too_large = isinstance(error, RequestError) and error.page_too_large
        return too_large and self.request.reducible

    def too_late(self, seconds: float) -> RequestTimeout:
        """Return the error for a call that took longer than *seconds*."""
        held = self.held
        what = "not sent" if held and not self._maybe_done else "no response"
        message = f"{self.request}: {what} within {seconds:g} s (total_timeout)"
        phase = "queue" if held else "call"
        return RequestTimeout(
            message, request=self.request, phase=phase, seconds=seconds
        )

    def describe(self, error: RequestError | TokenError) -> None:
        """Add to *error* how often the request was sent, and what came of it."""
        error.attempts = self.attempts
        lost = not (_is_refusal(error) or never_sent(error))
        if isinstance(error, RequestError):
            error.maybe_sent_before = self._maybe_done
            error.outcome_unknown = self._writes and (lost or self._maybe_done)
        self._maybe_done = self._maybe_done or lost

    def advise(self, error: RequestError | TokenError) -> None:
        """Add what to do about a write that may have been done."""
        if not (self._writes and self._maybe_done):
            return
        if not _is_refusal(error):
            error.add_note(_REPEATABLE if self.request.idempotent else _UNKNOWN)
        else:
            error.add_note(_REFUSED)

    @property
    def _writes(self) -> bool:
        return self.request.method != "GET"
