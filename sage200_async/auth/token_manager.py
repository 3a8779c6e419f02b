"""The tokens in use: one refresh for all requests, and no token lost."""

from __future__ import annotations

import contextlib
import copy
import logging
import math
import random
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.auth.owner import TokenOwner
from sage200_async.auth.refresh_pace import (
    is_due,
    is_usable,
    later_pause,
    paused,
    remaining_pause,
)
from sage200_async.auth.refusals import (
    explained,
    left_alone,
    may_have_rotated,
    not_signed_in,
)
from sage200_async.auth.shared_tasks import SharedTasks
from sage200_async.auth.sign_in_expiry import SignInExpiry
from sage200_async.auth.stores import Tokens
from sage200_async.errors import (
    SettingsError,
    TokenError,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
)
from sage200_async.events import Events, TokenRefreshed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from sage200_async.auth.stores import TokenStore
    from sage200_async.transport.base import Clock

_log = logging.getLogger(__name__)

_AHEAD_PAUSE: Final = 10.0
# Seconds between attempts to refresh ahead of time, whatever the cause of the failure.
_RECENT: Final = 60.0
# Seconds since tokens were issued within which nobody expects them to be refused.
_SAVE_DELAYS: Final = (0.2, 1.0, 3.0)
# Seconds between attempts to store new tokens, of which there is no other copy.


class TokenVersion(Struct, frozen=True):
    """Tokens, and how many times they have been replaced."""

    tokens: Tokens
    generation: int


