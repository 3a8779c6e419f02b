"""The keeper of a set of tokens: one refresh for all, and none lost."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

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
    from collections.abc import Awaitable, Callable

    from sage200_async.auth.stores import TokenStore
    from sage200_async.transport.base import Clock

_log = logging.getLogger(__name__)

AHEAD: Final = 300.0
"""Seconds before its end at which an access token is refreshed, at most."""
_AHEAD_SHARE: Final = 0.1
# Of a short life, this share: a token of a minute is not refreshed at birth.
_UNHELPFUL: Final = 60.0
# Seconds for which a 401 that survived a refresh starts no further one: it
# was the site, the company or the role, and every request would refresh.
_PAUSES: Final = (0.2, 1.0, 3.0)
# Seconds between tries to store tokens that nobody else has.
_DAY: Final = 86_400.0
_NOTICE: Final = 10 * _DAY


class Stamp(Struct, frozen=True):
    """Tokens, and which generation of them they are."""

    tokens: Tokens
    generation: int


class TokenManager:
    """The one place that refreshes a set of tokens.

    Whoever meets a 401 names the generation of the token that it sent; only
    if that one is still current is there a refresh, and all who wait share
    it. It runs in a task of its own, so that a caller who is cancelled
    meanwhile does not lose the new refresh token.

    A refresh holds the store's lock from the first look at the store to the
    last write. Newer tokens found there are taken without asking. Else the old
    ones are stored again, marked as spent: only a store that can be written
    now may be about to get the only tokens that work. Then the token endpoint
    is asked, and what it brings is stored before anyone uses it.

    A process that is killed before the endpoint has rotated, or once the store
    has the reply, costs nothing. In between, the reply is lost with it. The
    mark tells the next process, which tries the old refresh token all the
    same: a server that lets a used one work a little longer lets it in, and
    where it does not, the error says why a person has to sign in again.

    Args:
        store: Where the tokens live.
        seed: For a store that is empty.
        ask: Asks the token endpoint, once.
        clock: Tells the time.
        events: Told of refreshes, and of a sign-in that ends soon.
    """

    def __init__(
        self,
        store: TokenStore,
        seed: Tokens,
        ask: Callable[[Tokens], Awaitable[Tokens]],
        clock: Clock,
        *,
        events: Events | None = None,
    ) -> None:
        self._store = store
        self._seed = seed
        self._ask = ask
        self._clock = clock
        self._events = events or Events()
        self._tokens: Tokens | None = None
        self._unsaved: tuple[Tokens, Tokens] | None = None
        self._generation = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refused: tuple[str, TokenRefused] | None = None
        self._unhelpful: float | None = None
        self._told: float | None = None

    async def current(self) -> Stamp:
        """Give tokens that should work, refreshed if their end is near.

        Raises:
            TokenError: There are none, and none could be had.
        """
        tokens = await self._loaded()
        now = self._clock.now()
        self._warn_before_expiry(tokens, now)
        if tokens.access_token and not _ends_soon(tokens, now):
            return Stamp(tokens, self._generation)
        if not tokens.refresh_token and tokens.access_token:
            return Stamp(tokens, self._generation)
        try:
            return await self.renew(self._generation)
        except TokenError as error:
            usable = tokens.access_token and now < (tokens.expires_at or 0)
            if not usable or self._tokens is not tokens:
                raise
            _log.warning("refreshing ahead of time failed: %s", error)
            return Stamp(tokens, self._generation)

    def should_refresh(self, generation: int) -> bool:
        """Tell whether a 401 at *generation* is worth a refresh."""
        if generation != self._generation:
            return True
        if self._tokens is None or not self._tokens.refresh_token:
            return False
        if self._unhelpful is None:
            return True
        return self._clock.monotonic() - self._unhelpful > _UNHELPFUL

    def is_new(self, stamp: Stamp) -> bool:
        """Tell whether these tokens came from the endpoint within a minute.

        Tokens that another process has stored may be older, and dead.
        """
        issued = stamp.tokens.issued_at
        return issued is None or self._clock.now() - issued < _UNHELPFUL

    def mark_refresh_useless(self) -> None:
        """Note that a token fresh from a refresh was met with 401."""
        self._unhelpful = self._clock.monotonic()

    async def renew(self, generation: int) -> Stamp:
        """Give tokens newer than *generation*, with at most one refresh.

        Raises:
            TokenRefused: The token endpoint said no.
            TokenUnavailable: It could not be reached.
            TokenStoreError: The store failed.
        """
        tokens = await self._loaded()
        if generation != self._generation:
            return Stamp(tokens, self._generation)
        await self._together(self._refresh)
        return Stamp(await self._loaded(), self._generation)

    async def drain(self) -> None:
        """Wait for a refresh that is under way, so that it is not lost.

        Tokens that the store would not take are offered to it once more.
        """
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        if self._unsaved is not None:
            with contextlib.suppress(TokenError):
                await self._together(self._refresh)

    async def _together(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* once for all who ask meanwhile, whoever of them is cancelled."""
        name = work.__name__
        task = self._tasks.get(name)
        if task is None or task.done():
            self._tasks[name] = task = asyncio.create_task(_run(work), name=name)
            task.add_done_callback(self._done)
        try:
            await asyncio.shield(task)
        except TokenError as error:
            raise copy.copy(error) from error

    def _done(self, task: asyncio.Task[None]) -> None:
        if self._tasks[task.get_name()] is task:
            del self._tasks[task.get_name()]
        if not task.cancelled() and task.exception() is not None:
            _log.debug("%s: %s", task.get_name(), type(task.exception()).__name__)

    async def _loaded(self) -> Tokens:
        if self._tokens is None:
            await self._together(self._load)
        return self._tokens or self._seed

    async def _load(self) -> None:
        stored = await self._store.load()
        if stored is None and self._seed != Tokens():
            stored = await self._seeded()
        self._tokens = stored or self._seed

    async def _seeded(self) -> Tokens:
        """Seed the store, unless another process was first."""
        async with self._store.lock():
            stored = await self._store.load()
            if stored is None:
                await self._store.save(self._seed)
            return stored or self._seed

    async def _refresh(self) -> None:
        began = self._clock.monotonic()
        async with self._store.lock():
            old = await self._to_refresh()
            if old is None:
                return
            if self._unsaved is None:
                self._unsaved = old, await self._ask_once(old)
            new = await self._saved(self._unsaved[1])
        self._adopt(new)
        _log.info("access token refreshed")
        seconds = self._clock.monotonic() - began
        self._events.emit(TokenRefreshed(seconds=seconds, expires_at=new.expires_at))

    async def _to_refresh(self) -> Tokens | None:
        """Look at the store: give the tokens to refresh, or None if it has newer."""
        known = self._tokens or self._seed
        stored = await self._store.load() or known
        if self._unsaved is not None:
            if stored.refresh_token == self._unsaved[0].refresh_token:
                return stored
            self._unsaved = None  # somebody has stored newer ones meanwhile
        if stored.access_token == known.access_token:
            return stored
        self._adopt(stored)
        return stored if _ends_soon(stored, self._clock.now()) else None

    async def _saved(self, new: Tokens) -> Tokens:
        """Store what the endpoint brought; it is kept until that has worked."""
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
        """Try a few times, while the lock keeps others from the spent token."""
        for pause in _PAUSES:
            try:
                return await self._store.save(new)
            except TokenStoreError as error:
                _log.warning("storing the new tokens, trying again: %s", error)
            await self._clock.sleep(pause)
        return await self._store.save(new)

    def _adopt(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._generation += 1

    async def _ask_once(self, old: Tokens) -> Tokens:
        """Ask for new tokens, unless this refresh token was refused before."""
        if not old.refresh_token:
            raise TokenRefused("there is no refresh token: sign in again")
        if self._refused is not None and self._refused[0] == old.refresh_token:
            raise copy.copy(self._refused[1])
        since = old.refresh_started_at or self._clock.now()
        await self._store.save(replace(old, refresh_started_at=since))
        _log.debug("asking the token endpoint")
        try:
            return await self._ask(old)
        except (TokenError, SettingsError) as error:
            if not _may_be_spent(error):
                await self._store.save(old)
            if not isinstance(error, TokenRefused):
                raise
            refusal = _explain(error, old, self._seed)
            self._refused = old.refresh_token, refusal
            raise refusal from error

    def _warn_before_expiry(self, tokens: Tokens, now: float) -> None:
        """Warn once a day when a person has to sign in again soon."""
        ends = tokens.refresh_token_expires_at
        told_today = self._told is not None and now - self._told < _DAY
        if ends is None or now < ends - _NOTICE or told_today:
            return
        self._told = now
        days = (ends - now) / _DAY
        _log.warning(
            "the sign-in ends at %s, in %.1f days: a person has to sign in again "
            "('sage200 login')",
            _utc(ends),
            days,
        )
        self._events.emit(SignInExpiring(ends_at=ends, days_left=days))


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _ends_soon(tokens: Tokens, now: float) -> bool:
    if not tokens.access_token:
        return True
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - (tokens.issued_at or tokens.expires_at - AHEAD)
    return now >= tokens.expires_at - min(AHEAD, _AHEAD_SHARE * life)


def _may_be_spent(error: Exception) -> bool:
    """Tell whether the endpoint may have rotated although no tokens came."""
    if not isinstance(error, TokenUnavailable):
        return False
    cause = error.__cause__
    return not (isinstance(cause, TransportError) and cause.never_sent)


def _explain(error: TokenRefused, old: Tokens, seed: Tokens) -> TokenRefused:
    """Add to a refusal what the store and the settings tell about it."""
    said = str(error)
    if error.reason == "invalid_grant" and old.refresh_started_at is not None:
        said += (
            f". A refresh was begun at {_utc(old.refresh_started_at)} and its reply was never "
            "stored: a process was cut off between the reply and the store, so the "
            "rotated token is lost, and a person has to sign in again "
            "('sage200 login')"
        )
    if seed.refresh_token not in {"", old.refresh_token}:
        said += (
            ". It came from the token store: the tokens in the settings, which are "
            "others, only seed an empty store"
        )
    return TokenRefused(said, reason=error.reason)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
