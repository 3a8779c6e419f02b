"""OAuth requests and responses, without I/O."""

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
    code_challenge,
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

REDIRECT_URI = "https://app.example/callback"
SETTINGS = Settings(client_id="ours")
NOW = 1_700_000_000.0
TOKEN_RESPONSE = {"access_token": "hush-a", "refresh_token": "hush-r", "expires_in": 60}


def query_of(url):
    """Return the parameters of a URL; each name may come once."""
    pairs = parse_qsl(urlsplit(url).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_code_challenge_of_the_rfc():
    """S256 of RFC 7636's verifier is RFC 7636's challenge (appendix B)."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_authorization_url():
    """The URL has what Sage ID expects, and the verifier only as its hash."""
    sign_in = AuthorizationRequest(REDIRECT_URI, "the-state", "the-verifier")
    url = create_authorization_url(SETTINGS, sign_in)
    assert url.startswith("https://id.sage.com/authorize?")
    assert query_of(url) == {
        "response_type": "code",
        "client_id": "ours",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile email offline_access",
        "audience": "s200ukipd/sage200",
        "state": "the-state",
        "code_challenge": code_challenge("the-verifier"),
        "code_challenge_method": "S256",
    }
    assert "the-verifier" not in url


def test_an_authorization_url_with_its_own_query():
    """Parameters that the setting has already are kept."""
    settings = msgspec.structs.replace(
        SETTINGS, authorization_url="https://id.example/a?tenant=7"
    )
    request = AuthorizationRequest.begin(REDIRECT_URI)
    query = query_of(create_authorization_url(settings, request))
    assert (query["tenant"], query["response_type"]) == ("7", "code")


def test_each_sign_in_is_different():
    """State and verifier are new each time, and long enough for RFC 7636."""
    requests = [AuthorizationRequest.begin(REDIRECT_URI) for _ in range(50)]
    texts = {request.state for request in requests}
    texts |= {request.code_verifier for request in requests}
    assert len(texts) == 100
    assert all(43 <= len(text) <= 128 for text in texts)


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
    """A redirect without TLS to another machine, or with a fragment, is refused."""
    with pytest.raises(SettingsError, match="redirect_uri") as caught:
        AuthorizationRequest.begin(uri)
    assert caught.value.name == "redirect_uri"


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "[::1]:8400", "localhost"])
def test_redirects_to_this_machine(host):
    """A redirect to this machine may be plain http."""
    assert (
        AuthorizationRequest.begin(f"http://{host}/x").redirect_uri
        == f"http://{host}/x"
    )


def test_a_sign_in_as_a_value():
    """No repr shows state or verifier; pickle and JSON keep them."""
    sign_in = AuthorizationRequest(REDIRECT_URI, "hush-state", "hush-verifier")
    assert "hush" not in repr(sign_in) + pretty_repr(sign_in)
    assert REDIRECT_URI in repr(sign_in)
    assert pickle.loads(pickle.dumps(sign_in)) == sign_in
    data = msgspec.json.encode(sign_in)
    assert msgspec.json.decode(data, type=AuthorizationRequest) == sign_in


def test_a_client_id_is_needed():
    """Without a client id, the error names its variable and where it comes from."""
    with pytest.raises(SettingsError) as caught:
        create_authorization_url(Settings(), AuthorizationRequest.begin(REDIRECT_URI))
    assert str(caught.value) == (
        "No client_id is set. "
        "Run `sage200 init`, or set SAGE200_CLIENT_ID to the client id that Sage issued "
        "to you: developer.sage.com/200/guides/authenticating says how to ask for one."
    )
    assert caught.value.name == "client_id"


def test_the_code_is_read():
    """The code is read if the state is right, whatever else is in the URL."""
    assert read_redirect(f"{REDIRECT_URI}?code=a%2Bb&state=s&x=", "s") == "a+b"
    assert read_redirect(f"{REDIRECT_URI}?tag=1&tag=2&code=c&state=s", "s") == "c"
    assert read_redirect(f"  {REDIRECT_URI}?state=s&code=c#_=_\r\n", "s") == "c"


@pytest.mark.parametrize(
    ("query", "reason", "text"),
    [
        ("code=hush&state=other", "state", "got another"),
        ("code=hush&state=", "state", "got none"),
        ("code=hush", "state", "got none"),
        ("", "state", "got none"),
        ("code=hush&state=s&state=other", "state", "got none"),
        ("code=hush&code=x&state=s", "state", "start the sign-in again"),
        ("code=hush&state=%ED%A0%80", "state", "got another"),
        ("error=access_denied&state=other", "state", "got another"),
        ("error=access_denied&state=s", "access_denied", r"\(access_denied\)"),
        (
            "error=access_denied&error_description=No%0A%1B[2Jthanks&state=s",
            "access_denied",
            r"\(access_denied: No \ufffd\[2Jthanks\)",
        ),
        ("error=denied&code=hush&state=s", "denied", r"\(denied\)"),
        ("state=s", "code", "with a code"),
        ("code=&state=s", "code", "with a code"),
    ],
)
def test_a_redirect_without_a_code(query, reason, text):
    """The error has a reason and a message of one line, without the code."""
    with pytest.raises(SignInFailed, match=text) as caught:
        raise read_redirect(f"{REDIRECT_URI}?{query}", "s")
    assert caught.value.reason == reason
    assert str(caught.value).isprintable()
    assert "hush" not in repr(caught.value)


def test_an_invalid_redirect_url():
    """An invalid URL is a failed sign-in."""
    with pytest.raises(SignInFailed, match="got none"):
        raise read_redirect("http://[", "s")


@pytest.mark.parametrize("secret", ["", "hush-secret"])
def test_the_code_is_exchanged_with_its_verifier(secret):
    """The form has code, redirect URI and verifier; a secret only if there is one."""
    settings = msgspec.structs.replace(SETTINGS, client_secret=secret)
    request = code_request(settings, "a+b", REDIRECT_URI, "the-verifier")
    form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
    assert form == {
        "grant_type": "authorization_code",
        "code": "a+b",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": "the-verifier",
        "client_id": "ours",
    } | ({"client_secret": secret} if secret else {})
    assert (request.method, request.base_url) == ("POST", settings.token_url)
    assert not request.idempotent
    assert "a+b" not in repr(request)


def test_the_first_tokens():
    """The life is the response's; the sign-in starts now and lasts `sign_in_days`."""
    tokens = read_first_tokens(reply(TOKEN_RESPONSE), NOW, 30)
    assert tokens == Tokens(
        access_token="hush-a",
        refresh_token="hush-r",
        expires_at=NOW + 60,
        issued_at=NOW,
        authorized_at=NOW,
        refresh_token_expires_at=NOW + 30 * 86_400,
    )


def test_a_response_without_expires_in():
    """Without expires_in nobody knows when an access token expires."""
    tokens = read_first_tokens(reply({"access_token": "a"}), NOW, 30)
    assert tokens.expires_at is None


def test_no_refresh_token():
    """Without a refresh token the sign-in ends when the access token expires."""
    fields = {"access_token": "a", "expires_in": 60}
    tokens = read_first_tokens(reply(fields), NOW, 30)
    assert (tokens.refresh_token, tokens.refresh_token_expires_at) == ("", NOW + 60)


def test_a_refresh_does_not_extend_the_sign_in():
    """A refresh keeps the times of the sign-in, and clears `refresh_started_at`."""
    first = read_first_tokens(reply(TOKEN_RESPONSE), NOW, 30)
    started = msgspec.structs.replace(first, refresh_started_at=NOW + 50)
    later = read_tokens(
        reply({"access_token": "b", "expires_in": 60}), started, NOW + 55
    )
    assert later == msgspec.structs.replace(
        first, access_token="b", expires_at=NOW + 115, issued_at=NOW + 55
    )


def test_a_refused_code():
    """The error for a refused code speaks of the code, not of a refresh token."""
    error = {
        "error": "invalid_grant",
        "error_description": "Invalid\nauthorization code",
    }
    with pytest.raises(TokenRefused) as caught:
        read_first_tokens(reply(error, 403), NOW, 30)
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
def test_a_response_without_tokens(response):
    """A response without tokens or an OAuth error is retryable, and not shown."""
    with pytest.raises(TokenUnavailable) as caught:
        read_first_tokens(response, NOW, 30)
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None
