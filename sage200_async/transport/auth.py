"""Tokens: stamped on each request, which goes once more after a 401."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async.errors import RequestError, Unauthorized

if TYPE_CHECKING:
    from sage200_async.auth.token_manager import Stamp, TokenManager
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response


class Auth:
    """Stamps requests with the current token, and asks again once after a 401."""

    def __init__(self, inner: Transport, keeper: TokenManager) -> None:
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
            return await self._inner.send(_stamped(request, stamp))
        except Unauthorized:
            if not self._keeper.should_refresh(stamp.generation):
                raise
        stamp = await self._keeper.renew(stamp.generation)
        if not self._keeper.is_new(stamp):
            with contextlib.suppress(Unauthorized):
                return await self._inner.send(_stamped(request, stamp))
            stamp = await self._keeper.renew(stamp.generation)
        return await self._send_finally(request, stamp)

    async def _send_finally(self, request: Request, stamp: Stamp) -> Response:
        try:
            return await self._inner.send(_stamped(request, stamp))
        except Unauthorized as error:
            self._keeper.mark_refresh_useless()
            error.add_note("the token was refreshed just now: it is not the token")
            raise


def _stamped(request: Request, stamp: Stamp) -> Request:
    bearer = {"authorization": f"Bearer {stamp.tokens.access_token}"}
    return replace(request, headers={**request.headers, **bearer})
