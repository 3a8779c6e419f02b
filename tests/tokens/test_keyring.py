"""Tokens in a keyring: a backend in memory, with the limit of Windows."""

import asyncio

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import PasswordDeleteError

from sage200_async.auth.stores import Tokens, store_at
from sage200_async.auth.stores.keyring import KeyringStore
from sage200_async.errors import TokenStoreError

SMALL = Tokens("hush-access", "hush-refresh", 2.0, 1.0, 3.0, 4.0, 5.0)
LARGE = Tokens("hush" * 700, "hush-réfresh-💷" * 60, 2.0)
LARGER = Tokens("hush" * 2_000, "hush-refresh", 2.0)


class WindowsError(Exception):
    """An error that is not one of keyring's, as `pywintypes.error`."""


class MemoryKeyring(KeyringBackend):
    """Entries in memory, each of 2,560 bytes of UTF-16 at most."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}
        self.writes_left = None
        self.before_reading = lambda entry: None

    def get_password(self, service, username):
        self.before_reading(service)
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        if self.writes_left == 0:
            raise WindowsError(1783, "CredWrite", "The stub received bad data")
        if len(password.encode("utf-16-le")) > 2_560:
            raise WindowsError(1783, "CredWrite", "The stub received bad data")
        if self.writes_left is not None:
            self.writes_left -= 1
        self.entries[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.entries:
            raise PasswordDeleteError("not found")
        del self.entries[service, username]


class PlaintextKeyring(MemoryKeyring):
    """A backend as keyrings.alt has one, which writes a readable file."""


class Chainer(MemoryKeyring):
    """A backend that hands entries on to others."""

    def __init__(self, *backends):
        super().__init__()
        self.backends = backends


@pytest.mark.parametrize(
    "backend", [PlaintextKeyring(), Chainer(MemoryKeyring(), PlaintextKeyring())]
)
@pytest.mark.usefixtures("memory")
def test_a_keyring_of_plain_text_is_refused_unless_allowed_by_name(backend):
    """Tokens go into no readable file, unless the URL says that they may."""
    keyring.set_keyring(backend)
    refused, allowed = map(store_at, ("keyring://s", "keyring://s?plaintext=allow"))
    for use in (refused.load, refused.clear, lambda: refused.save(SMALL)):
        with pytest.raises(TokenStoreError, match=r"keyring://s\?plaintext=allow"):
            asyncio.run(use())
    assert backend.entries == {}
    asyncio.run(allowed.save(SMALL))
    assert asyncio.run(allowed.load()) == SMALL


@pytest.mark.usefixtures("memory")
def test_a_keyring_that_keeps_nothing_is_refused():
    """A keyring that is switched off would lose the refresh token without a word."""
    keyring.set_keyring(null.Keyring())
    with pytest.raises(TokenStoreError, match="keeps nothing"):
        asyncio.run(store_at("keyring://s").save(SMALL))


@pytest.fixture
def memory(monkeypatch, tmp_path):
    """Replace the system's keyring with one in memory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    system, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(system)


@pytest.mark.parametrize("tokens", [SMALL, LARGE, LARGER, Tokens()])
def test_a_round_trip(memory, tokens):
    """Tokens of any length can be stored; `clear` leaves no entry."""

    async def main():
        store = KeyringStore("mine")
        assert await store.load() is None
        await store.save(tokens)
        assert await KeyringStore("mine").load() == tokens
        assert await KeyringStore("another").load() is None
        await store.clear()
        await store.clear()
        assert await store.load() is None

    asyncio.run(main())
    assert memory.entries == {}


def test_parts_of_old_tokens_are_removed(memory):
    """After a save, the entries of the previous tokens are gone."""

    async def main():
        store = KeyringStore("mine")
        counts = []
        for tokens in (SMALL, LARGER, LARGE, SMALL):
            await store.save(tokens)
            assert await store.load() == tokens
            counts.append(len(memory.entries))
        assert counts[0] == counts[3] == 1
        assert counts[1] > counts[2] > 3

    asyncio.run(main())


@pytest.mark.parametrize("writes", range(8))
def test_interrupted_at_any_write(memory, writes):
    """If a save fails at any write, the old tokens can still be read."""

    async def main():
        store = KeyringStore("mine")
        await store.save(LARGE)
        memory.writes_left = writes
        with pytest.raises(TokenStoreError, match="WindowsError") as caught:
            await store.save(LARGER)
        assert "hush" not in str(caught.value)
        assert caught.value.__context__ is None
        assert await store.load() == LARGE
        memory.writes_left = None
        await store.save(LARGER)
        assert await store.load() == LARGER

    asyncio.run(main())


def test_replaced_while_it_is_read(memory):
    """If the parts are replaced during a read, the new tokens are returned."""
    asyncio.run(KeyringStore("mine").save(LARGE))
    replaced = []

    def meanwhile(entry):
        if entry.endswith(":1") and not replaced:
            replaced.append(entry)
            KeyringStore("mine")._write('{"access_token": "newer"}')

    memory.before_reading = meanwhile
    assert asyncio.run(KeyringStore("mine").load()) == Tokens("newer")
    assert replaced


def test_a_part_is_gone(memory):
    """A missing part is an error."""
    asyncio.run(KeyringStore("mine").save(LARGE))
    part = next(entry for entry in memory.entries if entry[0].endswith(":1"))
    del memory.entries[part]
    with pytest.raises(TokenStoreError, match="expected all parts, some are missing"):
        asyncio.run(KeyringStore("mine").load())


@pytest.mark.parametrize("content", ["", "hush", "parts", "parts x y", '{"a'])
def test_an_entry_that_is_something_else(memory, content):
    """The error names an entry that holds no tokens, and does not show it."""
    memory.entries["sage200-async:mine", "tokens"] = content
    with pytest.raises(TokenStoreError, match="expected tokens as JSON") as caught:
        asyncio.run(KeyringStore("mine").load())
    assert "keyring entry sage200-async:mine" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_no_keyring(memory):
    """The error for a machine without a keyring names another store."""
    keyring.set_keyring(fail.Keyring())
    for action in ("load", "clear"):
        with pytest.raises(TokenStoreError, match=r"NoKeyringError.* use file://"):
            asyncio.run(getattr(KeyringStore("mine"), action)())
    with pytest.raises(TokenStoreError, match="cannot be written"):
        asyncio.run(KeyringStore("mine").save(SMALL))


def test_the_lock(memory, tmp_path):
    """Stores of the same name share a lock, a file in the user's state folder."""

    async def main():
        async with KeyringStore("mine").lock(), KeyringStore("another").lock():
            with pytest.raises(
                TokenStoreError, match=r"expected the lock within 0\.1 s"
            ):
                async with KeyringStore("mine", wait=0.1).lock():
                    raise AssertionError
        async with KeyringStore("mine", wait=0.0).lock():
            pass

    asyncio.run(main())
    assert repr(KeyringStore("mine")) == "KeyringStore('mine')"
