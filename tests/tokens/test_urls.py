"""Token stores by URL, before any I/O."""

import pickle
import socket
import sys
from urllib.request import pathname2url

import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import MemoryStore, store_at, urls
from sage200_async.auth.stores.file import FileStore
from sage200_async.auth.stores.keyring import KeyringStore
from sage200_async.auth.stores.redis import RedisStore
from sage200_async.errors import MissingExtra, SettingsError


def test_each_kind(tmp_path):
    """Each scheme has its store; a store is returned as it is."""
    path = tmp_path / "to kens.json"
    assert isinstance(store_at("memory://"), MemoryStore)
    for url in (path.as_uri(), "file:" + pathname2url(str(path))):
        store = store_at(url)
        assert isinstance(store, FileStore)
        assert store.path == path
    assert repr(store_at("keyring://sage-1")) == repr(KeyringStore("sage-1"))
    assert isinstance(store_at("rediss://user:pw@host:6390"), RedisStore)
    store = MemoryStore()
    assert store_at(store) is store


def test_the_name_in_redis():
    """``?name=`` is part of the key; the default name is ``tokens``."""
    assert "key sage200-async:tokens" in repr(store_at("redis://host/0"))
    assert "key sage200-async:shared" in repr(store_at("redis://host/0?name=shared"))


def test_a_windows_path(monkeypatch):
    """A drive in a file URL is left to the system's own function."""
    paths = []
    monkeypatch.setattr(urls, "url2pathname", lambda url: paths.append(url) or "x")
    store_at("file:///C:/Users/A%20B/tokens.json")
    assert paths == ["/C:/Users/A%20B/tokens.json"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tokens.json",
        "memory://x",
        "memory:///x?y",
        "file://",
        "file:///",
        "file://tokens.json",
        "file://server/share/tokens.json",
        "file:///folder/",
        "file:///tokens.json?x=1",
        "file:///tokens.json#x",
        "keyring://",
        "keyring://name#x",
        "keyring://name?x=1",
        "keyring://name?plaintext=yes",
        "keyring://a/b",
        "keyring://../../x",
        "keyring://user:hush@name",
        "redis://",
        "redis:///0",
        "redis://:hush@/0",
        "redis://user:hush@host/zero",
        "redis://user:hush@host:port/0",
        "redis://user:hush",
        "redis://user:hush/hush@host/0",
        "redis://host/0?password=hush",
        "redis://host/0?name=",
        "redis://host/0?name=a&name=b",
        "redis://host/0?name=a/hush",
        "redis://host/0#hush",
        "redis://[host:hush@/0",
        "postgres://user:hush@host/db",
    ],
)
def test_a_malformed_url(url, tmp_path, monkeypatch):
    """The error for a malformed URL names the expected form, and shows no password."""
    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.chdir(tmp_path)
    settings = Settings(client_id="c", refresh_token="t", token_store=url)
    with pytest.raises(SettingsError, match="token_store: expected ") as caught:
        Sage200Client(settings)
    assert caught.value.name == "token_store"
    assert "hush" not in str(caught.value) + repr(pickle.dumps(caught.value))
    assert caught.value.__cause__ is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("file:///tmp/tokens.json", "filelock", "file"),
        ("keyring://name", "keyring", "keyring"),
        ("keyring://name", "platformdirs", "keyring"),
        ("redis://host/0", "redis", "redis"),
    ],
)
def test_a_missing_extra(monkeypatch, url, package, extra):
    """Without a store's package, creating the client raises, and says what to install."""
    monkeypatch.setitem(sys.modules, package, None)
    settings = Settings(client_id="c", refresh_token="t", token_store=url)
    with pytest.raises(MissingExtra) as caught:
        Sage200Client(settings)
    message = str(caught.value)
    assert f"needs {package}, which is not installed" in message
    assert message.endswith(f"pip install 'sage200-async[{extra}]'")
    assert "\n" not in message
    assert caught.value.extra == extra


def test_importing_a_store_needs_no_extra():
    """Importing the package of the stores imports no optional package."""
    import subprocess

    code = (
        "import sys, sage200_async, sage200_async.auth.stores\n"
        "print(sorted({'filelock', 'keyring', 'redis'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_store_may_hold_tokens_already(tmp_path):
    """With a lasting store the settings need no tokens; with memory they do."""
    url = (tmp_path / "tokens.json").as_uri()
    Sage200Client(Settings(client_id="c", token_store=url))
    with pytest.raises(SettingsError, match="No credentials are set"):
        Sage200Client(Settings(client_id="c", token_store="memory://"))
