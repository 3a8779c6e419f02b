"""Tokens as Auth0 issues them: who asks, what for, and what is in them."""

from __future__ import annotations

import base64
import json
import time

import pytest

from sage200_async.sandbox import Behaviour

AUDIENCE = "s200ukipd/sage200"
REDIRECT = "http://127.0.0.1:1/back"


def decoded(part):
    """Return the bytes of a part of a JSON Web Token."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims(token):
    """Return what a JSON Web Token says, unverified."""
    return json.loads(decoded(token.split(".")[1]))


async def sign_in(http, scope="openid offline_access", audience=AUDIENCE, **more):
    """Sign in by code; return the response of the token endpoint."""
    query = {
        "response_type": "code",
        "client_id": http.settings.client_id,
        "redirect_uri": REDIRECT,
        "scope": scope,
        "audience": audience,
        **more,
    }
    query = {name: text for name, text in query.items() if text}
    async with http.session.get(
        http.settings.authorization_url, params=query, allow_redirects=False
    ) as response:
        code = response.headers["Location"].partition("code=")[2].partition("&")[0]
    return await http.token(
        grant_type="authorization_code",
        code=code,
        redirect_uri=REDIRECT,
        client_id=http.settings.client_id,
        client_secret=http.settings.client_secret,
    )


async def status_of(http, token):
    """Return the status of an API request with a token."""
    headers = http.headers | {"Authorization": f"Bearer {token}"}
    return (await http.request("GET", "customers", headers=headers)).status


def test_an_access_token_says_whom_it_is_for(on_sandbox):
    """An access token is an RS256 JWT for Sage's API, with its scope and its end."""

    async def scenario(sandbox, http):
        tokens = (await sign_in(http)).json
        header = json.loads(decoded(tokens["access_token"].split(".")[0]))
        assert (header["alg"], header["typ"]) == ("RS256", "JWT")
        content = claims(tokens["access_token"])
        assert content["iss"] == f"{sandbox.url}/"
        assert content["aud"] == [AUDIENCE, f"{sandbox.url}/userinfo"]
        assert content["scope"] == tokens["scope"] == "openid offline_access"
        assert content["azp"] == http.settings.client_id
        assert content["exp"] - content["iat"] == tokens["expires_in"] == 28_800
        assert abs(content["iat"] - time.time()) < 60
        assert await status_of(http, tokens["access_token"]) == 200

    on_sandbox(scenario)


