"""Signing in, as far as it can be told without I/O."""

import pickle
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from rich.pretty import pretty_repr

from sage200_async import (
    AuthorizationRequest,
    Settings,
    Tokens,
    create_authorization_url,
)
from sage200_async.auth.oauth import (
    challenge,
    code_request,
    read_first_tokens,
    read_redirect,
    read_tokens,
)
from sage200_async.errors import (
    SettingsError,
    SignInFailed,
    TokenRefused,
    TokenUnavailable,
)
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

HERE = "https://app.example/callback"
OURS = Settings(client_id="ours")
NOW = 1_700_000_000.0
BROUGHT = {"access_token": "hush-a", "refresh_token": "hush-r", "expires_in": 60}


def asked(url):
    """Give what a URL asks, each name once."""
    pairs = parse_qsl(urlsplit(url).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_challenge_is_that_of_the_rfc():
    """S256 of RFC 7636's verifier is RFC 7636's challenge (appendix B)."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_what_the_authorize_page_is_asked():
    """The address holds what Sage ID wants, and the verifier only as its hash."""
    sign_in = AuthorizationRequest(HERE, "the-state", "the-verifier")
    url = create_authorization_url(OURS, sign_in)
    assert url.startswith("https://id.sage.com/authorize?")
    assert asked(url) == {
        "response_type": "code",
        "client_id": "ours",
        "redirect_uri": HERE,
        "scope": "openid profile email offline_access",
        "audience": "s200ukipd/sage200",
        "state": "the-state",
        "code_challenge": challenge("the-verifier"),
        "code_challenge_method": "S256",
    }
    assert "the-verifier" not in url


def test_an_authorize_address_with_a_query_of_its_own():
    """What the address has already is kept."""
    own = msgspec.structs.replace(
        OURS, authorization_url="https://id.example/a?tenant=7"
    )
    given = asked(create_authorization_url(own, AuthorizationRequest.begin(HERE)))
    assert (given["tenant"], given["response_type"]) == ("7", "code")


def test_each_sign_in_is_another():
    """State and verifier are new each time, and long enough for RFC 7636."""
    many = [AuthorizationRequest.begin(HERE) for _ in range(50)]
    drawn = {text for each in many for text in (each.state, each.code_verifier)}
    assert len(drawn) == 100
    assert all(43 <= len(text) <= 128 for text in drawn)


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/callback",
        "http://127.0.0.1.example/callback",
        "myapp://callback",
        "callback",
        "",
        "https://",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "https://app.example/callback#here",
    ],
)
def test_redirects_that_are_refused(uri):
    """A redirect in the clear, to another machine, or with a fragment is refused."""
    with pytest.raises(SettingsError, match="redirect_uri") as caught:
        AuthorizationRequest.begin(uri)
    assert caught.value.name == "redirect_uri"


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "[::1]:8400", "localhost"])
def test_redirects_to_this_machine(host):
    """A redirect to this machine may be in the clear."""
    assert (
        AuthorizationRequest.begin(f"http://{host}/x").redirect_uri
        == f"http://{host}/x"
    )


def test_a_sign_in_shows_nothing_and_can_be_kept():
    """Neither repr shows state or verifier; pickle and JSON bring them back."""
    sign_in = AuthorizationRequest(HERE, "hush-state", "hush-verifier")
    assert "hush" not in repr(sign_in) + pretty_repr(sign_in)
    assert HERE in repr(sign_in)
    assert pickle.loads(pickle.dumps(sign_in)) == sign_in
    kept = msgspec.json.encode(sign_in)
    assert msgspec.json.decode(kept, type=AuthorizationRequest) == sign_in


def test_a_client_id_is_needed():
    """Without a client id there is no address to go to."""
    with pytest.raises(SettingsError, match="client_id") as caught:
        create_authorization_url(Settings(), AuthorizationRequest.begin(HERE))
    assert caught.value.name == "client_id"


def test_the_code_is_read():
    """The right state brings the code, whatever else is in the address."""
    assert read_redirect(f"{HERE}?code=a%2Bb&state=s&x=", "s") == "a+b"
    assert read_redirect(f"{HERE}?tag=1&tag=2&code=c&state=s", "s") == "c"
    assert read_redirect(f"  {HERE}?state=s&code=c#_=_\r\n", "s") == "c"


@pytest.mark.parametrize(
    ("query", "reason", "words"),
    [
        ("code=hush&state=other", "state", "got another"),
        ("code=hush&state=", "state", "got none"),
        ("code=hush", "state", "got none"),
        ("", "state", "got none"),
        ("code=hush&state=s&state=other", "state", "got another"),
        ("code=hush&code=x&state=s", "state", "begin again"),
        ("code=hush&state=%ED%A0%80", "state", "got another"),
        ("error=access_denied&state=other", "state", "got another"),
        ("error=access_denied&state=s", "access_denied", r"\(access_denied\)"),
        (
            "error=access_denied&error_description=No%0A%1B[2Jthanks&state=s",
            "access_denied",
            r"\(access_denied: No \[2Jthanks\)",
        ),
        ("error=denied&code=hush&state=s", "denied", r"\(denied\)"),
        ("state=s", "code", "with a code"),
        ("code=&state=s", "code", "with a code"),
    ],
)
def test_a_redirect_that_brings_no_code(query, reason, words):
    """What went wrong is a word and one line, and no code is in it."""
    with pytest.raises(SignInFailed, match=words) as caught:
        read_redirect(f"{HERE}?{query}", "s")
    assert caught.value.reason == reason
    assert str(caught.value).isprintable()
    assert "hush" not in repr(caught.value)


def test_an_address_that_is_none():
    """Something that is no address is a failed sign-in."""
    with pytest.raises(SignInFailed, match="got none"):
        read_redirect("http://[", "s")


@pytest.mark.parametrize("secret", ["", "hush-secret"])
def test_the_code_is_exchanged_with_its_verifier(secret):
    """The form has code, redirect and verifier; a secret only where there is one."""
    settings = msgspec.structs.replace(OURS, client_secret=secret)
    request = code_request(settings, "a+b", HERE, "the-verifier")
    form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
    assert form == {
        "grant_type": "authorization_code",
        "code": "a+b",
        "redirect_uri": HERE,
        "code_verifier": "the-verifier",
        "client_id": "ours",
    } | ({"client_secret": secret} if secret else {})
    assert (request.method, request.base_url) == ("POST", settings.token_url)
    assert not request.idempotent
    assert "a+b" not in repr(request)


def test_the_first_tokens():
    """Life is as the reply says; consent is now, and ends after the days set."""
    tokens = read_first_tokens(reply(BROUGHT), NOW, 30)
    assert tokens == Tokens(
        access_token="hush-a",
        refresh_token="hush-r",
        expires_at=NOW + 60,
        issued_at=NOW,
        authorized_at=NOW,
        refresh_token_expires_at=NOW + 30 * 86_400,
    )


def test_a_life_that_is_not_told():
    """Without expires_in an access token lives 480 minutes."""
    tokens = read_first_tokens(reply({"access_token": "a"}), NOW, 30)
    assert tokens.expires_at == NOW + 480 * 60


def test_no_refresh_token():
    """Without a refresh token the sign-in ends with the access token."""
    brought = {"access_token": "a", "expires_in": 60}
    tokens = read_first_tokens(reply(brought), NOW, 30)
    assert (tokens.refresh_token, tokens.refresh_token_expires_at) == ("", NOW + 60)


def test_a_refresh_leaves_the_sign_in_as_it_was():
    """A refresh moves neither consent nor the sign-in's end, and keeps no mark."""
    first = read_first_tokens(reply(BROUGHT), NOW, 30)
    marked = msgspec.structs.replace(first, refresh_started_at=NOW + 50)
    later = read_tokens(
        reply({"access_token": "b", "expires_in": 60}), marked, NOW + 55
    )
    assert later == msgspec.structs.replace(
        first, access_token="b", expires_at=NOW + 115, issued_at=NOW + 55
    )


def test_a_refused_code():
    """A refused code is told as such, and not as a refresh token."""
    said = {
        "error": "invalid_grant",
        "error_description": "Invalid\nauthorization code",
    }
    with pytest.raises(TokenRefused) as caught:
        read_first_tokens(reply(said, 403), NOW, 30)
    message = str(caught.value)
    assert "refused the code (invalid_grant: Invalid authorization code)" in message
    assert "sign in again" in message
    assert "refresh" not in message


@pytest.mark.parametrize(
    "response",
    [
        Response(502, {}, b"<html>hush"),
        Response(429, {}, b'{"error": "hush"}'),
        Response(200, {}, b'{"access_token": ""}'),
        Response(200, {}, b'{"refresh_token": "hush"}'),
        Response(200, {}, b'{"access_token": "hush'),
    ],
)
def test_a_reply_without_tokens(response):
    """What is neither tokens nor a refusal is worth another try, and is not shown."""
    with pytest.raises(TokenUnavailable) as caught:
        read_first_tokens(response, NOW, 30)
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None
