"""Tokens: stamped on each request, refreshed once for everyone."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import (
    RequestError,
    SettingsError,
    StatusError,
    TokenError,
    TokenRefused,
    TokenUnavailable,
    TransportError,
    Unauthorized,
)
from sage200_async.tokens import Tokens
from sage200_async.wire.oauth import read_tokens, refresh_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sage200_async.settings import Settings
    from sage200_async.tokens import TokenStore
    from sage200_async.transport.base import Clock, Transport
    from sage200_async.wire.messages import Request, Response

_log = logging.getLogger(__name__)

AHEAD: Final = 300.0
"""Seconds before its end at which an access token is refreshed, at most."""
_AHEAD_SHARE: Final = 0.1
# Of a short life, this share: a token of a minute is not refreshed at birth.
_UNHELPFUL: Final = 60.0
# Seconds for which a 401 that survived a refresh starts no further one: it
# was the site, the company or the role, and every request would refresh.


class Stamp(Struct, frozen=True):
    """Tokens, and which generation of them they are."""

    tokens: Tokens
    generation: int


class TokenKeeper:
    """The one place that refreshes a set of tokens.

    Whoever meets a 401 names the generation of the token that it sent; only
    if that one is still current is there a refresh, and all who wait share
    it. The refresh runs in a task of its own, so that a caller who is
    cancelled meanwhile does not lose the new refresh token, and the store has
    it before anyone uses it.
    """

    def __init__(
        self,
        store: TokenStore,
        seed: Tokens,
        ask: Callable[[Tokens], Awaitable[Tokens]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._seed = seed
        self._ask = ask
        self._clock = clock
        self._tokens: Tokens | None = None
        self._unsaved: Tokens | None = None
        self._generation = 0
        self._refreshing: asyncio.Task[None] | None = None
        self._refused: tuple[str, str] | None = None
        self._unhelpful: float | None = None
        self._loading = asyncio.Lock()

    async def current(self) -> Stamp:
        """Give tokens that should work, refreshed if their end is near.

        Raises:
            TokenError: There are none, and none could be had.
        """
        tokens = await self._loaded()
        now = self._clock.now()
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

    def may_renew(self, generation: int) -> bool:
        """Tell whether a 401 at *generation* is worth a refresh."""
        if generation != self._generation:
            return True
        if self._tokens is None or not self._tokens.refresh_token:
            return False
        if self._unhelpful is None:
            return True
        return self._clock.monotonic() - self._unhelpful > _UNHELPFUL

    def did_not_help(self) -> None:
        """Note that a token fresh from a refresh was met with 401."""
        self._unhelpful = self._clock.monotonic()

    async def renew(self, generation: int) -> Stamp:
        """Give tokens newer than *generation*, with at most one refresh.

        Raises:
            TokenRefused: The token endpoint said no.
            TokenUnavailable: It could not be reached.
        """
        tokens = await self._loaded()
        if generation != self._generation:
            return Stamp(tokens, self._generation)
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh(tokens))
            self._refreshing.add_done_callback(self._refreshed)
        try:
            await asyncio.shield(self._refreshing)
        except TokenError as error:
            raise type(error)(str(error)) from error
        return Stamp(await self._loaded(), self._generation)

    async def settle(self) -> None:
        """Wait for a refresh that is under way, so that it is not lost."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing])

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled() and task.exception() is not None:
            _log.debug("refresh failed: %s", type(task.exception()).__name__)

    async def _loaded(self) -> Tokens:
        async with self._loading:  # a late seed would cover newer tokens
            if self._tokens is None:
                self._tokens = await self._stored_or_seed()
            return self._tokens

    async def _stored_or_seed(self) -> Tokens:
        stored = await self._store.load()
        if stored is None:
            await self._store.save(self._seed)
        return stored or self._seed

    async def _refresh(self, old: Tokens) -> None:
        if self._unsaved is None:
            stored = await self._store.load()
            if stored is not None and stored != old:
                self._adopt(stored)
                if not _ends_soon(stored, self._clock.now()):
                    return
                old = stored
            self._unsaved = await self._ask_once(old)
        await self._store.save(self._unsaved)
        self._adopt(self._unsaved)
        self._unsaved = None
        _log.info("access token refreshed")

    def _adopt(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._generation += 1

    async def _ask_once(self, old: Tokens) -> Tokens:
        """Ask for new tokens, unless this refresh token was refused before."""
        if not old.refresh_token:
            raise TokenRefused("there is no refresh token: sign in again")
        if self._refused is not None and self._refused[0] == old.refresh_token:
            raise TokenRefused(self._refused[1])
        try:
            return await self._ask(old)
        except TokenRefused as error:
            self._refused = (old.refresh_token, str(error))
            raise


def _ends_soon(tokens: Tokens, now: float) -> bool:
    if not tokens.access_token:
        return True
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - (tokens.issued_at or tokens.expires_at - AHEAD)
    return now >= tokens.expires_at - min(AHEAD, _AHEAD_SHARE * life)


def refresher(
    settings: Settings, http: Transport, clock: Clock
) -> Callable[[Tokens], Awaitable[Tokens]]:
    """Make the function that asks the token endpoint, once."""

    async def ask(old: Tokens) -> Tokens:
        if not settings.client_id:
            message = "client_id is missing, and a refresh needs it"
            raise SettingsError(message, name="client_id")
        response = await answer_of(http, refresh_request(settings, old))
        return read_tokens(response, old, clock.now())

    return ask


async def answer_of(http: Transport, request: Request) -> Response:
    """Ask the token endpoint; give its answer, whatever the status.

    The request, which holds secrets, is kept out of every error.

    Raises:
        TokenUnavailable: It gave no reply.
    """
    try:
        return await http.send(request)
    except StatusError as error:
        error.request = None
        return _answer_in(error)
    except TransportError as error:
        error.request = None
        message = f"the token endpoint gave no reply ({type(error).__name__})"
        raise TokenUnavailable(message) from error


def _answer_in(error: StatusError) -> Response:
    if error.response is None:
        raise TokenUnavailable("the token endpoint gave no reply") from error
    return error.response


class Auth:
    """Stamps requests with the current token, and asks again once after a 401."""

    def __init__(self, inner: Transport, keeper: TokenKeeper) -> None:
        self._inner = inner
        self._keeper = keeper

    async def send(self, request: Request) -> Response:
        """Send *request* with a token.

        A 401 means that nothing was done, so that any request may go again.

        Raises:
            Unauthorized: 401, also with a token fresh from a refresh: the
                site, the company or the role is wrong.
            TokenError: There is no usable token.
        """
        try:
            return await self._send(request)
        except RequestError as error:
            error.request = request  # the one without the token
            raise

    async def _send(self, request: Request) -> Response:
        stamp = await self._keeper.current()
        try:
            return await self._inner.send(self._stamped(request, stamp))
        except Unauthorized:
            if not self._keeper.may_renew(stamp.generation):
                raise
        stamp = await self._keeper.renew(stamp.generation)
        try:
            return await self._inner.send(self._stamped(request, stamp))
        except Unauthorized as error:
            self._keeper.did_not_help()
            error.add_note("the token was refreshed just now: it is not the token")
            raise

    def _stamped(self, request: Request, stamp: Stamp) -> Request:
        bearer = {"authorization": f"Bearer {stamp.tokens.access_token}"}
        return replace(request, headers={**request.headers, **bearer})
