"""Subscription keys: the first, and the second if the gateway refuses the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from sage200_async.errors import RequestError, Unauthorized
from sage200_async.errors.known_secrets import remember

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sage200_async.transport.base import Transport
    from sage200_async.wire.messages import Request, Response

_HEADER: Final = "ocp-apim-subscription-key"
_KEY_REFUSED: Final = "subscription key"
# "Access denied due to invalid subscription key": Azure API Management's 401.


class Subscription:
    """Sends a subscription key, and the second one once the gateway refuses the first.

    Sage's gateway has ignored the keys since 6 August 2025; on-premises
    gateways and older installations may not.

    Source:
        developer.sage.com/200/updates, 2025-08-06.
    """

    def __init__(self, inner: Transport, *keys: str) -> None:
        self._inner = inner
        self._keys = tuple(key for key in keys if key)
        self._current = 0

    def send(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Send *request* with the key that was last accepted.

        Raises:
            Unauthorized: All keys were refused, or the key is not the reason.
        """
        return self._try_keys(request) if self._keys else self._inner.send(request)

    async def _try_keys(self, request: Request) -> Response:
        while True:
            index = self._current
            try:
                return await self._inner.send(self._with_key(request, index))
            except Unauthorized as error:
                error.request = request  # the one without the key
                is_last = index >= len(self._keys) - 1
                if is_last or _KEY_REFUSED not in error.detail.lower():
                    raise
                self._current = max(self._current, index + 1)
            except RequestError as error:
                error.request = request
                raise

    def _with_key(self, request: Request, index: int) -> Request:
        remember(self._keys[index])
        return replace(request, headers={**request.headers, _HEADER: self._keys[index]})
