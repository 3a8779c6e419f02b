"""From a store's URL to the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import SplitResult, parse_qs, urlsplit
from urllib.request import url2pathname

from sage200_async.auth.stores.base import MemoryStore, TokenStore
from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def store_at(place: TokenStore | str) -> TokenStore:
    """Give the store that *place* is, or that it is the URL of.

    ``memory://``; ``file:///path/tokens.json``, or ``file:///C:/path/tokens.json``
    on Windows; ``keyring://name``; ``redis://host/0`` or ``rediss://host/0``,
    where ``?name=`` tells several sets of tokens on one server apart.

    Nothing is read, written or connected to yet.

    Raises:
        SettingsError: It is no such URL. A password in it is not shown.
        MissingExtra: The store needs a package that is not installed.

    Example:
        >>> store_at("file:///var/lib/sage/tokens.json")
        FileStore('...tokens.json')
    """
    if not isinstance(place, str):
        return place
    try:
        parts = urlsplit(place)
        open_at = _KINDS[parts.scheme]
    except (KeyError, ValueError):
        _refuse("memory://, file://, keyring:// or redis://", place)
    return open_at(place, parts)


def _memory(place: str, parts: SplitResult) -> TokenStore:
    if any(parts[1:]):
        _refuse("memory://", place)
    return MemoryStore()


def _file(place: str, parts: SplitResult) -> TokenStore:
    named = parts.path.startswith("/") and not parts.path.endswith("/")
    if parts.netloc not in {"", "localhost"} or parts[3:] != ("", "") or not named:
        _refuse("file:///path/tokens.json", place)
    from sage200_async.auth.stores.file import FileStore  # noqa: PLC0415 - a late import

    return FileStore(url2pathname(parts.path))


def _keyring(place: str, parts: SplitResult) -> TokenStore:
    if not _NAME.fullmatch(parts.netloc) or any(parts[2:]):
        _refuse("keyring://name, of letters, digits and '-_.'", place)
    from sage200_async.auth.stores.keyring import (  # noqa: PLC0415 - a late import
        KeyringStore,
    )

    return KeyringStore(parts.netloc)


def _redis(place: str, parts: SplitResult) -> TokenStore:
    name = _redis_name(place, parts)
    database = parts.path.removeprefix("/")
    if not _has_host(parts) or not (database == "" or database.isdecimal()):
        _refuse("redis://[user:password@]host[:port]/0", place)
    from sage200_async.auth.stores.redis import RedisStore  # noqa: PLC0415 - a late import

    return RedisStore(parts._replace(query="").geturl(), name=name)


def _redis_name(place: str, parts: SplitResult) -> str:
    given = parse_qs(parts.query, keep_blank_values=True)
    names = given.pop("name", ["tokens"])
    if given or parts.fragment or len(names) != 1 or not _NAME.fullmatch(names[0]):
        expected = "no option but ?name=, of letters, digits and '-_.'"
        _refuse(expected, place)
    return names[0]


def _has_host(parts: SplitResult) -> bool:
    try:
        return parts.port != 0 and bool(parts.hostname)
    except ValueError:  # a port that is no number
        return False


def _refuse(expected: str, place: str) -> NoReturn:
    message = f"token_store: expected {expected}, got {_shown(place)!r}"
    raise SettingsError(message, name="token_store") from None


def _shown(place: str) -> str:
    """Show the scheme alone where what follows it may be a password."""
    scheme, colon, _ = place.partition(":")
    harmless = scheme in {"memory", "file", "keyring"} and "@" not in place
    return place if harmless or not colon else f"{scheme}:..."


_KINDS: Final[dict[str, Callable[[str, SplitResult], TokenStore]]] = {
    "memory": _memory,
    "file": _file,
    "keyring": _keyring,
    "redis": _redis,
    "rediss": _redis,
}
