"""Cuts a request's own secrets from the body of its response, as it comes.

A gateway's debugging page repeats the headers that it received, with the status 200
as with any other. Cut here, they are in no record, error, file or traceback.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sage200_async.errors.known_secrets import CUT

if TYPE_CHECKING:
    from sage200_async.wire.messages import Request

_SECRET_HEADERS: Final = ("authorization", "ocp-apim-subscription-key")
_CUT: Final = CUT.encode()
_SHORTEST: Final = 8
# Bytes: a shorter one would be cut from ordinary words.
_START: Final = 40
# Bytes that are searched for first.


class SecretFilter:
    """Cuts one secret from bytes that come in parts.

    Example:
        >>> bearer = SecretFilter(b"hush-1")
        >>> bearer.take(b"Bearer hush-1, hu"), bearer.take(b"sh-1."), bearer.rest()
        (b'Bearer ***, ', b'***.', b'')
    """

    __slots__ = ("_held", "_secret", "_start")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._start = secret[:_START]  # a short text is found several times faster
        self._held = b""

    def take(self, part: bytes) -> bytes:
        """Return *part* without the secret; what may be its beginning is held back."""
        if self._held:
            part, self._held = self._held + part, b""
        if self._start in part:
            part = part.replace(self._secret, _CUT)
        size = self._unfinished(part)
        if size:
            part, self._held = part[:-size], part[-size:]
        return part

    def rest(self) -> bytes:
        """Return what was held back: the secret did not follow."""
        rest, self._held = self._held, b""
        return rest

    def _unfinished(self, part: bytes) -> int:
        """Return how many bytes at the end of *part* are a beginning of the secret."""
        if not part or part[-1] not in self._secret:
            return 0  # as nearly always: a body ends with a bracket
        tail = part[1 - len(self._secret) :]
        at = tail.find(self._start)
        while at >= 0:
            if self._secret.startswith(tail[at:]):
                return len(tail) - at
            at = tail.find(self._start, at + 1)
        tail = part[1 - len(self._start) :]
        at = tail.find(self._start[:1])
        while at >= 0 and not self._start.startswith(tail[at:]):
            at = tail.find(self._start[:1], at + 1)
        return len(tail) - at if at >= 0 else 0


def filters_for(request: Request) -> list[SecretFilter]:
    """Return filters for the secrets in the headers of *request*."""
    headers = request.headers
    named = [_secret_in(headers[name]) for name in _SECRET_HEADERS if name in headers]
    return [SecretFilter(secret) for secret in named if secret]


def has_secret(request: Request, whole: bytes) -> bool:
    """Return whether a *whole* body may repeat a secret in the headers of *request*."""
    headers = request.headers
    for name in _SECRET_HEADERS:
        if name in headers:
            secret = _secret_in(headers[name])
            if secret and secret[:_START] in whole:
                return True
    return False


@lru_cache
def _secret_in(value: str) -> bytes:
    """Return the secret in a header; nothing where it is too short to be cut."""
    secret = value.rpartition(" ")[2].encode(errors="replace")
    return secret if len(secret) >= _SHORTEST else b""
