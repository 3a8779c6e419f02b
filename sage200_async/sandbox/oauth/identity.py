"""Sign-in, tokens and their faults, after Auth0, on which Sage ID runs."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.behaviour import Behaviour

CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - it opens made-up records only
_DEAD: Final = "Unknown or invalid refresh token."
# auth0.com/docs, "Refresh token rotation".

Reply = tuple[int, dict[str, Any]]
TokenStatus = Literal["unused", "used", "revoked", "unknown"]
"""What became of a refresh token: never presented, presented, or killed unused."""


class Family(Struct, eq=False):
    """Every refresh token that descends from one sign-in."""

    public: bool = False
    """Whether its client has no secret, only PKCE."""
    alive: bool = True


class _Code(Struct, frozen=True):
    redirect_uri: str
    challenge: str
    offline: bool
    """Whether a refresh token was asked for."""
    ends: float


class _Used(Struct, frozen=True):
    family: Family
    works_until: float


class TokenRequest(Struct, frozen=True):
    """One call of the token endpoint."""

    grant: str
    """``refresh_token``, ``authorization_code``, or whatever was asked."""
    status: int
    """What it answered."""


class Identity:
    """The token endpoint's memory.

    Args:
        behaviour: Read anew with each request.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[TokenRequest] = []
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, float] = {}
        self._refresh: dict[str, Family] = {}
        self._used: dict[str, _Used] = {}

    def sign_in(self) -> str:
        """Give the refresh token of a new sign-in."""
        return self._issue_refresh(Family())

    def knows(self, access_token: str) -> bool:
        """Tell whether an access token is good now."""
        return self._access.get(access_token, 0.0) > time.monotonic()

    def expire_tokens(self) -> None:
        """Reject every access token issued so far."""
        self._access.clear()

    def revoke(self) -> None:
        """Kill every refresh token issued so far."""
        used = (each.family for each in self._used.values())
        for family in (*self._refresh.values(), *used):
            family.alive = False

    def token_status(self, refresh_token: str) -> TokenStatus:
        """Tell what became of a refresh token that was issued, or not."""
        if refresh_token in self._used:
            return "used"
        family = self._refresh.get(refresh_token)
        if family is None:
            return "unknown"
        return "unused" if family.alive else "revoked"

    def check(self, query: Mapping[str, str]) -> None:
        """Refuse what an authorize page refuses without asking anyone.

        Raises:
            ValueError: The request is such a one.
        """
        if query.get("response_type") != "code":
            raise ValueError("unsupported_response_type: expected code")
        if query.get("client_id") != CLIENT_ID:
            raise ValueError("unauthorized_client: unknown client_id")
        if not query.get("redirect_uri"):
            raise ValueError("invalid_request: redirect_uri is missing")
        challenge = query.get("code_challenge", "")
        if challenge and query.get("code_challenge_method") != "S256":
            raise ValueError("invalid_request: code_challenge_method must be S256")

    def authorize(self, query: Mapping[str, str]) -> str:
        """Give a code for a sign-in that was granted.

        Raises:
            ValueError: The request is one that an authorize page refuses.
        """
        self.check(query)
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            offline="offline_access" in query.get("scope", "").split(),
            ends=time.monotonic() + self.behaviour.code_seconds,
        )
        return code

    def token(self, form: Mapping[str, str] | None) -> Reply:
        """Answer one request to the token endpoint.

        Args:
            form: The form's fields; None where the body is no form.

        Returns:
            A status and a JSON body.
        """
        grant = (form or {}).get("grant_type", "")
        status, body = self._token(grant, form)
        self.requests.append(TokenRequest(grant, status))
        return status, body

    def _token(self, grant: str, form: Mapping[str, str] | None) -> Reply:
        if form is None or not grant:
            return _error(
                400, "invalid_request", "Missing required parameter: grant_type"
            )
        if form.get("client_id") != CLIENT_ID:
            return _error(401, "invalid_client", "Unknown client")
        secret = form.get("client_secret", "")
        if secret and not secrets.compare_digest(
            secret.encode(), CLIENT_SECRET.encode()
        ):
            return _error(401, "invalid_client", "Unauthorized")
        match grant:
            case "authorization_code":
                return self._exchange(form, public=not secret)
            case "refresh_token":
                return self._renew(form, public=not secret)
            case _:
                return _error(
                    400, "unsupported_grant_type", f"Grant type '{grant}' not allowed"
                )

    def _exchange(self, form: Mapping[str, str], *, public: bool) -> Reply:
        if not form.get("code"):
            return _error(400, "invalid_request", "Missing required parameter: code")
        code = self._codes.pop(form["code"], None)
        if public and (code is None or not code.challenge):
            return _error(401, "invalid_client", "Unauthorized")
        if code is None or code.ends < time.monotonic():
            return _error(403, "invalid_grant", "Invalid authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            return _error(403, "invalid_grant", "The redirect URI is wrong")
        if code.challenge and code.challenge != _s256(form.get("code_verifier", "")):
            return _error(403, "invalid_grant", "Failed to verify code verifier")
        family = Family(public=public)
        return self._tokens(self._issue_refresh(family) if code.offline else None)

    def _renew(self, form: Mapping[str, str], *, public: bool) -> Reply:
        given = form.get("refresh_token", "")
        if not given:
            return _error(
                400, "invalid_request", "Missing required parameter: refresh_token"
            )
        family = self._refresh.get(given) or self._overlapping(given)
        if family is not None and public and not family.public:
            return _error(401, "invalid_client", "Unauthorized")
        if family is None or not family.alive:
            used = self._used.get(given)
            if used is not None and self.behaviour.reuse_detection:
                used.family.alive = False
            return _error(403, "invalid_grant", _DEAD)
        if not self.behaviour.rotate:
            return self._tokens(None)
        if given in self._refresh:
            until = time.monotonic() + self.behaviour.reuse_seconds
            self._used[given] = _Used(self._refresh.pop(given), until)
        return self._tokens(self._issue_refresh(family))

    def _overlapping(self, given: str) -> Family | None:
        """Find the family of a token that is used, but works a little longer."""
        used = self._used.get(given)
        return used.family if used and time.monotonic() < used.works_until else None

    def _issue_refresh(self, family: Family) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh[token] = family
        return token

    def _tokens(self, refresh_token: str | None) -> Reply:
        access_token = secrets.token_urlsafe(48)
        seconds = self.behaviour.token_seconds
        self._access[access_token] = time.monotonic() + seconds
        reply: dict[str, Any] = {"access_token": access_token}
        if refresh_token:
            reply["refresh_token"] = refresh_token
        scope = "openid profile email offline_access"
        return 200, reply | {
            "scope": scope,
            "expires_in": seconds,
            "token_type": "Bearer",
        }


def _s256(verifier: str) -> str:
    """Hash a verifier as RFC 7636, 4.2 does."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _error(status: int, error: str, description: str) -> Reply:
    return status, {"error": error, "error_description": description}
