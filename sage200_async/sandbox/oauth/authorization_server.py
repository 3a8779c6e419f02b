"""The authorization server: codes, tokens and their errors.

It works as Auth0 does, on which Sage ID runs.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.behaviour import Behaviour

CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - it opens made-up records only
_INVALID_GRANT: Final = "Unknown or invalid refresh token."
# auth0.com/docs, "Refresh token rotation".

Response = tuple[int, dict[str, Any]]
"""A status and a JSON body."""
TokenStatus = Literal["unused", "used", "revoked", "unknown"]
"""State of a refresh token: used and revoked ones no longer work."""


class Family(Struct, eq=False):
    """All refresh tokens of one sign-in; they are revoked together."""

    public: bool = False
    """Whether its client has no secret, only PKCE."""
    revoked: bool = False


class _Code(Struct, frozen=True):
    redirect_uri: str
    challenge: str
    offline: bool
    """Whether a refresh token was requested."""
    expires_at: float
    """On the monotonic clock, in seconds."""


class _Used(Struct, frozen=True):
    family: Family
    overlap_ends_at: float
    """When it stops working for good, on the monotonic clock, in seconds."""


class TokenRequest(Struct, frozen=True):
    """One request to the token endpoint."""

    grant: str
    """Its ``grant_type``, such as ``refresh_token``."""
    status: int
    """Status of the response."""


class AuthorizationServer:
    """Issues codes and tokens, and knows which of them are valid.

    Args:
        behaviour: The sandbox's switches; read for each request.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[TokenRequest] = []
        self._codes: dict[str, _Code] = {}
        self._access_tokens: dict[str, float] = {}
        self._refresh_tokens: dict[str, Family] = {}
        self._used_tokens: dict[str, _Used] = {}

    def sign_in(self) -> str:
        """Return the refresh token of a new sign-in."""
        return self._issue_refresh(Family())

    def accepts(self, access_token: str) -> bool:
        """Whether an access token is valid now."""
        return self._access_tokens.get(access_token, 0.0) > time.monotonic()

    def expire_tokens(self) -> None:
        """Reject every access token issued so far."""
        self._access_tokens.clear()

    def revoke(self) -> None:
        """Revoke every refresh token issued so far."""
        used = (token.family for token in self._used_tokens.values())
        for family in (*self._refresh_tokens.values(), *used):
            family.revoked = True

    def token_status(self, refresh_token: str) -> TokenStatus:
        """Return the state of a refresh token."""
        if refresh_token in self._used_tokens:
            return "used"
        family = self._refresh_tokens.get(refresh_token)
        if family is None:
            return "unknown"
        return "revoked" if family.revoked else "unused"

    def check_authorization_request(self, query: Mapping[str, str]) -> None:
        """Check what can be checked before a person is asked.

        Raises:
            ValueError: A parameter is missing or wrong.
        """
        if query.get("response_type") != "code":
            raise ValueError("unsupported_response_type: expected code")
        if query.get("client_id") != CLIENT_ID:
            raise ValueError("unauthorized_client: unknown client_id")
        if not _is_redirect_uri(query.get("redirect_uri", "")):
            raise ValueError("invalid_request: redirect_uri must be an http(s) URL")
        challenge = query.get("code_challenge", "")
        if challenge and query.get("code_challenge_method") != "S256":
            raise ValueError("invalid_request: code_challenge_method must be S256")

    def issue_code(self, query: Mapping[str, str]) -> str:
        """Return an authorization code for a sign-in that was granted.

        Args:
            query: The authorization request, checked already.
        """
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            offline="offline_access" in query.get("scope", "").split(),
            expires_at=time.monotonic() + self.behaviour.code_seconds,
        )
        return code

    def token(self, form: Mapping[str, str] | None) -> Response:
        """Return the response to one request to the token endpoint.

        Args:
            form: The form's fields; None if the body is not a form.
        """
        grant = (form or {}).get("grant_type", "")
        status, body = self._response(grant, form)
        self.requests.append(TokenRequest(grant, status))
        return status, body

    def _response(self, grant: str, form: Mapping[str, str] | None) -> Response:
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
                return self._refresh(form, public=not secret)
            case _:
                return _error(
                    400, "unsupported_grant_type", f"Grant type '{grant}' not allowed"
                )

    def _exchange(self, form: Mapping[str, str], *, public: bool) -> Response:
        if not form.get("code"):
            return _error(400, "invalid_request", "Missing required parameter: code")
        code = self._codes.pop(form["code"], None)
        if public and (code is None or not code.challenge):
            return _error(401, "invalid_client", "Unauthorized")
        if code is None or code.expires_at < time.monotonic():
            return _error(403, "invalid_grant", "Invalid authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            return _error(403, "invalid_grant", "The redirect URI is wrong")
        if code.challenge and code.challenge != _s256(form.get("code_verifier", "")):
            return _error(403, "invalid_grant", "Failed to verify code verifier")
        family = Family(public=public)
        return self._tokens(self._issue_refresh(family) if code.offline else None)

    def _refresh(self, form: Mapping[str, str], *, public: bool) -> Response:
        token = form.get("refresh_token", "")
        if not token:
            return _error(
                400, "invalid_request", "Missing required parameter: refresh_token"
            )
        family = self._refresh_tokens.get(token) or self._family_in_overlap(token)
        if family is not None and public and not family.public:
            return _error(401, "invalid_client", "Unauthorized")
        if family is None or family.revoked:
            used = self._used_tokens.get(token)
            if used is not None and self.behaviour.reuse_detection:
                used.family.revoked = True
            return _error(403, "invalid_grant", _INVALID_GRANT)
        if not self.behaviour.rotate:
            return self._tokens(None)
        if token in self._refresh_tokens:
            until = time.monotonic() + self.behaviour.reuse_seconds
            self._used_tokens[token] = _Used(self._refresh_tokens.pop(token), until)
        return self._tokens(self._issue_refresh(family))

    def _family_in_overlap(self, token: str) -> Family | None:
        """Return the family of a token that was used, but still works."""
        used = self._used_tokens.get(token)
        if used is None or time.monotonic() >= used.overlap_ends_at:
            return None
        return used.family

    def _issue_refresh(self, family: Family) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh_tokens[token] = family
        return token

    def _tokens(self, refresh_token: str | None) -> Response:
        access_token = secrets.token_urlsafe(48)
        seconds = self.behaviour.token_seconds
        self._access_tokens[access_token] = time.monotonic() + seconds
        body: dict[str, Any] = {"access_token": access_token}
        if refresh_token:
            body["refresh_token"] = refresh_token
        scope = "openid profile email offline_access"
        return 200, body | {
            "scope": scope,
            "expires_in": seconds,
            "token_type": "Bearer",
        }


def _is_redirect_uri(text: str) -> bool:
    """Whether a browser can be sent to *text*: not to a script, nor to a half URL."""
    try:
        url = urlsplit(text)
        named = bool(url.hostname) and url.port != 0
    except ValueError:  # an unmatched bracket, or a port that is not a number
        return False
    plain = text.isprintable() and not set(text) & set(" \\")
    return named and plain and url.scheme in {"http", "https"} and not url.fragment


def _s256(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _error(status: int, error: str, description: str) -> Response:
    return status, {"error": error, "error_description": description}
