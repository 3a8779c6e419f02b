"""Settings: defaults, values that are refused, and what the repr shows."""

import pickle
from pathlib import Path

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
    """Each edition has its base URL; a base URL that is set takes precedence."""
    assert Settings(edition=edition).base_url == url
    own = Settings(edition=edition, base_url="https://lan:8080/v1/")
    assert own.base_url == "https://lan:8080/v1/"


def test_sign_in():
    """Sign-ins and tokens go to Sage ID, over TLS."""
    assert Settings().authorization_url == "https://id.sage.com/authorize"
    assert Settings().token_url == "https://id.sage.com/oauth/token"


def test_company_context():
    """Queries get the site and the company, and no credentials."""
    settings = Settings(
        base_url="https://lan/", site="guid", company=7, max_query_bytes=9
    )
    assert settings.context == CompanyContext("https://lan/", "guid", "7", 9)


def test_company_is_a_number_or_text():
    """A company may be given as its number or as text."""
    assert Settings(company=7) == Settings(company="7")
    assert Settings().company == ""


def test_from_env():
    """Each setting is read from the environment and converted to its type."""
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
    """Each setting can be set by an environment variable."""
    texts = {"page_size": "1", "edition": "standard", "proxy": "direct"}
    text = (texts | {"check_inputs": "off"}).get(name, "3")
    if name.endswith("url"):
        text = "http://localhost/"
    if getattr(Settings(), name) is False:
        text = "true"
    settings = Settings.from_env({f"SAGE200_{name.upper()}": text})
    assert str(getattr(settings, name)).lower() in {text, f"{text}.0"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PAGE_SIZE", "many"),
        ("PAGE_SIZE", "1.5"),
        ("PAGE_SIZE", " "),
        ("MAX_CONNECTIONS", "0"),
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


@pytest.mark.parametrize(
    ("misspelling", "setting"),
    [
        ("COMPNAY", "COMPANY"),
        ("COMPANY_ID", "COMPANY"),
        ("SITES", "SITE"),
        ("CLIENTID", "CLIENT_ID"),
        ("CLIENT", "CLIENT_ID"),
        ("CLIENT_SECRETS", "CLIENT_SECRET"),
        ("REFRESHTOKEN", "REFRESH_TOKEN"),
        ("TOKENSTORE", "TOKEN_STORE"),
        ("PAGESIZE", "PAGE_SIZE"),
        ("BASEURL", "BASE_URL"),
        ("SITE_GUID", "SITE"),
        ("SITE_NAME", "SITE"),
        ("COMPANY_NUMBER", "COMPANY"),
        ("COMPANY_NAME", "COMPANY"),
        ("COMPANIES", "COMPANY"),
        ("PROFILE_NAME", "PROFILE"),
        ("EDITION_OF_API", "EDITION"),
        ("API_URL", "BASE_URL"),
        ("URL", "BASE_URL"),
        ("SECRET", "CLIENT_SECRET"),
        ("TOKEN", "ACCESS_TOKEN"),
        ("TOKEN_FILE", "ACCESS_TOKEN"),
        ("CLIENT_SECRET_FILE", "CLIENT_SECRET"),
    ],
)
def test_misspelled_variables(misspelling, setting):
    """A misspelled variable is refused, with the nearest setting and no value."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({f"SAGE200_{misspelling}": "hush", "SAGE200_SITE": "guid"})
    assert str(caught.value) == (
        f"SAGE200_{misspelling} is not a setting. Did you mean SAGE200_{setting}?"
    )
    assert caught.value.name == misspelling.lower()


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_443_TCP",
        "PORT_443_TCP_PROTO",
        "PORT_443_TCP_PORT",
        "PORT_443_TCP_ADDR",
        "CLIENT_SERVICE_HOST",
        "SITE_SERVICE_PORT_HTTP",
        "COMPANY_PORT",
        "TOKEN_PORT_443_TCP",
        "PROFILE",
        "OIDC",
        "",
    ],
)
def test_variables_that_are_no_settings(name):
    """A variable that is near no setting is ignored, as those of Kubernetes are."""
    assert Settings.from_env({f"SAGE200_{name}": "tcp://10.0.0.1:443"}) == Settings()


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_empty_variables(name):
    """An empty variable counts as unset, also a misspelled one."""
    empty = {f"SAGE200_{name.upper()}": "", "SAGE200_COMPNAY": ""}
    assert Settings.from_env(empty) == Settings()


NUMBERS = [
    name
    for name in Settings.__struct_fields__
    if type(getattr(Settings(), name)) in {int, float}
]
TEXTS = [
    name
    for name in Settings.__struct_fields__
    if isinstance(getattr(Settings(), name), str)
    and name not in {"company", "token_store"}
]


@pytest.mark.parametrize("value", ["5", None, True, b"5", [5]])
@pytest.mark.parametrize("name", [*NUMBERS, "total_timeout"])
def test_a_number_of_another_type(name, value):
    """A number given as something else is a SettingsError that names the setting."""
    if name == "total_timeout" and value is None:
        return
    with pytest.raises(SettingsError, match=f"{name}: expected a .*number") as caught:
        Settings(**{name: value})
    assert str(caught.value).endswith(f", got {value!r}")
    assert caught.value.name == name


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_switch_is_a_bool(value):
    """A setting that is on or off takes True or False, and nothing else."""
    with pytest.raises(SettingsError, match="trust_short_pages: expected true or"):
        Settings(trust_short_pages=value)


@pytest.mark.parametrize("name", ["page_size", "max_attempts"])
def test_a_count_is_whole(name):
    """A setting that counts something takes no fraction."""
    with pytest.raises(SettingsError, match=r"expected a whole number, got 1\.5"):
        Settings(**{name: 1.5})


@pytest.mark.parametrize("value", [5, None, b"hush", ["hush"], True])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_another_type(name, value):
    """Text given as something else is refused, and no secret is shown."""
    with pytest.raises(SettingsError, match=f"{name}: expected ") as caught:
        Settings(**{name: value})
    assert caught.value.name == name
    secret = name.endswith(("token", "secret", "key"))
    assert not (secret and "hush" in str(caught.value))


@pytest.mark.parametrize("value", [None, 7.5, True, b"7"])
def test_a_company_of_another_type(value):
    """A company is text or a whole number, nothing else."""
    with pytest.raises(SettingsError, match="company: expected text or a whole number"):
        Settings(company=value)


@pytest.mark.parametrize(
    "value", [5, None, Path("tokens.json"), MemoryStore, object(), ["memory://"]]
)
def test_a_token_store_of_another_type(value):
    """Anything but a store or text is refused, with the URLs that are possible."""
    with pytest.raises(SettingsError) as caught:
        Settings(token_store=value)
    assert str(caught.value) == (
        "token_store: expected a TokenStore or its URL (memory://, "
        "file:///path/tokens.json, keyring://name or redis://host/0), "
        f"got {value!r}"
    )
    assert caught.value.name == "token_store"


def test_a_store_of_ones_own():
    """An object with a store's four methods is a token store."""

    class Wrapped:
        def __getattr__(self, name):
            return getattr(MemoryStore(), name)

    store = Wrapped()
    assert Settings(token_store=store).token_store is store


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
        ("base_url", "http://lan:8080/v1/"),
        ("allow_insecure_http", 1),
        ("allow_insecure_http", "yes"),
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
    """A wrong value is refused before any I/O, with the setting's name."""
    with pytest.raises(SettingsError, match=name) as caught:
        Settings(**{name: value})
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_credentials_in_the_clear_on_this_machine(host):
    """Credentials may be sent over plain HTTP to this machine itself."""
    url = f"http://{host}:8200/oauth/token"
    assert Settings(token_url=url, authorization_url=url).token_url == url


@pytest.mark.parametrize("name", ["base_url", "token_url", "authorization_url"])
def test_credentials_in_the_clear_are_allowed_by_name_only(name):
    """Plain HTTP to another machine needs a setting that is named in the refusal."""
    url = "http://lan:8080/"
    with pytest.raises(
        SettingsError, match="allow_insecure_http=True permits"
    ) as caught:
        Settings(**{name: url})
    assert caught.value.name == name
    assert getattr(Settings(**{name: url}, allow_insecure_http=True), name) == url
    environ = {f"SAGE200_{name.upper()}": url, "SAGE200_ALLOW_INSECURE_HTTP": "1"}
    assert getattr(Settings.from_env(environ), name) == url


PASSWORDS = [
    "https://user:hush@host/",
    "https:user:hush@host",
    "https:/user:hush@host/",
    "https:///user:hush@host/",
    "//user:hush@host/",
    "user:hush@host",
    "ftp://user:hush@host/",
    "http://user:hush@host:port/",
    "https://user:hush@[host/",
    "https://user@hush@host/",
    "https://host\\user:hush@host/",
    "https:\\\\user:hush@host/",
]


@pytest.mark.parametrize("url", PASSWORDS)
@pytest.mark.parametrize("name", ["base_url", "token_url", "authorization_url"])
def test_a_password_in_a_url_is_refused_and_not_shown(name, url):
    """A URL with a password is refused where it enters, and never repeated."""
    for value in (url, url.encode(), [url]):
        with pytest.raises(SettingsError, match=name) as caught:
            Settings(**{name: value})
        assert "hush" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    "url", [*PASSWORDS, "redis:user:hush", "redis://h?password=hush"]
)
def test_a_password_in_a_token_store_is_not_shown(url):
    """However the URL of a store is misspelt, no password in it is printed."""
    settings = Settings(token_store=url, refresh_token="t", client_id="c")
    assert "hush" not in f"{settings!r} {settings}"
    with pytest.raises(SettingsError, match="token_store") as caught:
        store_at(url)
    assert "hush" not in f"{caught.value} {caught.value!r}"


