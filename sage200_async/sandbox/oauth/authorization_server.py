"""The authorization server: codes, tokens and their errors.

It works as Auth0 does, on which Sage ID runs.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from sage200_async.auth.oauth import AUDIENCE
from sage200_async.sandbox.oauth import jwt
from sage200_async.sandbox.oauth.requests import (
    CLIENT_ID,
    Credentials,
    service_not_found,
)
from sage200_async.sandbox.oauth.state import (
    AccessToken,
    Code,
    Grant,
    TokenRequest,
    TokenState,
    UsedToken,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.oauth.state import TokenStatus

_INVALID_GRANT: Final = "Unknown or invalid refresh token."
# auth0.com/docs, "Refresh token rotation".
_OTHER_GRANTS: Final = frozenset({"password", "client_credentials", "implicit"})
# Auth0 knows them, and Sage's clients may not use them: a person has to sign in. Status
# and error are those of auth0/auth0-java #165.
_ID_TOKEN_SECONDS: Final = 36_000
# auth0.com/docs, "ID tokens": ten hours by default.
_PERSON: Final = "auth0|sandbox"
_PROFILE: Final = {"name": "Sandbox User", "nickname": "sandbox"}
_EMAIL: Final = {"email": "user@sandbox.example", "email_verified": True}

Response = tuple[int, dict[str, Any]]
"""A status and a JSON body."""


class AuthorizationServer:
    """Issues codes and tokens, and knows which of them are valid.

    Args:
        behaviour: The sandbox's switches; read for each request.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[TokenRequest] = []
        self.generation = 0
        """Counts restores: a request that arrived before one is not answered."""
        self._codes: dict[str, Code] = {}
        self._access_tokens: dict[str, AccessToken] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._used_tokens: dict[str, UsedToken] = {}
        self._revoked: set[Grant] = set()

    def snapshot(self) -> TokenState:
        """Return all codes and tokens, to be restored later."""
        return TokenState(
            dict(self._codes),
            dict(self._access_tokens),
            dict(self._refresh_tokens),
            dict(self._used_tokens),
            frozenset(self._revoked),
            tuple(self.requests),
        )

    def restore(self, state: TokenState) -> None:
        """Return to an earlier state: what was issued since is unknown again."""
        self.generation += 1
        self._codes = dict(state.codes)
        self._access_tokens = dict(state.access_tokens)
        self._refresh_tokens = dict(state.refresh_tokens)
        self._used_tokens = dict(state.used_tokens)
        self._revoked = set(state.revoked)
        self.requests[:] = state.requests

    def sign_in(self) -> str:
        """Return the refresh token of a new sign-in."""
        return self._issue_refresh(Grant())

    def issue_access_token(self, issuer: str, sign_in: Grant, seconds: int) -> str:
        """Return a new access token.

        It is a JWT for the API, or an opaque text where no audience was asked for.

        Source: access tokens of Sage ID that are public (RS256, ``iss``, two values in
        ``aud``); auth0.com/docs, "Access tokens".
        """
        token = secrets.token_urlsafe(24)
        if sign_in.has_audience:
            audience = [AUDIENCE, f"{issuer}userinfo"]
            claims = _claims(issuer, audience, seconds)
            scope = {"scope": " ".join(sign_in.scope), "azp": CLIENT_ID}
            token = jwt.encode(claims | scope | {"jti": token})
        expires_at = time.monotonic() + seconds
        self._access_tokens[token] = AccessToken(sign_in, expires_at)
        return token

    def accepts(self, access_token: str) -> bool:
        """Whether an access token is valid for the API now."""
        access = self._valid(access_token)
        return access is not None and access.has_audience

    def person(self, access_token: str) -> dict[str, Any] | None:
        """Return what ``/userinfo`` says of the person; None for a wrong token."""
        sign_in = self._valid(access_token)
        if sign_in is None or "openid" not in sign_in.scope:
            return None
        return {"sub": _PERSON, **_profile(sign_in)}

    def _valid(self, access_token: str) -> Grant | None:
        access = self._access_tokens.get(access_token)
        if access is None or access.expires_at <= time.monotonic():
            return None
        return access.sign_in

    def expire_tokens(self) -> None:
        """Reject every access token issued so far."""
        self._access_tokens.clear()

    def revoke(self) -> None:
        """Revoke every refresh token issued so far."""
        used = (token.sign_in for token in self._used_tokens.values())
        self._revoked.update(self._refresh_tokens.values(), used)

    def revoke_token(self, refresh_token: str) -> None:
        """Revoke a refresh token, and all others of its sign-in (RFC 7009)."""
        used = self._used_tokens.get(refresh_token)
        sign_in = used.sign_in if used else self._refresh_tokens.get(refresh_token)
        if sign_in is not None:
            self._revoked.add(sign_in)

    def token_status(self, refresh_token: str) -> TokenStatus:
        """Return the state of a refresh token."""
        if refresh_token in self._used_tokens:
            return "used"
        sign_in = self._refresh_tokens.get(refresh_token)
        if sign_in is None:
            return "unknown"
        return "revoked" if sign_in in self._revoked else "unused"

    def issue_code(self, query: Mapping[str, str]) -> str:
        """Return an authorization code for a sign-in that was granted.

        Args:
            query: The authorization request, checked already.
        """
        code = secrets.token_urlsafe(32)
        assumed = self.behaviour.missing_audience == "assumed"
        self._codes[code] = Code(
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            sign_in=Grant(
                scope=tuple(query.get("scope", "").split()),
                has_audience=bool(query.get("audience")) or assumed,
                nonce=query.get("nonce", ""),
            ),
            expires_at=time.monotonic() + self.behaviour.code_seconds,
        )
        return code

    def token(
        self,
        form: Mapping[str, str] | None,
        issuer: str,
        authorization: str = "",
    ) -> Response:
        """Return the response to one request to the token endpoint.

        Args:
            form: The form's fields; None if the body is not a form.
            issuer: The URL of this server as the client knows it.
            authorization: The header ``Authorization``, if there is one.
        """
        grant = (form or {}).get("grant_type", "")
        status, body = self._response(grant, form, issuer, authorization)
        self.requests.append(TokenRequest(grant, status))
        return status, body

    def _response(
        self,
        grant: str,
        form: Mapping[str, str] | None,
        issuer: str,
        authorization: str,
    ) -> Response:
        if form is None or not grant:
            return missing("grant_type")
        client = Credentials.of(form, authorization)
        if not client.are_right:
            return unauthorized()
        audience = form.get("audience") or AUDIENCE
        if audience != AUDIENCE:
            return 403, service_not_found(audience)
        if grant == "authorization_code":
            return self._exchange(form, issuer, public=not client.secret)
        if grant == "refresh_token":
            return self._refresh(form, issuer, public=not client.secret)
        return _refused_grant(grant)

    def _exchange(
        self, form: Mapping[str, str], issuer: str, *, public: bool
    ) -> Response:
        if not form.get("code"):
            return missing("code")
        code = self._codes.pop(form["code"], None)
        if public and (code is None or not code.challenge):
            return unauthorized()
        if code is None or code.expires_at < time.monotonic():
            return _error(403, "invalid_grant", "Invalid authorization code")
        if code.redirect_uri != form.get("redirect_uri"):
            return _error(403, "invalid_grant", "The redirect URI is wrong")
        if code.challenge and code.challenge != _s256(form.get("code_verifier", "")):
            return _error(403, "invalid_grant", "Failed to verify code verifier")
        old = code.sign_in
        sign_in = Grant(old.scope, old.has_audience, public, old.nonce)
        offline = "offline_access" in sign_in.scope
        refresh_token = self._issue_refresh(sign_in) if offline else None
        return self._tokens(issuer, sign_in, refresh_token)

    def _refresh(
        self, form: Mapping[str, str], issuer: str, *, public: bool
    ) -> Response:
        token = form.get("refresh_token", "")
        if not token:
            return missing("refresh_token")
        sign_in = self._refresh_tokens.get(token) or self._in_overlap(token)
        if sign_in is not None and public and not sign_in.public:
            return unauthorized()
        if sign_in is None or sign_in in self._revoked:
            used = self._used_tokens.get(token)
            if used is not None and self.behaviour.reuse_detection:
                self._revoked.add(used.sign_in)
            return _error(403, "invalid_grant", _INVALID_GRANT)
        if not self.behaviour.rotate:
            return self._tokens(issuer, sign_in, None)
        if token in self._refresh_tokens:
            until = time.monotonic() + self.behaviour.reuse_seconds
            self._used_tokens[token] = UsedToken(self._refresh_tokens.pop(token), until)
        return self._tokens(issuer, sign_in, self._issue_refresh(sign_in))

    def _in_overlap(self, token: str) -> Grant | None:
        """Return the sign-in of a token that was used, but still works."""
        used = self._used_tokens.get(token)
        if used is None or time.monotonic() >= used.overlap_ends_at:
            return None
        return used.sign_in

    def _issue_refresh(self, sign_in: Grant) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh_tokens[token] = sign_in
        return token

    def _tokens(
        self, issuer: str, sign_in: Grant, refresh_token: str | None
    ) -> Response:
        seconds = self.behaviour.token_seconds
        access_token = self.issue_access_token(issuer, sign_in, seconds)
        body: dict[str, Any] = {"access_token": access_token}
        if refresh_token:
            body["refresh_token"] = refresh_token
        if "openid" in sign_in.scope:
            body["id_token"] = _id_token(issuer, sign_in)
        return 200, body | {
            "scope": " ".join(sign_in.scope),
            "expires_in": seconds,
            "token_type": "Bearer",
        }