def test_a_signature_fits_the_published_key(on_sandbox):
    """Another library verifies a token with the key of ``jwks.json``."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    async def scenario(sandbox, http):
        url = f"{sandbox.url}/.well-known/openid-configuration"
        async with http.session.get(url) as response:
            configuration = await response.json()
        assert configuration["issuer"] == f"{sandbox.url}/"
        assert configuration["token_endpoint"] == http.settings.token_url
        async with http.session.get(configuration["jwks_uri"]) as response:
            (key,) = (await response.json())["keys"]
        numbers = [int.from_bytes(decoded(key[name])) for name in "en"]
        public = rsa.RSAPublicNumbers(*numbers).public_key()
        for name in ("access_token", "id_token"):
            head, body, signature = (await sign_in(http)).json[name].split(".")
            signed = f"{head}.{body}".encode()
            public.verify(decoded(signature), signed, PKCS1v15(), SHA256())
            with pytest.raises(InvalidSignature):
                public.verify(decoded(signature), signed + b"x", PKCS1v15(), SHA256())

    on_sandbox(scenario)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid profile email", {"name", "nickname", "email", "email_verified"}),
        ("openid", set()),
        ("profile email", None),
    ],
)
def test_openid_brings_an_id_token(on_sandbox, scope, names):
    """``openid`` brings an ID token, with what ``profile`` and ``email`` ask for."""

    async def scenario(_, http):
        tokens = (await sign_in(http, scope, nonce="n-1")).json
        assert ("id_token" in tokens) is (names is not None)
        assert "refresh_token" not in tokens
        url = http.settings.token_url.replace("oauth/token", "userinfo")
        header = {"Authorization": f"Bearer {tokens['access_token']}"}
        async with http.session.get(url, headers=header) as response:
            assert response.status == (401 if names is None else 200)
            person = {} if names is None else await response.json()
        if names is None:
            return
        content = claims(tokens["id_token"])
        own = {"iss", "sub", "aud", "iat", "exp", "nonce"}
        assert content.keys() == own | names
        assert (content["aud"], content["nonce"]) == (http.settings.client_id, "n-1")
        assert person.keys() == {"sub"} | names
        assert content["sub"] == person["sub"]

    on_sandbox(scenario)


def test_a_refresh_keeps_the_scope(on_sandbox):
    """A refresh brings an ID token again, and the scope of the sign-in."""

    async def scenario(_, http):
        first = (await sign_in(http, "openid email offline_access")).json
        second = (await http.refresh(first["refresh_token"], audience=AUDIENCE)).json
        assert second["scope"] == "openid email offline_access"
        assert claims(second["id_token"])["email"] == "user@sandbox.example"
        assert second["access_token"] != first["access_token"]

    on_sandbox(scenario)


def test_a_client_may_use_basic(on_sandbox):
    """Id and secret are taken from the header as from the body; both have to agree."""

    async def scenario(sandbox, http):
        settings = http.settings
        form = {"grant_type": "refresh_token"}

        async def status(id_, secret, **more):
            form["refresh_token"] = sandbox.settings.refresh_token
            encoded = base64.b64encode(f"{id_}:{secret}".encode()).decode()
            header = {"Authorization": f"Basic {encoded}"}
            async with http.session.post(
                settings.token_url, data=form | more, headers=header
            ) as response:
                return response.status, response.headers.get("WWW-Authenticate")

        right = settings.client_id, settings.client_secret
        assert await status(*right) == (200, None)
        assert await status(*right, client_id=right[0]) == (200, None)
        refused = 401, 'Basic realm="sandbox"'
        assert await status(right[0], "wrong") == refused
        assert await status("other", right[1]) == refused
        assert await status(*right, client_id="other") == refused
        assert await status(*right, client_secret="wrong") == refused
        header = {"Authorization": "Basic %%%"}
        async with http.session.post(
            settings.token_url, data=form, headers=header
        ) as response:
            assert response.status == 401

    on_sandbox(scenario)


def test_a_body_may_be_json(on_sandbox):
    """The token endpoint takes a JSON object in place of a form, and no other JSON."""

    async def scenario(sandbox, http):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": sandbox.settings.refresh_token,
            "client_id": http.settings.client_id,
            "client_secret": http.settings.client_secret,
        }
        url = http.settings.token_url
        for body, status in ((form, 200), ([form], 400), ("text", 400)):
            async with http.session.post(url, json=body) as response:
                assert response.status == status, body

    on_sandbox(scenario)


def test_without_an_audience_a_token_is_of_no_use(on_sandbox):
    """A sign-in without ``audience`` gets an opaque token, which the API refuses."""

    async def scenario(sandbox, http):
        tokens = (await sign_in(http, audience="")).json
        assert "." not in tokens["access_token"]
        assert await status_of(http, tokens["access_token"]) == 401
        sandbox.behaviour.missing_audience = "assumed"
        tokens = (await sign_in(http, audience="")).json
        assert await status_of(http, tokens["access_token"]) == 200

    on_sandbox(scenario)


def test_a_client_revokes_its_sign_in(on_sandbox):
    """Revoking one refresh token ends those that came of the same sign-in, no others."""

    async def scenario(sandbox, http):
        first = sandbox.settings.refresh_token
        second = (await http.refresh(first)).json["refresh_token"]
        other = sandbox.settings.refresh_token
        url = http.settings.token_url.replace("token", "revoke")

        async def revoke(secret, **form):
            form |= {"client_id": http.settings.client_id, "client_secret": secret}
            async with http.session.post(url, data=form) as response:
                return response.status

        secret = http.settings.client_secret
        assert await revoke("wrong", token=first) == 401
        assert await revoke(secret) == 400
        assert await revoke(secret, token="unknown") == 200
        assert sandbox.token_status(second) == "unused"
        assert await revoke(secret, token=first) == 200
        assert sandbox.token_status(second) == "revoked"
        assert sandbox.token_status(other) == "unused"

    on_sandbox(scenario)


def test_a_token_for_tools_lives_long(on_sandbox):
    """A token for tools that cannot refresh works, and lives as long as asked for."""

    async def scenario(sandbox, http):
        token = sandbox.create_access_token()
        content = claims(token)
        assert content["exp"] - content["iat"] == 30 * 86_400
        assert await status_of(http, token) == 200
        short = sandbox.create_access_token(seconds=0)
        assert await status_of(http, short) == 401
        assert await status_of(http, token + "x") == 401

    on_sandbox(scenario, behaviour=Behaviour(token_seconds=1))