def test_limits_are_inclusive():
    """The limits themselves are allowed."""
    assert Settings(page_size=1).page_size == 1
    assert Settings(page_size=5000).page_size == 5000


def test_repr():
    """The repr shows values that are not defaults, and only the names of secrets."""
    settings = Settings(
        access_token="hush", client_id="client", company=7, page_size=100
    )
    assert repr(settings) == (
        "Settings(edition='professional', client_id='client', company='7', "
        "page_size=100, access_token=...)"
    )
    assert repr(Settings()) == "Settings(edition='professional')"
    assert repr(Settings(base_url="https://lan/")) == (
        "Settings(edition='professional', base_url='https://lan/')"
    )


SECRETS = ["access_token", "refresh_token", "client_secret", "subscription_key"]
letters = st.text("abcdefghij", min_size=12, max_size=12)


@given(st.fixed_dictionaries(dict.fromkeys(SECRETS, letters)))
def test_repr_shows_no_secret(secrets):
    """The repr shows no secret."""
    shown = f"{Settings(**secrets)!r} {Settings(**secrets)}"
    assert not [secret for secret in secrets.values() if secret in shown]
    assert all(f"{name}=..." in shown for name in secrets)


def test_settings_are_a_value():
    """Settings cannot be changed, and can be pickled."""
    settings = Settings(site="guid", company=7, refresh_token="hush")
    with pytest.raises(AttributeError):
        settings.site = "another"
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_stores():
    """A store is returned as it is, `memory://` is a new one, other URLs are refused."""
    store = MemoryStore()
    assert store_at(store) is store
    assert store_at("memory://") is not store_at("memory://")
    with pytest.raises(SettingsError, match="token_store") as caught:
        store_at("nowhere://")
    assert caught.value.name == "token_store"


def test_a_password_in_the_url_of_a_store_is_not_shown():
    """The repr leaves out the URL of a store if it holds a password."""
    shown = repr(Settings(token_store="redis://user:hush@host/0"))
    assert "hush" not in shown
    assert "token_store=..." in shown
