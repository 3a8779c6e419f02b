"""Puts the access token into each request, and repeats it once after a 401."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sage200_async.errors import RequestError, Unauthorized

if TYPE_CHECKING:
    from sage200_async.auth.token_manager import TokenManager, TokenVersion
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response


class Auth:
    """Sends requests with the current access token, and once more after a 401."""

    def __init__(self, inner: Transport, tokens: TokenManager) -> None:
        self._inner = inner
        self._tokens = tokens

    async def send(self, request: Request) -> Response:
        """Send *request* with an access token.

        A 401 means that nothing was done, so any request may be repeated.

        Raises:
            Unauthorized: 401 also with a token just refreshed: the site, the
                company or the role is wrong.
            TokenError: There is no usable token.
        """
        try:
            return await self._send(request)
        except RequestError as error:
            error.request = request  # the one without the token
            raise

    async def _send(self, request: Request) -> Response:
        version = await self._tokens.current()
        try:
            return await self._inner.send(_with_token(request, version))
        except Unauthorized:
            if not self._tokens.should_refresh(version.generation):
                raise
        version = await self._tokens.refresh(version.generation)
        if not self._tokens.is_fresh(version):
            with contextlib.suppress(Unauthorized):
                return await self._inner.send(_with_token(request, version))
            version = await self._tokens.refresh(version.generation)
        return await self._send_once_more(request, version)

    async def _send_once_more(
        self, request: Request, version: TokenVersion
    ) -> Response:
        try:
            return await self._inner.send(_with_token(request, version))
        except Unauthorized as error:
            self._tokens.mark_refresh_useless()
            error.add_note("the token was refreshed just now: it is not the token")
            raise


def _with_token(request: Request, version: TokenVersion) -> Request:
    bearer = {"authorization": f"Bearer {version.tokens.access_token}"}
    return replace(request, headers={**request.headers, **bearer})