class TokenManager:
    """The one place that refreshes a set of tokens.

    A 401 starts a refresh only if its token is still the current one, and all
    requests that wait share it. The refresh runs in a task of its own, so that
    cancelling a request does not lose the new refresh token. Tokens that still
    work are refreshed ahead of their expiry, and no request waits for that.

    After a refresh that failed, the endpoint is left alone for a while: as long
    as it said, or ever longer. The pause is stored with the tokens, so that the
    processes that share them keep it together.

    A refresh holds the store's lock from its first read to its last write. If
    the store has newer tokens, they are used without a request. Else the old
    tokens are stored again with ``refresh_started_at``: a store that cannot be
    written is noticed before the refresh token is used up. Then the token
    endpoint is asked, and the new tokens are stored before anything uses them.

    A process that is killed before the endpoint has rotated the token, or
    after the store has the new one, loses nothing. In between, the new refresh
    token is lost. The next process sees ``refresh_started_at`` and tries the
    old token all the same, since some servers accept it a little longer. If it
    is refused, the error explains why somebody has to sign in again.

    Args:
        store: Where the tokens are kept.
        seed: The tokens for an empty store.
        refresher: Asks the token endpoint, once.
        clock: The time.
        events: Receives refreshes, and a sign-in that expires soon.
        owner: Whose tokens they are; those of others are not served.
        jitter: Returns a number from 0 to 1.
    """

    def __init__(
        self,
        store: TokenStore,
        seed: Tokens,
        refresher: Callable[[Tokens], Awaitable[Tokens]],
        clock: Clock,
        *,
        events: Events | None = None,
        owner: TokenOwner | None = None,
        jitter: Callable[[], float] = random.random,  # noqa: S311 - spreads pauses
    ) -> None:
        self._store = store
        self._owner = owner or TokenOwner()
        self._seed = self._owner.mark(seed) if seed != Tokens() else seed
        self._refresher = refresher
        self._clock = clock
        self._events = events or Events()
        self._jitter = jitter
        self._tokens: Tokens | None = None
        self._unsaved: tuple[Tokens, Tokens] | None = None  # old, new
        self._generation = 0
        self._tasks = SharedTasks()
        self._refused: tuple[str, TokenRefused] | None = None
        self._failed: Tokens | None = None  # with the pause after the failure
        self._failure = ""
        self._ahead_after = -math.inf
        self._sign_in_expiry = SignInExpiry(self._events)

    async def current(self) -> TokenVersion:
        """Return tokens that should work, refreshed first if they have expired.

        If they expire soon, a refresh is started, and they are returned at once.

        Raises:
            TokenError: There are none, and none could be obtained.
        """
        tokens = self._tokens or await self._loaded()
        now = self._clock.now()
        self._sign_in_expiry.check(tokens, now)
        if is_due(tokens, now) and (tokens.refresh_token or not tokens.access_token):
            if not is_usable(tokens, now):
                return await self.refresh(self._generation)
            self._refresh_ahead(tokens, now)
        return TokenVersion(tokens, self._generation)

    async def fresh(self) -> TokenVersion:
        """Return tokens that do not expire soon, refreshed first if they would.

        If they cannot be refreshed now and still work, they are returned as they are.

        Raises:
            TokenError: There are none that work, and none could be obtained.
        """
        version = await self.current()
        tokens, now = version.tokens, self._clock.now()
        if not is_due(tokens, now):
            return version
        if not tokens.refresh_token and is_usable(tokens, now):
            return version
        try:
            return await self.refresh(version.generation)
        except (TokenError, SettingsError) as error:
            if not is_usable(tokens, self._clock.now()):
                raise
            _log.warning("the token expires soon, and is not refreshed: %s", error)
            return version

    def _refresh_ahead(self, tokens: Tokens, now: float) -> None:
        """Start a refresh, unless one is in progress or failed a short while ago."""
        pause = remaining_pause(later_pause(tokens, self._failed), now)
        too_soon = self._clock.monotonic() < self._ahead_after
        if pause or too_soon or self._tasks.running:
            return
        self._tasks.start(self._refresh).add_done_callback(self._end_ahead)

    def _end_ahead(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        self._ahead_after = self._clock.monotonic() + _AHEAD_PAUSE
        _log.warning("refreshing ahead of time failed: %s", task.exception())

    def is_current(self, version: TokenVersion) -> bool:
        """Whether no newer tokens are known than those of *version*."""
        return version.generation == self._generation

    def should_work(self, version: TokenVersion) -> bool:
        """Whether a 401 for these tokens cannot be the token's fault.

        They were issued within the last minute, and do not expire right now.
        Tokens that another process has stored may be older, and expired.
        """
        now, issued_at = self._clock.now(), version.tokens.issued_at
        recent = issued_at is None or now - issued_at < _RECENT
        return recent and not is_due(version.tokens, now)

    async def refresh(self, generation: int) -> TokenVersion:
        """Return tokens newer than *generation*, with at most one refresh.

        Raises:
            TokenRefused: The token endpoint refused, or nobody is signed in.
            TokenUnavailable: It could not be reached.
            TokenStoreError: The store failed.
        """
        tokens = await self._loaded()
        if generation != self._generation:
            return TokenVersion(tokens, self._generation)
        await self._tasks.run(self._refresh)
        return TokenVersion(await self._loaded(), self._generation)

    async def drain(self) -> None:
        """Wait for a refresh in progress, so that its tokens are not lost.

        Tokens that the store has refused are saved once more.
        """
        await self._tasks.wait()
        if self._unsaved is not None:
            with contextlib.suppress(TokenError):
                await self._tasks.run(self._refresh)

    async def _loaded(self) -> Tokens:
        if self._tokens is None:
            await self._tasks.run(self._load)
        return self._tokens or self._seed

    async def _load(self) -> None:
        stored = await self._stored()
        if stored is None and self._seed != Tokens():
            stored = await self._load_or_seed()
        self._tokens = stored or self._seed

    async def _stored(self) -> Tokens | None:
        """Return what the store holds, if it is ours."""
        return self._owner.require(await self._store.load(), self._store)

    async def _load_or_seed(self) -> Tokens:
        """Seed the store, unless another process was first."""
        async with self._store.lock():
            stored = await self._stored()
            if stored is None:
                await self._store.save(self._seed)
            return stored or self._seed

    async def _refresh(self) -> None:
        started = self._clock.monotonic()
        async with self._store.lock():
            old = await self._tokens_to_refresh()
            if old is None:
                return
            if self._unsaved is None:
                new = self._owner.mark(await self._request_tokens(old))
                self._unsaved = old, new
            saved = await self._save(self._unsaved[1])
        self._replace_tokens(saved)
        _log.info("access token refreshed")
        seconds = self._clock.monotonic() - started
        self._events.emit(TokenRefreshed(seconds=seconds, expires_at=saved.expires_at))

    async def _tokens_to_refresh(self) -> Tokens | None:
        """Return the store's tokens, or None if they are newer and still usable."""
        known = self._tokens or self._seed
        stored = await self._stored() or known
        if self._unsaved is not None:
            if stored.refresh_token == self._unsaved[0].refresh_token:
                return stored
            self._unsaved = None  # newer ones have been stored since
        if stored.access_token == known.access_token:
            return stored
        self._replace_tokens(stored)
        return stored if is_due(stored, self._clock.now()) else None

    async def _save(self, new: Tokens) -> Tokens:
        """Store new tokens; keep them in memory until that has worked."""
        try:
            await self._save_with_retry(new)
            self._unsaved = None
        finally:
            if self._unsaved is not None:
                _log.error(
                    "the new tokens could not be stored: they are kept in memory, "
                    "and stored with the next request; ending now would lose them"
                )
        return new

    async def _save_with_retry(self, new: Tokens) -> None:
        """Try a few times, while the lock keeps others from the used token."""
        for delay in _SAVE_DELAYS:
            try:
                return await self._store.save(new)
            except TokenStoreError as error:
                _log.warning("storing the new tokens, trying again: %s", error)
            await self._clock.sleep(delay)
        return await self._store.save(new)

    def _replace_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._generation += 1
        self._ahead_after = -math.inf
        self._failed, self._failure = None, ""

    async def _request_tokens(self, old: Tokens) -> Tokens:
        """Ask for new tokens, unless it is known that this would fail."""
        self._require_askable(old)
        started_at = old.refresh_started_at or self._clock.now()
        started = replace(old, refresh_started_at=started_at)
        await self._store.save(started)
        _log.debug("asking the token endpoint")
        try:
            return await self._refresher(old)
        except TokenUnavailable as error:
            await self._pause(started if may_have_rotated(error) else old, error)
            raise
        except (TokenError, SettingsError) as error:
            refusal: TokenError | SettingsError = error
            if isinstance(error, TokenRefused):
                refusal = explained(error, old, self._seed, self._store)
                self._refused = old.refresh_token, refusal
            try:
                await self._store.save(old)
            except TokenStoreError as failure:  # the refusal is what matters
                _log.warning("the refusal could not be stored: %s", failure)
            if refusal is error:
                raise
            raise refusal from error

    def _require_askable(self, old: Tokens) -> None:
        """Check that these tokens were not refused, and that no pause is on.

        Raises:
            TokenRefused: They were, or there is no refresh token.
            TokenUnavailable: The endpoint is left alone for now.
        """
        if not old.refresh_token:
            raise not_signed_in(old)
        if self._refused is not None and self._refused[0] == old.refresh_token:
            raise copy.copy(self._refused[1])
        tokens = later_pause(old, self._failed)
        seconds = remaining_pause(tokens, self._clock.now())
        if seconds:
            raise left_alone(seconds, self._failure)

    async def _pause(self, tokens: Tokens, error: TokenUnavailable) -> None:
        """Leave the endpoint alone for a while, in every process."""
        tokens = later_pause(tokens, self._failed)
        now, jitter = self._clock.now(), self._jitter()
        self._failed = paused(tokens, now, error.retry_after, jitter)
        self._failure = str(error)
        error.retry_after = remaining_pause(self._failed, now)
        try:
            await self._store.save(self._failed)
        except TokenStoreError as failure:
            _log.warning("other processes do not see the pause: %s", failure)
