"""Sign-in, tokens, sites and roles."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from sage200_async.sandbox import Behaviour

INVALID_GRANT = {
    "error": "invalid_grant",
    "error_description": "Unknown or invalid refresh token.",
}


def test_sites_need_a_token_and_nothing_else(on_sandbox):
    """``GET /sites`` takes no site or company and lists every company."""

    async def scenario(sandbox, http):
        only = {"Authorization": http.headers["Authorization"]}
        sites = (await http.request("GET", "sites", headers=only)).json
        assert [site["company_id"] for site in sites] == [7, 8]
        assert {site["site_id"] for site in sites} == {http.settings.site}
        assert (await http.request("GET", "sites", headers={})).status == 401
        sandbox.behaviour.empty_sites = True
        assert (await http.get("sites")).json == []

    on_sandbox(scenario)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": ""},
        {"Authorization": "Basic eDp5"},
        {"X-Site": ""},
        {"X-Site": "00000000-0000-0000-0000-000000000000"},
        {"X-Company": ""},
        {"X-Company": "9"},
    ],
)
def test_anything_wrong_with_the_headers_is_an_empty_401(on_sandbox, wrong):
    """A wrong token, site or company brings the same 401, without a body."""

    async def scenario(_, http):
        response = await http.request("GET", "customers", headers=http.headers | wrong)
        assert (response.status, response.body) == (401, b"")

    on_sandbox(scenario)


def test_expired_tokens_are_rejected_and_refreshed(on_sandbox):
    """After ``expire_tokens`` an access token brings 401 until a refresh."""

    async def scenario(sandbox, http):
        sandbox.expire_tokens()
        assert (await http.get("customers")).status == 401
        http.settings = sandbox.settings
        await http.sign_in()
        assert (await http.get("customers")).status == 200
        sandbox.behaviour.token_seconds = 0
        http.settings = sandbox.settings
        response = await http.sign_in()
        assert response["expires_in"] == 0
        assert (await http.get("customers")).status == 401

    on_sandbox(scenario)


def test_refresh_tokens_rotate_and_reuse_revokes_the_family(on_sandbox):
    """A refresh token works once; reusing it revokes those issued after it."""

    async def scenario(sandbox, http):
        first = sandbox.settings.refresh_token
        second = (await http.refresh(first)).json
        assert second["token_type"] == "Bearer"
        assert second["expires_in"] == 28_800
        third = (await http.refresh(second["refresh_token"])).json["refresh_token"]
        response = await http.refresh(first)
        assert (response.status, response.json) == (403, INVALID_GRANT)
        assert (await http.refresh(third)).status == 403
        assert (await http.refresh(sandbox.settings.refresh_token)).status == 200
        statuses = [request.status for request in sandbox.token_requests[1:]]
        assert statuses == [200, 200, 403, 403, 200]
        assert {request.grant for request in sandbox.token_requests} == {
            "refresh_token"
        }

    on_sandbox(scenario)


def test_reuse_detection_and_rotation_can_be_off(on_sandbox):
    """Without detection a reuse only fails; without rotation a token keeps working."""

    async def scenario(sandbox, http):
        first = sandbox.settings.refresh_token
        second = (await http.refresh(first)).json["refresh_token"]
        assert (await http.refresh(first)).status == 403
        assert (await http.refresh(second)).status == 200
        sandbox.behaviour = Behaviour(rotate=False)
        lasting = sandbox.settings.refresh_token
        for _ in range(2):
            response = await http.refresh(lasting)
            assert response.status == 200
            assert "refresh_token" not in response.json

    on_sandbox(scenario, behaviour=Behaviour(reuse_detection=False))


def test_after_revoke_a_person_must_sign_in(on_sandbox):
    """After ``revoke`` no refresh token issued so far works."""

    async def scenario(sandbox, http):
        token = sandbox.settings.refresh_token
        sandbox.revoke()
        response = await http.refresh(token)
        assert (response.status, response.json) == (403, INVALID_GRANT)
        assert (await http.get("customers")).status == 200
        assert (await http.refresh(sandbox.settings.refresh_token)).status == 200

    on_sandbox(scenario)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_id": "other"}, 401, "access_denied"),
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_secret": ""}, 401, "access_denied"),
        ({"audience": "another"}, 403, "access_denied"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 403, "unauthorized_client"),
        ({"grant_type": "urn:other"}, 400, "unsupported_grant_type"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"refresh_token": "nonsense"}, 403, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, 403, "invalid_grant"),
    ],
)
def test_the_token_endpoint_names_each_error(on_sandbox, change, status, error):
    """Each error has its own status and OAuth error code."""

    async def scenario(sandbox, http):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": sandbox.settings.refresh_token,
            "client_id": http.settings.client_id,
            "client_secret": http.settings.client_secret,
        }
        response = await http.token(**(form | change))
        assert (response.status, response.json["error"]) == (status, error)

    on_sandbox(scenario)


def test_a_code_is_exchanged_once_with_its_verifier(on_sandbox):
    """A code is exchanged for tokens once, and only with its PKCE verifier."""

    async def scenario(_, http):
        verifier = "v" * 64
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": http.settings.client_id,
            "redirect_uri": "http://127.0.0.1:1/back?x=1",
            "scope": "openid offline_access",
            "state": "a b",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

        async def code(**change):
            async with http.session.get(
                http.settings.authorization_url,
                params=query | change,
                allow_redirects=False,
            ) as response:
                if response.status != 302:
                    return response.status
                back = parse_qs(urlsplit(response.headers["Location"]).query)
                assert (back["state"], back["x"]) == (["a b"], ["1"])
                return back.get("code", back.get("error"))[0]

        form = {
            "grant_type": "authorization_code",
            "redirect_uri": query["redirect_uri"],
            "client_id": http.settings.client_id,
            "client_secret": http.settings.client_secret,
            "code_verifier": verifier,
        }
        first = await code()
        assert (await http.token(code=first, **form)).status == 200
        assert (await http.token(code=first, **form)).status == 403
        wrong = form | {"code_verifier": "w" * 64}
        assert (await http.token(code=await code(), **wrong)).status == 403
        elsewhere = form | {"redirect_uri": "http://127.0.0.1:1/"}
        assert (await http.token(code=await code(), **elsewhere)).status == 403
        public = form | {"client_secret": ""}
        response = await http.token(code=await code(), **public)
        assert response.status == 200
        again = await http.token(
            grant_type="refresh_token",
            refresh_token=response.json["refresh_token"],
            client_id=http.settings.client_id,
        )
        assert again.status == 200
        assert await code(client_id="other") == 400
        assert await code(redirect_uri="app://back") == 400
        assert await code(response_type="token") == "unsupported_response_type"
        assert await code(code_challenge_method="plain") == "invalid_request"
        assert await code(audience="another") == "access_denied"

    on_sandbox(scenario)


def test_a_role_without_the_module_brings_403(on_sandbox):
    """A resource that the role may not use brings 403 with Sage's message."""

    async def scenario(_, http):
        response = await http.get("products")
        assert response.status == 403
        assert response.json == {
            "Message": "The requested operation is forbidden for this account."
        }
        assert (await http.get("customers")).status == 200

    on_sandbox(scenario, behaviour=Behaviour(forbidden=frozenset({"products"})))


def test_a_used_refresh_token_may_work_a_little_longer(on_sandbox):
    """Within the overlap a used refresh token works again; after it, that is a reuse."""

    async def scenario(sandbox, http):
        first = sandbox.settings.refresh_token
        sandbox.behaviour.reuse_seconds = 60.0
        newer = [(await http.refresh(first)).json["refresh_token"] for _ in range(2)]
        assert sandbox.token_status(first) == "used"
        assert [sandbox.token_status(token) for token in newer] == ["unused", "unused"]
        sandbox.behaviour.reuse_seconds = 0.0
        assert (await http.refresh(newer[0])).status == 200
        assert (await http.refresh(newer[0])).status == 403
        assert sandbox.token_status(newer[1]) == "revoked"
        assert sandbox.token_status("never issued") == "unknown"

    on_sandbox(scenario)
