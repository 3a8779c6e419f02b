"""What the authorization server knows: sign-ins, codes and tokens."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sage200_async.auth.oauth import SCOPE

TokenStatus = Literal["unused", "used", "revoked", "unknown"]
"""State of a refresh token: used and revoked ones no longer work."""


class Grant(Struct, frozen=True, eq=False):
    """One sign-in. All refresh tokens that come of it are revoked together."""

    scope: tuple[str, ...] = tuple(SCOPE.split())
    has_audience: bool = True
    """Whether its access tokens are for the API, and not only for ``/userinfo``."""
    public: bool = False
    """Whether its client has no secret, only PKCE."""
    nonce: str = ""


class Code(Struct, frozen=True):
    """An authorization code; it works once."""

    redirect_uri: str
    challenge: str
    sign_in: Grant
    expires_at: float
    """On the monotonic clock, in seconds."""


class AccessToken(Struct, frozen=True):
    """An access token."""

    sign_in: Grant
    expires_at: float
    """On the monotonic clock, in seconds."""


class UsedToken(Struct, frozen=True):
    """A refresh token that was used: another took its place."""

    sign_in: Grant
    overlap_ends_at: float
    """When it stops working for good, on the monotonic clock, in seconds."""


class TokenRequest(Struct, frozen=True):
    """One request to the token endpoint."""

    grant: str
    """Its ``grant_type``, such as ``refresh_token``."""
    status: int
    """Status of the response."""


class TokenState(Struct, frozen=True):
    """All codes and tokens at one time."""

    codes: dict[str, Code]
    access_tokens: dict[str, AccessToken]
    refresh_tokens: dict[str, Grant]
    used_tokens: dict[str, UsedToken]
    revoked: frozenset[Grant]
    requests: tuple[TokenRequest, ...]
