"""The paths of the authorization server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from sage200_async.auth.oauth import SCOPE
from sage200_async.sandbox.oauth import jwt
from sage200_async.sandbox.oauth.authorization_server import missing, unauthorized
from sage200_async.sandbox.oauth.consent import authorize
from sage200_async.sandbox.oauth.requests import Credentials
from sage200_async.sandbox.server.validation import parse_json
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.rows import encode
from sage200_async.wire.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.oauth.authorization_server import (
        AuthorizationServer,
        Response,
    )

_FORM: Final = "application/x-www-form-urlencoded"


def add_endpoints(app: web.Application, server: AuthorizationServer) -> None:
    """Add the paths, named as Auth0 does, to an application."""
    endpoints = _Endpoints(server)
    app.router.add_get("/authorize", endpoints.authorize)
    app.router.add_post("/authorize", endpoints.authorize)
    app.router.add_post("/oauth/token", endpoints.token)
    app.router.add_post("/oauth/revoke", endpoints.revoke)
    app.router.add_get("/userinfo", endpoints.userinfo)
    app.router.add_get("/.well-known/openid-configuration", endpoints.configuration)
    app.router.add_get("/.well-known/jwks.json", endpoints.keys)


class _Endpoints:
    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """Send the browser back with a code, or an error (RFC 6749, 4.1.1)."""
        return await authorize(request, self._server)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Exchange a code or a refresh token (RFC 6749, 4.1.3 and 6)."""
        form = await _form(request)
        generation = self._server.generation
        await asyncio.sleep(self._server.behaviour.token_delay)
        if generation != self._server.generation:
            return web.Response(status=503)
        authorization = request.headers.get("Authorization", "")
        return _json(self._server.token(form, _issuer(request), authorization))

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """Revoke a sign-in by one of its refresh tokens (RFC 7009, 2)."""
        form = await _form(request) or {}
        client = Credentials.of(form, request.headers.get("Authorization", ""))
        if not client.are_right:
            return _json(unauthorized())
        if not form.get("token"):
            return _json(missing("token"))
        self._server.revoke_token(form["token"])
        return web.Response()

    async def userinfo(self, request: web.Request) -> web.StreamResponse:
        """Describe the person who signed in (OpenID Connect Core, 5.3)."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        person = self._server.person(token)
        if person is None:
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        return _json((200, person))

    async def configuration(self, request: web.Request) -> web.StreamResponse:
        """Describe the server (OpenID Connect Discovery, 3)."""
        issuer = _issuer(request)
        return _json(
            (
                200,
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}authorize",
                    "token_endpoint": f"{issuer}oauth/token",
                    "revocation_endpoint": f"{issuer}oauth/revoke",
                    "userinfo_endpoint": f"{issuer}userinfo",
                    "jwks_uri": f"{issuer}.well-known/jwks.json",
                    "scopes_supported": SCOPE.split(),
                    "response_types_supported": ["code"],
                    "code_challenge_methods_supported": ["S256"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "token_endpoint_auth_methods_supported": [
                        "client_secret_basic",
                        "client_secret_post",
                        "none",
                    ],
                },
            )
        )

    async def keys(self, request: web.Request) -> web.StreamResponse:
        """Publish the key that tokens are verified with (RFC 7517, 5)."""
        del request
        return _json((200, jwt.key_set()))


def _issuer(request: web.Request) -> str:
    """Return the URL of this server as the client knows it, ending with a slash."""
    return f"{request.scheme}://{request.host}/"


async def _form(request: web.Request) -> Mapping[str, str] | None:
    """Return the fields of a form, or of a JSON object, which Auth0 takes as well."""
    text = (await request.read()).decode(errors="replace")
    if request.content_type == _FORM:
        return dict(parse_qsl(text))
    if request.content_type != "application/json":
        return None
    try:
        fields: Any = parse_json(text.encode())
    except (WriteError, RecursionError):
        return None
    if not is_object(fields):
        return None
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _json(response: Response) -> web.Response:
    status, body = response
    headers = {"Cache-Control": "no-store"}
    if status == 401:  # noqa: PLR2004 - RFC 6749, 5.2
        headers["WWW-Authenticate"] = 'Basic realm="sandbox"'
    return web.Response(
        status=status,
        body=encode(body),
        content_type="application/json",
        headers=headers,
    )
