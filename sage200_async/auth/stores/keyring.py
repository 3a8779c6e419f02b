"""Tokens in the operating system's keyring, for a person's own computer."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from sage200_async import _keyring
from sage200_async._optional import require
from sage200_async.auth.stores.base import decode
from sage200_async.auth.stores.locks import LOCK_WAIT, file_lock
from sage200_async.errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sage200_async.auth.stores.base import Tokens

R = TypeVar("R")

ENTRY_CHARS: Final = 1_200
"""Characters in one entry at most.

Windows stores up to 2,560 bytes of UTF-16, which is 1,280 characters.

Source: learn.microsoft.com, ``CREDENTIALW``, ``CRED_MAX_CREDENTIAL_BLOB_SIZE``.
"""
_USER: Final = "tokens"
_PARTS: Final = "parts"
_READ_ATTEMPTS: Final = 5
# If the parts are replaced during a read, the new ones are read.


class KeyringStore:
    """Keeps tokens in the keyring: Windows', macOS's or the desktop's.

    Tokens too long for one entry are split. The parts get new names and the
    head, which lists them, is written last: a kill leaves the old tokens or the
    new, at worst with unused parts.

    The lock is a file in the user's state folder, since keyrings have none.

    Where there is no desktop, ``keyring`` may be set up with a backend that writes
    plain text, or nothing at all. Such a one is refused when it is first used.

    Args:
        name: The name of this set of tokens: letters, digits, ``-_.``.
        wait: Seconds to wait for the lock at most.
        allow_plaintext: Whether the tokens may be stored in plain text.

    Raises:
        MissingExtra: ``keyring`` is not installed.
    """

    def __init__(
        self, name: str, *, wait: float = LOCK_WAIT, allow_plaintext: bool = False
    ) -> None:
        packages = ("keyring", "filelock", "platformdirs")
        require("a token store in the keyring", "keyring", *packages)
        self._name = name
        self._head = _keyring.service_of(name)
        self._wait = wait
        self._allow_plaintext = allow_plaintext

    def __repr__(self) -> str:
        return f"KeyringStore({self._name!r})"

    async def load(self) -> Tokens | None:
        """Return the tokens, or None if there are none.

        Raises:
            TokenStoreError: The keyring failed, or the entry holds something else.
        """
        return decode(await self._run("read", self._read), self._label)

    async def save(self, tokens: Tokens) -> None:
        """Store *tokens*, then remove the parts of the old ones.

        Raises:
            TokenStoreError: The keyring failed; it has the old tokens.
        """
        await self._run("written", lambda: self._write(_text_of(tokens)))

    async def clear(self) -> None:
        """Delete the tokens.

        Raises:
            TokenStoreError: The keyring failed.
        """
        await self._run("removed", self._remove)

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the lock between the processes and tasks of this user.

        Raises:
            TokenStoreError: The lock was not free in time.
        """
        folder = await self._run("locked", _state_folder)
        async with file_lock(folder / f"{self._name}.lock", self._wait):
            yield

    @property
    def _label(self) -> str:
        return f"keyring entry {self._head}"

    async def _run(self, action: str, work: Callable[[], R]) -> R:
        """Run *work* in a thread: a keyring may ask the user first."""

        def checked() -> R:
            self._require_safe_backend()
            return work()

        try:
            return await asyncio.to_thread(checked)
        except TokenStoreError:
            raise
        except Exception as error:  # noqa: BLE001 - backends raise errors of their own
            name = type(error).__name__
        raise TokenStoreError(
            f"{self._label}: the tokens cannot be {action}: the keyring failed with "
            f"{name}. Without a keyring, use file:///path/tokens.json."
        )

    def _require_safe_backend(self) -> None:
        """Refuse a backend that does not keep the tokens, or not secret."""
        if _keyring.keeps_nothing():
            raise TokenStoreError(
                f"{self._label}: the keyring is switched off (keyring.backends.null) and "
                "keeps nothing. Use file:///path/tokens.json."
            )
        if not self._allow_plaintext and _keyring.is_plaintext():
            raise TokenStoreError(
                f"{self._label}: this keyring keeps plain text, which other programs can "
                f"read. Use another backend, or set keyring://{self._name}?plaintext=allow "
                "to permit it."
            )

    def _read(self) -> str | None:
        for _ in range(_READ_ATTEMPTS):
            head = _keyring.get(self._head, _USER)
            if head is None or not head.startswith(_PARTS):
                return head
            text = self._joined(head)
            if text is not None:
                return text
        message = (
            f"{self._label}: expected all parts, some are missing. "
            "Sign in again with `sage200 login`."
        )
        raise TokenStoreError(message)

    def _joined(self, head: str) -> str | None:
        """Return the parts that *head* lists as one text, or None if some are missing."""
        parts = [_keyring.get(entry, _USER) for entry in self._parts(head)]
        present = [part for part in parts if part is not None]
        return "".join(present) if len(present) == len(parts) else None

    def _write(self, text: str) -> None:
        old = _keyring.get(self._head, _USER)
        head = text if len(text) <= ENTRY_CHARS else self._write_parts(text)
        _keyring.set(self._head, _USER, head)
        self._remove_parts(old)

    def _write_parts(self, text: str) -> str:
        """Write the parts; return the head that lists them."""
        count = -(-len(text) // ENTRY_CHARS)
        head = f"{_PARTS} {secrets.token_hex(8)} {count}"
        for number, entry in enumerate(self._parts(head)):
            _keyring.set(
                entry, _USER, text[number * ENTRY_CHARS : (number + 1) * ENTRY_CHARS]
            )
        return head

    def _remove(self) -> None:
        old = _keyring.get(self._head, _USER)
        if old is not None:
            _keyring.delete(self._head, _USER)
            self._remove_parts(old)

    def _remove_parts(self, head: str | None) -> None:
        for entry in self._parts(head or ""):
            _keyring.delete(entry, _USER)

    def _parts(self, head: str) -> list[str]:
        """Return the names of the entries that *head* lists."""
        word, _, rest = head.partition(" ")
        name, _, count = rest.partition(" ")
        if word != _PARTS or not count.isdecimal():
            return []
        return [f"{self._head}:{name}:{number}" for number in range(int(count))]


def _text_of(tokens: Tokens) -> str:
    """Return *tokens* as JSON in ASCII."""
    return json.dumps(msgspec.to_builtins(tokens), separators=(",", ":"))


def _state_folder() -> Path:
    from platformdirs import user_state_dir  # noqa: PLC0415 - an extra

    folder = Path(user_state_dir("sage200-async", appauthor=False))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
