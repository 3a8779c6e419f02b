"""The tokens in use: one refresh for all requests, and no token lost."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.auth.stores import Tokens
from sage200_async.errors import (
    SettingsError,
    TokenError,
    TokenRefused,
    TokenStoreError,
    TokenUnavailable,
    TransportError,
)
from sage200_async.events import Events, SignInExpiring, TokenRefreshed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from sage200_async.auth.stores import TokenStore
    from sage200_async.transport.base import Clock

_log = logging.getLogger(__name__)

REFRESH_AHEAD: Final = 300.0
"""Seconds before its expiry at which an access token is refreshed, at most."""
_REFRESH_AHEAD_SHARE: Final = 0.1
# Of a short life, this share: a token of a minute is not refreshed at once.
_USELESS: Final = 60.0
# Seconds for which a 401 that survived a refresh starts no other refresh: the
# site, the company or the role is wrong, and every request would refresh.
_SAVE_DELAYS: Final = (0.2, 1.0, 3.0)
# Seconds between attempts to store new tokens, of which there is no other copy.
_DAY: Final = 86_400.0
_WARN_AHEAD: Final = 10 * _DAY


class TokenVersion(Struct, frozen=True):
    """Tokens, and how many times they have been replaced."""

    tokens: Tokens
    generation: int


class TokenManager:
    """The one place that refreshes a set of tokens.

    A 401 starts a refresh only if its token is still the current one, and all
    requests that wait share it. The refresh runs in a task of its own, so that
    cancelling a request does not lose the new refresh token.

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
    """

    def __init__(
        self,
        store: TokenStore,
        seed: Tokens,
        refresher: Callable[[Tokens], Awaitable[Tokens]],
        clock: Clock,
        *,
        events: Events | None = None,
    ) -> None:
        self._store = store
        self._seed = seed
        self._refresher = refresher
        self._clock = clock
        self._events = events or Events()
        self._tokens: Tokens | None = None
        self._unsaved: tuple[Tokens, Tokens] | None = None  # old, new
        self._generation = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refused: tuple[str, TokenRefused] | None = None
        self._useless_since: float | None = None
        self._warned_at: float | None = None

    async def current(self) -> TokenVersion:
        """Return tokens that should work, refreshed if they expire soon.

        Raises:
            TokenError: There are none, and none could be obtained.
        """
        tokens = await self._loaded()
        now = self._clock.now()
        self._warn_before_expiry(tokens, now)
        if tokens.access_token and not _expires_soon(tokens, now):
            return TokenVersion(tokens, self._generation)
        if not tokens.refresh_token and tokens.access_token:
            return TokenVersion(tokens, self._generation)
        try:
            return await self.refresh(self._generation)
        except TokenError as error:
            usable = tokens.access_token and now < (tokens.expires_at or 0)
            if not usable or self._tokens is not tokens:
                raise
            _log.warning("refreshing ahead of time failed: %s", error)
            return TokenVersion(tokens, self._generation)

    def should_refresh(self, generation: int) -> bool:
        """Whether a 401 for the token of *generation* calls for a refresh."""
        if generation != self._generation:
            return True
        if self._tokens is None or not self._tokens.refresh_token:
            return False
        if self._useless_since is None:
            return True
        return self._clock.monotonic() - self._useless_since > _USELESS

    def is_fresh(self, version: TokenVersion) -> bool:
        """Whether the tokens were issued within the last minute.

        Tokens that another process has stored may be older, and expired.
        """
        issued_at = version.tokens.issued_at
        return issued_at is None or self._clock.now() - issued_at < _USELESS

    def mark_refresh_useless(self) -> None:
        """Record that a token just refreshed was met with a 401."""
        self._useless_since = self._clock.monotonic()

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
        await self._run_shared(self._refresh)
        return TokenVersion(await self._loaded(), self._generation)

    async def drain(self) -> None:
        """Wait for a refresh in progress, so that its tokens are not lost.

        Tokens that the store has refused are saved once more.
        """
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        if self._unsaved is not None:
            with contextlib.suppress(TokenError):
                await self._run_shared(self._refresh)

    async def _run_shared(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run *work* once for all callers, even if one of them is cancelled."""
        name = work.__name__
        task = self._tasks.get(name)
        if task is None or task.done():
            self._tasks[name] = task = asyncio.create_task(work(), name=name)
            task.add_done_callback(self._remove_task)
        try:
            await asyncio.shield(task)
        except TokenError as error:
            raise copy.copy(error) from error

    def _remove_task(self, task: asyncio.Task[None]) -> None:
        if self._tasks[task.get_name()] is task:
            del self._tasks[task.get_name()]
        if not task.cancelled() and task.exception() is not None:
            _log.debug("%s: %s", task.get_name(), type(task.exception()).__name__)

    async def _loaded(self) -> Tokens:
        if self._tokens is None:
            await self._run_shared(self._load)
        return self._tokens or self._seed

    async def _load(self) -> None:
        stored = await self._store.load()
        if stored is None and self._seed != Tokens():
            stored = await self._load_or_seed()
        self._tokens = stored or self._seed

    async def _load_or_seed(self) -> Tokens:
        """Seed the store, unless another process was first."""
        async with self._store.lock():
            stored = await self._store.load()
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
                self._unsaved = old, await self._request_tokens(old)
            new = await self._save(self._unsaved[1])
        self._replace_tokens(new)
        _log.info("access token refreshed")
        seconds = self._clock.monotonic() - started
        self._events.emit(TokenRefreshed(seconds=seconds, expires_at=new.expires_at))

    async def _tokens_to_refresh(self) -> Tokens | None:
        """Return the store's tokens, or None if they are newer and still usable."""
        known = self._tokens or self._seed
        stored = await self._store.load() or known
        if self._unsaved is not None:
            if stored.refresh_token == self._unsaved[0].refresh_token:
                return stored
            self._unsaved = None  # newer ones have been stored since
        if stored.access_token == known.access_token:
            return stored
        self._replace_tokens(stored)
        return stored if _expires_soon(stored, self._clock.now()) else None

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

    async def _request_tokens(self, old: Tokens) -> Tokens:
        """Ask for new tokens, unless this refresh token was refused before."""
        if not old.refresh_token:
            raise _not_signed_in(old)
        if self._refused is not None and self._refused[0] == old.refresh_token:
            raise copy.copy(self._refused[1])
        started_at = old.refresh_started_at or self._clock.now()
        await self._store.save(replace(old, refresh_started_at=started_at))
        _log.debug("asking the token endpoint")
        try:
            return await self._refresher(old)
        except (TokenError, SettingsError) as error:
            if not _may_have_rotated(error):
                await self._store.save(old)
            if not isinstance(error, TokenRefused):
                raise
            refusal = _explain(error, old, self._seed)
            self._refused = old.refresh_token, refusal
            raise refusal from error

    def _warn_before_expiry(self, tokens: Tokens, now: float) -> None:
        """Warn once a day if somebody has to sign in again soon."""
        expires_at = tokens.refresh_token_expires_at
        warned_today = self._warned_at is not None and now - self._warned_at < _DAY
        if expires_at is None or now < expires_at - _WARN_AHEAD or warned_today:
            return
        self._warned_at = now
        days = (expires_at - now) / _DAY
        _log.warning(
            "the sign-in expires at %s, in %.1f days: sign in again with `sage200 login`",
            _utc(expires_at),
            days,
        )
        self._events.emit(SignInExpiring(ends_at=expires_at, days_left=days))


