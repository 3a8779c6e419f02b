"""Sign-in, tokens, sites and roles."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from sage200_async.sandbox import Behaviour

DEAD = {
    "error": "invalid_grant",
    "error_description": "Unknown or invalid refresh token.",
}


def test_sites_need_a_token_and_nothing_else(serve):
    """``GET /sites`` takes no site or company and lists every company."""

    async def inside(sandbox, raw):
        only = {"Authorization": raw.headers["Authorization"]}
        sites = (await raw.ask("GET", "sites", headers=only)).json
        assert [site["company_id"] for site in sites] == [7, 8]
        assert {site["site_id"] for site in sites} == {raw.settings.site}
        assert (await raw.ask("GET", "sites", headers={})).status == 401
        sandbox.behaviour.empty_sites = True
        assert (await raw.get("sites")).json == []

    serve(inside)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": ""},
        {"Authorization": "Basic eDp5"},
        {"X-Site": ""},
        {"X-Site": "00000000-0000-0000-0000-000000000000"},
        {"X-Company": ""},
        {"X-Company": "8"},
    ],
)
def test_anything_wrong_with_the_headers_is_an_empty_401(serve, wrong):
    """A bad token, site or company bring the same 401, without a body."""

    async def inside(_, raw):
        reply = await raw.ask("GET", "customers", headers=raw.headers | wrong)
        assert (reply.status, reply.body) == (401, b"")

    serve(inside)


def test_expired_tokens_are_rejected_and_refreshed(serve):
    """After ``expire_tokens`` a token brings 401 and a refresh brings another."""

    async def inside(sandbox, raw):
        sandbox.expire_tokens()
        assert (await raw.get("customers")).status == 401
        raw.settings = sandbox.settings
        await raw.sign_in()
        assert (await raw.get("customers")).status == 200
        sandbox.behaviour.token_seconds = 0
        raw.settings = sandbox.settings
        reply = await raw.sign_in()
        assert reply["expires_in"] == 0
        assert (await raw.get("customers")).status == 401

    serve(inside)


def test_refresh_tokens_rotate_and_reuse_kills_the_family(serve):
    """A refresh token is good once; used again it takes its heirs along."""

    async def inside(sandbox, raw):
        first = sandbox.settings.refresh_token
        second = (await raw.refresh(first)).json
        assert second["token_type"] == "Bearer"
        assert second["expires_in"] == 28_800
        third = (await raw.refresh(second["refresh_token"])).json["refresh_token"]
        reply = await raw.refresh(first)
        assert (reply.status, reply.json) == (403, DEAD)
        assert (await raw.refresh(third)).status == 403
        assert (await raw.refresh(sandbox.settings.refresh_token)).status == 200
        statuses = [each.status for each in sandbox.token_requests[1:]]
        assert statuses == [200, 200, 403, 403, 200]
        assert {each.grant for each in sandbox.token_requests} == {"refresh_token"}

    serve(inside)


def test_reuse_can_be_harmless_and_rotation_off(serve):
    """Without detection a used token only fails; without rotation it lives on."""

    async def inside(sandbox, raw):
        first = sandbox.settings.refresh_token
        second = (await raw.refresh(first)).json["refresh_token"]
        assert (await raw.refresh(first)).status == 403
        assert (await raw.refresh(second)).status == 200
        sandbox.behaviour = Behaviour(rotate=False)
        lasting = sandbox.settings.refresh_token
        for _ in range(2):
            reply = await raw.refresh(lasting)
            assert reply.status == 200
            assert "refresh_token" not in reply.json

    serve(inside, behaviour=Behaviour(reuse_detection=False))


def test_revoked_means_someone_must_sign_in(serve):
    """After ``revoke`` every refresh token issued so far is dead."""

    async def inside(sandbox, raw):
        token = sandbox.settings.refresh_token
        sandbox.revoke()
        reply = await raw.refresh(token)
        assert (reply.status, reply.json) == (403, DEAD)
        assert (await raw.get("customers")).status == 200
        assert (await raw.refresh(sandbox.settings.refresh_token)).status == 200

    serve(inside)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"refresh_token": "nonsense"}, 403, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, 403, "invalid_grant"),
    ],
)
def test_the_token_endpoint_says_what_is_wrong(serve, change, status, error):
    """Each fault has its status and its OAuth error."""

    async def inside(sandbox, raw):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": sandbox.settings.refresh_token,
            "client_id": raw.settings.client_id,
            "client_secret": raw.settings.client_secret,
        }
        reply = await raw.token(**(form | change))
        assert (reply.status, reply.json["error"]) == (status, error)

    serve(inside)


def test_a_code_buys_tokens_once_with_its_verifier(serve):
    """The authorize page gives a code; PKCE is checked; a code works once."""

    async def inside(_, raw):
        verifier = "v" * 64
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": raw.settings.client_id,
            "redirect_uri": "http://127.0.0.1:1/back?x=1",
            "scope": "openid offline_access",
            "state": "a b",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

        async def code(**change):
            async with raw.http.get(
                raw.settings.authorization_url,
                params=query | change,
                allow_redirects=False,
            ) as reply:
                if reply.status != 302:
                    return reply.status
                back = parse_qs(urlsplit(reply.headers["Location"]).query)
                assert (back["state"], back["x"]) == (["a b"], ["1"])
                return back["code"][0]

        form = {
            "grant_type": "authorization_code",
            "redirect_uri": query["redirect_uri"],
            "client_id": raw.settings.client_id,
            "client_secret": raw.settings.client_secret,
            "code_verifier": verifier,
        }
        given = await code()
        assert (await raw.token(code=given, **form)).status == 200
        assert (await raw.token(code=given, **form)).status == 403
        wrong = form | {"code_verifier": "w" * 64}
        assert (await raw.token(code=await code(), **wrong)).status == 403
        elsewhere = form | {"redirect_uri": "http://127.0.0.1:1/"}
        assert (await raw.token(code=await code(), **elsewhere)).status == 403
        public = form | {"client_secret": ""}
        reply = await raw.token(code=await code(), **public)
        assert reply.status == 200
        again = await raw.token(
            grant_type="refresh_token",
            refresh_token=reply.json["refresh_token"],
            client_id=raw.settings.client_id,
        )
        assert again.status == 200
        assert await code(response_type="token") == 400
        assert await code(client_id="other") == 400
        assert await code(code_challenge_method="plain") == 400

    serve(inside)


def test_a_role_without_the_module_brings_403(serve):
    """A forbidden resource says so, in Sage's words."""

    async def inside(_, raw):
        reply = await raw.get("products")
        assert reply.status == 403
        assert reply.json == {
            "Message": "The requested operation is forbidden for this account."
        }
        assert (await raw.get("customers")).status == 200

    serve(inside, behaviour=Behaviour(forbidden=frozenset({"products"})))


def test_a_used_refresh_token_may_work_a_little_longer(serve):
    """Within the overlap a used refresh token works again; past it, it is a reuse."""

    async def test(sandbox, raw):
        first = sandbox.settings.refresh_token
        sandbox.behaviour.reuse_seconds = 60.0
        newer = [(await raw.refresh(first)).json["refresh_token"] for _ in range(2)]
        assert sandbox.token_status(first) == "used"
        assert [sandbox.token_status(each) for each in newer] == ["unused", "unused"]
        sandbox.behaviour.reuse_seconds = 0.0
        assert (await raw.refresh(newer[0])).status == 200
        assert (await raw.refresh(newer[0])).status == 403
        assert sandbox.token_status(newer[1]) == "revoked"
        assert sandbox.token_status("never issued") == "unknown"

    serve(test)
