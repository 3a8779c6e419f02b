"""What the clients of several people share: connections, limits and the retry budget."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakSet

from sage200_async.auth import setup
from sage200_async.transport.auth import Auth, Bearer
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.ceiling import Turns
from sage200_async.transport.events import EventTransport
from sage200_async.transport.gate import Gate
from sage200_async.transport.http import HttpTransport
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy
from sage200_async.transport.subscription import Subscription
from sage200_async.transport.throttle import Throttle

if TYPE_CHECKING:
    import ssl

    from sage200_async.auth.token_manager import TokenManager
    from sage200_async.events import Events
    from sage200_async.settings import Settings
    from sage200_async.transport.base import Clock, Transport


class Pool:
    """The connections of a client, and the limits of all that is sent over them.

    Args:
        settings: How to reach the service.
        clock: The time.
        events: Receives what happens.
        ssl_context: Verifies certificates, of the API and of the token endpoint.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        events: Events,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._events = events
        self._http = HttpTransport(settings, clock, ssl_context=ssl_context)
        self._token_http = HttpTransport(
            settings, clock, connections=1, keep_alive=False, ssl_context=ssl_context
        )
        subscribed = Subscription(
            EventTransport(self._http, events, clock),
            settings.subscription_key,
            settings.secondary_subscription_key,
        )
        self._throttle = Throttle(subscribed, settings.max_connections, events)
        self._budget = RetryBudget(settings.retries_per_second, clock)
        per_minute = settings.max_requests_per_minute
        self._turns = None if per_minute is None else Turns(per_minute, clock)
        self._managers: WeakSet[TokenManager] = WeakSet()

    def token_manager(self, settings: Settings) -> TokenManager:
        """Return a manager of the tokens that *settings* name; no I/O."""
        http = EventTransport(self._token_http, self._events, self._clock)
        manager = setup.token_manager(settings, http, self._clock, self._events)
        self._managers.add(manager)
        return manager

    def transport(self, tokens: TokenManager) -> Transport:
        """Return what sends requests with these tokens, within the shared limits."""
        settings = self._settings
        stamped = Bearer(self._throttle.inner, tokens, self._turns)
        throttled = self._throttle.around(stamped)
        policy = RetryPolicy(
            max_attempts=settings.max_attempts,
            max_seconds=settings.max_retry_seconds,
            call_seconds=settings.total_timeout,
        )
        retried = Retry(
            Auth(throttled, tokens, self._clock),
            policy,
            self._clock,
            budget=self._budget,
            events=self._events,
        )
        return Gate(retried, self._http)

    async def open(self) -> None:
        """Get ready to send.

        Raises:
            ClientClosed: It is open already.
            SettingsError: The ``ca_file`` cannot be read.
        """
        await self._http.open()
        try:
            await self._token_http.open()
        except BaseException:
            await self._http.close()
            raise

    async def close(self) -> None:
        """Wait for the token refreshes under way, then close every connection."""
        try:
            for manager in list(self._managers):
                await manager.drain()
        finally:  # also where the wait is cancelled
            await asyncio.gather(self._token_http.close(), self._http.close())