def _expires_soon(tokens: Tokens, now: float) -> bool:
    if not tokens.access_token:
        return True
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - (tokens.issued_at or tokens.expires_at - REFRESH_AHEAD)
    return now >= tokens.expires_at - min(REFRESH_AHEAD, _REFRESH_AHEAD_SHARE * life)


def _may_have_rotated(error: Exception) -> bool:
    """Whether the endpoint may have replaced the refresh token despite *error*."""
    if not isinstance(error, TokenUnavailable):
        return False
    cause = error.__cause__
    return not (isinstance(cause, TransportError) and cause.never_sent)


def _not_signed_in(tokens: Tokens) -> TokenRefused:
    if tokens.access_token:
        return TokenRefused(
            "The access token has expired, and there is no refresh token: "
            "sign in again with `sage200 login`."
        )
    return TokenRefused(
        "Not signed in. Run `sage200 login`, or set SAGE200_REFRESH_TOKEN."
    )


def _explain(error: TokenRefused, old: Tokens, seed: Tokens) -> TokenRefused:
    """Add to a refusal what the store and the settings reveal about its cause."""
    message = str(error)
    if error.reason == "invalid_grant" and old.refresh_started_at is not None:
        message += (
            f" A refresh was started at {_utc(old.refresh_started_at)} and its response "
            "was never stored: the process was killed in between, and the new refresh "
            "token is lost."
        )
    if seed.refresh_token not in {"", old.refresh_token}:
        message += (
            " The refused token came from the token store; the different one in the "
            "settings is used only if the store is empty."
        )
    return TokenRefused(message, reason=error.reason)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
