"""Tokens in a keyring: a real backend, in memory, with Windows' limit."""

import asyncio

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordDeleteError

from sage200_async.auth.stores import Tokens
from sage200_async.auth.stores.keyring import KeyringStore
from sage200_async.errors import TokenStoreError

SMALL = Tokens("hush-access", "hush-refresh", 2.0, 1.0, 3.0, 4.0, 5.0)
LARGE = Tokens("hush" * 700, "hush-réfresh-💷" * 60, 2.0)
LARGER = Tokens("hush" * 2_000, "hush-refresh", 2.0)


class WindowsError(Exception):
    """Not one of keyring's own, as `pywintypes.error` is not."""


class Memory(KeyringBackend):
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


@pytest.fixture
def memory(monkeypatch, tmp_path):
    """Put a keyring in memory in the place of the system's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before, made = keyring.get_keyring(), Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.mark.parametrize("tokens", [SMALL, LARGE, LARGER, Tokens()])
def test_a_round_trip(memory, tokens):
    """Tokens of any length come back, and leave nothing behind when cleared."""

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
    """Each save leaves the entries of its own tokens alone, and no others."""

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
def test_cut_off_at_any_write(memory, writes):
    """Wherever a save is cut off, the old tokens are there, or the new, whole."""

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
    """A reader whose parts are replaced under it gives the new tokens."""
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
    """A set of tokens that lacks a part is an error, not half a token."""
    asyncio.run(KeyringStore("mine").save(LARGE))
    part = next(entry for entry in memory.entries if entry[0].endswith(":1"))
    del memory.entries[part]
    with pytest.raises(TokenStoreError, match="expected all its parts, got some"):
        asyncio.run(KeyringStore("mine").load())


@pytest.mark.parametrize("content", ["", "hush", "parts", "parts x y", '{"a'])
def test_an_entry_that_is_something_else(memory, content):
    """An entry that holds no tokens is named, and not shown."""
    memory.entries["sage200-async:mine", "tokens"] = content
    with pytest.raises(TokenStoreError, match="expected tokens as JSON") as caught:
        asyncio.run(KeyringStore("mine").load())
    assert "keyring entry sage200-async:mine" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_no_keyring(memory):
    """A machine without a keyring is an error that names another store."""
    keyring.set_keyring(fail.Keyring())
    for act in ("load", "clear"):
        with pytest.raises(TokenStoreError, match=r"NoKeyringError.* use file://"):
            asyncio.run(getattr(KeyringStore("mine"), act)())
    with pytest.raises(TokenStoreError, match="cannot be written"):
        asyncio.run(KeyringStore("mine").save(SMALL))


def test_the_lock(memory, tmp_path):
    """Stores of one name keep each other out, by a file in the user's state folder."""

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
