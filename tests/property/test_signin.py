"""Whatever is in a sign-in survives the address, and comes back."""

from urllib.parse import parse_qsl, quote, urlsplit

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from sage200_async import AuthorizationRequest, Settings, create_authorization_url
from sage200_async.auth.oauth import read_redirect

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
URIS = st.builds(
    lambda path, name, value: (
        f"https://app.example/{quote(path)}?{quote(name)}={quote(value)}"
    ),
    TEXTS,
    TEXTS,
    TEXTS,
)


@given(URIS, TEXTS, TEXTS, TEXTS)
def test_the_address_carries_any_text(uri, state, verifier, client):
    """Redirect URI, state and client id are read as they were written."""
    settings = Settings(client_id=client)
    url = create_authorization_url(settings, AuthorizationRequest(uri, state, verifier))
    names = ("redirect_uri", "state", "client_id")
    ours = (uri, state, client)
    read = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    assert tuple(read[name] for name in names) == ours
    by_another = URL(url, encoded=True).query
    assert tuple(by_another[name] for name in names) == ours
    assert url.isascii()


@given(URIS, TEXTS, TEXTS)
def test_any_code_comes_back(uri, state, code):
    """A code is read as the server sent it, whatever is in it and in the state."""
    back = URL(uri, encoded=True).update_query({"code": code, "state": state})
    assert read_redirect(str(back), state) == code
