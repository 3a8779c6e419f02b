"""Puts the access token into each request, and repeats it with a new one after a 401."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.auth.refresh_pace import is_usable
from sage200_async.errors import RequestError, Unauthorized
from sage200_async.errors.known_secrets import remember
from sage200_async.transport.base import Call

if TYPE_CHECKING:
    from sage200_async.auth.token_manager import TokenManager, TokenVersion
    from sage200_async.transport.base import Clock, Transport
    from sage200_async.transport.ceiling import Turns
    from sage200_async.wire.messages import Request, Response

_REPETITIONS: Final = 3
# With the same token, where that is new; with a newer one; and once more if that
# one expired on its way, or was another process's, and old.
_USELESS: Final = 60.0
# Seconds for which a company's 401 that survived a refresh starts no other one:
# its site, its number or the user's role is wrong, and every request would refresh.


class Rejected(Exception):
    """A 401 for one version of the tokens, on its way from `Bearer` to `Auth`.

    It is no `RequestError`: a 401 tells the throttle between them nothing.
    """

    def __init__(self, error: Unauthorized, version: TokenVersion) -> None:
        super().__init__(error, version)
        self.error = error
        self.version = version


class Bearer:
    """Puts the access token into a request, as the last thing before it is sent.

    It comes after the throttle's queue: a token that was put in before could
    expire there. A request waits here, with its slot of the throttle, only
    while there is no token with which any request could go out, or until it is
    its turn.

    Args:
        inner: Where requests go.
        tokens: The tokens.
        turns: A ceiling of requests a minute, or None.
    """

    def __init__(
        self, inner: Transport, tokens: TokenManager, turns: Turns | None = None
    ) -> None:
        self._inner = inner
        self._tokens = tokens
        self._turns = turns

    async def send(self, request: Request) -> Response:
        """Send *request* with the current access token.

        Raises:
            Rejected: The token was answered with a 401.
            TokenError: There is no usable token.
        """
        call = Call.current()
        call.held = True
        version = await self._tokens.current()
        if self._turns is not None:
            await self._turns.take()
            version = await self._tokens.current()  # that one may have expired
        call.held = False
        try:
            return await self._inner.send(_with_token(request, version))
        except Unauthorized as error:
            error.request = request  # the one without the token
            rejected = Rejected(error, version)
        except RequestError as error:
            error.request = request
            raise
        raise rejected


class Auth:
    """Sends a request again after a 401, once the tokens were refreshed.

    It comes before the throttle's queue: a request that waits for a refresh
    leaves its slot to those that the current token still serves.

    Args:
        inner: Where requests go; a `Bearer` is behind it.
        tokens: Refreshes the tokens.
        clock: The time.
    """

    def __init__(self, inner: Transport, tokens: TokenManager, clock: Clock) -> None:
        self._inner = inner
        self._tokens = tokens
        self._clock = clock
        self._useless: dict[tuple[str, str], float] = {}
        """When a refresh last did not help a company."""
        self._renewed = -1
        """The generation that the last 401 brought about."""

    async def send(self, request: Request) -> Response:
        """Send *request*, again with a newer token where a 401 may be the token's.

        A 401 means that nothing was done, so any request may be repeated.

        Raises:
            Unauthorized: 401 also with a token just refreshed: the site, the
                company or the role is wrong.
            TokenError: There is no usable token.
        """
        tries = _Tries()
        while True:
            try:
                return await self._inner.send(request)
            except Rejected as error:
                rejected = error
            if self._is_final(request, rejected, tries):
                raise rejected.error
            call = Call.current()
            call.held = True  # a 401 means that nothing was done
            await self._renew(rejected.version, tries)
            call.held = False

    def _is_final(self, request: Request, rejected: Rejected, tries: _Tries) -> bool:
        """Whether no newer token would help."""
        if tries.renewed and self._tokens.should_work(rejected.version):
            self._mark_useless(_company(request))
            rejected.error.add_note(
                "the token was refreshed just now: it is not the token"
            )
            return True
        used_up = tries.repetitions >= _REPETITIONS
        return used_up or not self._may_refresh(request, rejected.version)

    async def _renew(self, version: TokenVersion, tries: _Tries) -> None:
        """Get newer tokens, unless those of *version* deserve a second try.

        They do if a 401 has just brought them about: a server that refuses at
        random, or for a second, would else make every request refresh.
        """
        tries.repetitions += 1
        is_new = version.generation == self._renewed
        if is_new and tries.repetitions == 1 and self._tokens.should_work(version):
            return
        newer = await self._tokens.refresh(version.generation)
        self._renewed = newer.generation
        tries.renewed = True

    def _may_refresh(self, request: Request, version: TokenVersion) -> bool:
        """Whether there is a newer token, or one is worth asking for.

        For one that has expired without a refresh token, the error says so.
        """
        if not self._tokens.is_current(version):
            return True
        if not version.tokens.refresh_token:
            return not is_usable(version.tokens, self._clock.now())
        since = self._useless.get(_company(request), -math.inf)
        useless = self._clock.monotonic() - since <= _USELESS
        return not useless

    def _mark_useless(self, company: tuple[str, str]) -> None:
        """Record that a refresh did not help *company*; drop what is over."""
        now = self._clock.monotonic()
        recent = self._useless.items()
        self._useless = {key: at for key, at in recent if now - at <= _USELESS}
        self._useless[company] = now


class _Tries:
    """The repetitions of one request."""

    __slots__ = ("renewed", "repetitions")

    def __init__(self) -> None:
        self.repetitions = 0
        self.renewed = False
        """Whether one of them was after a refresh."""


def _company(request: Request) -> tuple[str, str]:
    return request.headers.get("X-Site", ""), request.headers.get("X-Company", "")


def _with_token(request: Request, version: TokenVersion) -> Request:
    remember(version.tokens.access_token)
    bearer = {"authorization": f"Bearer {version.tokens.access_token}"}
    return replace(request, headers={**request.headers, **bearer})
