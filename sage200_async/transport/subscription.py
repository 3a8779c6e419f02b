"""Subscription keys: the first, and the second when the first is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import RequestError, Unauthorized

if TYPE_CHECKING:
    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response

_HEADER: Final = "ocp-apim-subscription-key"
_REFUSED: Final = "subscription key"
# "Access denied due to invalid subscription key": Azure API Management's 401.


class Subscription:
    """Sends a subscription key, and the other one when the gateway refuses it.

    Sage's gateway has ignored the keys since 6 August 2025; on-premises
    gateways and older set-ups may not.

    Source:
        developer.sage.com/200/updates, 2025-08-06.
    """

    def __init__(self, inner: Transport, *keys: str) -> None:
        self._inner = inner
        self._keys = tuple(key for key in keys if key)
        self._current = 0

    async def send(self, request: Request) -> Response:
        """Send *request* with the key that was taken last.

        Raises:
            Unauthorized: Every key was refused, or it is not the key.
        """
        while True:
            tried = self._current
            try:
                return await self._inner.send(self._stamped(request, tried))
            except Unauthorized as error:
                error.request = request  # the one without the key
                spare = len(self._keys) - 1 - tried
                if spare <= 0 or _REFUSED not in error.detail.lower():
                    raise
                self._current = max(self._current, tried + 1)
            except RequestError as error:
                error.request = request
                raise

    def _stamped(self, request: Request, index: int) -> Request:
        if not self._keys:
            return request
        return replace(request, headers={**request.headers, _HEADER: self._keys[index]})