def _claims(issuer: str, audience: str | list[str], seconds: int) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": issuer, "sub": _PERSON, "aud": audience}
    return {**claims, "iat": now, "exp": now + seconds}


def _id_token(issuer: str, sign_in: Grant) -> str:
    """Return who signed in, for the client (OpenID Connect Core, 2)."""
    claims = _claims(issuer, CLIENT_ID, _ID_TOKEN_SECONDS)
    nonce = {"nonce": sign_in.nonce} if sign_in.nonce else {}
    return jwt.encode({**_profile(sign_in), **claims, **nonce})


def _profile(sign_in: Grant) -> dict[str, Any]:
    profile = _PROFILE if "profile" in sign_in.scope else {}
    return {**profile, **(_EMAIL if "email" in sign_in.scope else {})}


def _s256(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def missing(parameter: str) -> Response:
    """Return the response to a request without a parameter that it needs."""
    text = f"Missing required parameter: {parameter}"
    return _error(400, "invalid_request", text)


def unauthorized() -> Response:
    """Return the response to a client that is unknown, or has a wrong secret.

    Source: what Auth0 was seen to send, in place of ``invalid_client``:
    auth0-samples/auth0-angular-samples #201, auth0/auth0-spa-js #454.
    """
    return _error(401, "access_denied", "Unauthorized")


def _refused_grant(grant: str) -> Response:
    """Return the response to a grant that is not for Sage's clients, or unknown."""
    if grant in _OTHER_GRANTS:
        text = f"Grant type '{grant}' not allowed for the client."
        return _error(403, "unauthorized_client", text)
    return _error(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")


def _error(status: int, error: str, description: str) -> Response:
    return status, {"error": error, "error_description": description}
