"""Settings: what they default to, what they refuse, and what they show."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.auth.stores import MemoryStore, store_at
from sage200_async.errors import SettingsError
from sage200_async.settings import CompanyContext, Settings

HOST = "https://api.columbus.sage.com/uk"


@pytest.mark.parametrize(
    ("edition", "url"),
    [
        ("professional", f"{HOST}/sage200extra/accounts/v1/"),
        ("standard", f"{HOST}/sage200/accounts/v1/"),
    ],
)
def test_editions(edition, url):
    """Each edition has its address, and an address of one's own goes before it."""
    assert Settings(edition=edition).base_url == url
    own = Settings(edition=edition, base_url="http://lan:8080/v1/")
    assert own.base_url == "http://lan:8080/v1/"


def test_sign_in():
    """People and tokens go to Sage ID, over TLS."""
    assert Settings().authorization_url == "https://id.sage.com/authorize"
    assert Settings().token_url == "https://id.sage.com/oauth/token"


def test_target():
    """A query takes along where it goes, and no credentials."""
    settings = Settings(
        base_url="http://lan/", site="guid", company=7, max_query_bytes=9
    )
    assert settings.context == CompanyContext("http://lan/", "guid", "7", 9)


def test_company_is_a_number_or_text():
    """A company may be given as its number or as text."""
    assert Settings(company=7) == Settings(company="7")
    assert Settings().company == ""


def test_from_env():
    """Each setting is read from the environment, in its own type."""
    settings = Settings.from_env(
        {
            "SAGE200_EDITION": "standard",
            "SAGE200_SITE": "guid",
            "SAGE200_COMPANY": "007",
            "SAGE200_CLIENT_ID": "client",
            "SAGE200_REFRESH_TOKEN": "1234",
            "SAGE200_PAGE_SIZE": "500",
            "SAGE200_READ_TIMEOUT": "2.5",
            "HOME": "/",
            "sage200_site": "another",
        }
    )
    assert settings == Settings(
        edition="standard",
        site="guid",
        company="007",
        client_id="client",
        refresh_token="1234",
        page_size=500,
        read_timeout=2.5,
    )


def test_from_the_process(monkeypatch):
    """Without an argument, the environment of the process is read."""
    assert Settings.from_env() == Settings()
    monkeypatch.setenv("SAGE200_SITE", "guid")
    assert Settings.from_env().site == "guid"


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_has_its_variable(name):
    """There is no setting that the environment cannot give."""
    given = {"page_size": "1", "edition": "standard"}.get(name, "3")
    if name.endswith("url"):
        given = "http://localhost/"
    settings = Settings.from_env({f"SAGE200_{name.upper()}": given})
    assert str(getattr(settings, name)) in {given, f"{given}.0"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PAGE_SIZE", "many"),
        ("PAGE_SIZE", "1.5"),
        ("PAGE_SIZE", ""),
        ("POOL_SIZE", "0"),
        ("READ_TIMEOUT", "soon"),
        ("EDITION", "pro"),
        ("BASE_URL", "lan"),
    ],
)
def test_malformed_variables(name, text):
    """A malformed variable is refused, and the error names it."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({f"SAGE200_{name}": text})
    assert caught.value.name == name.lower()
    assert name in str(caught.value).upper()


def test_unknown_variables():
    """A variable that names no setting is refused: it is a slip of the pen."""
    with pytest.raises(SettingsError, match="SAGE200_COMPNAY") as caught:
        Settings.from_env({"SAGE200_COMPNAY": "7"})
    assert caught.value.name == "compnay"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("edition", "pro"),
        ("page_size", 0),
        ("page_size", 5001),
        ("page_size", -1),
        ("max_query_bytes", 0),
        ("max_connections", 0),
        ("max_attempts", 0),
        ("connect_timeout", 0),
        ("read_timeout", -1.0),
        ("request_timeout", float("nan")),
        ("base_url", "api.example"),
        ("base_url", "ftp://api.example/"),
        ("base_url", "http://"),
        ("base_url", "http://[::1/"),
        ("base_url", "http://api.example:99999/"),
        ("base_url", "http://api.example:port/"),
        ("authorization_url", ""),
        ("token_url", ""),
        ("token_url", "http://id.example/oauth/token"),
        ("authorization_url", "http://id.example/authorize"),
        ("token_url", "http://localhost.example/"),
        ("token_url", "http://127.0.0.1.example/"),
        ("token_url", "http://127.0.0.1@id.example/"),
        ("site", "guid\r\nX-Company: 8"),
        ("company", "7\n"),
    ],
)
def test_refused(name, value):
    """What cannot be right is refused before any I/O, with the setting's name."""
    with pytest.raises(SettingsError, match=name) as caught:
        Settings(**{name: value})
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_credentials_in_the_clear_on_this_machine(host):
    """Credentials may go over plain HTTP to this machine itself."""
    url = f"http://{host}:8200/oauth/token"
    assert Settings(token_url=url, authorization_url=url).token_url == url


def test_limits_are_taken():
    """The limits themselves are allowed."""
    assert Settings(page_size=1).page_size == 1
    assert Settings(page_size=5000).page_size == 5000


def test_repr():
    """The repr shows what differs from the defaults, and of secrets that they are."""
    settings = Settings(
        access_token="hush", client_id="client", company=7, page_size=100
    )
    assert repr(settings) == (
        "Settings(edition='professional', client_id='client', company='7', "
        "page_size=100, access_token=...)"
    )
    assert repr(Settings()) == "Settings(edition='professional')"
    assert repr(Settings(base_url="http://lan/")) == (
        "Settings(edition='professional', base_url='http://lan/')"
    )


SECRETS = ["access_token", "refresh_token", "client_secret", "subscription_key"]
letters = st.text("abcdefghij", min_size=12, max_size=12)


@given(st.fixed_dictionaries(dict.fromkeys(SECRETS, letters)))
def test_repr_shows_no_secret(secrets):
    """Whatever the secrets are, the repr shows none."""
    shown = f"{Settings(**secrets)!r} {Settings(**secrets)}"
    assert not [secret for secret in secrets.values() if secret in shown]
    assert all(f"{name}=..." in shown for name in secrets)


def test_settings_are_a_value():
    """Settings cannot be changed, and travel to other processes."""
    settings = Settings(site="guid", company=7, refresh_token="hush")
    with pytest.raises(AttributeError):
        settings.site = "another"
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_stores():
    """A store is itself; memory is one of one's own; the rest is refused."""
    store = MemoryStore()
    assert store_at(store) is store
    assert store_at("memory://") is not store_at("memory://")
    with pytest.raises(SettingsError, match="token_store") as caught:
        store_at("nowhere://")
    assert caught.value.name == "token_store"


def test_a_password_in_the_url_of_a_store_is_not_shown():
    """The repr leaves out a store's URL that carries a password."""
    shown = repr(Settings(token_store="redis://user:hush@host/0"))
    assert "hush" not in shown
    assert "token_store=..." in shown
