"""Token stores by URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import SplitResult, parse_qs, urlsplit
from urllib.request import url2pathname

from sage200_async.auth.stores.base import MemoryStore, TokenStore
from sage200_async.errors import SettingsError
from sage200_async.errors.base import bare

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEYRING_ENDS: Final = {("", "", ""), ("", "plaintext=allow", "")}


def store_at(location: TokenStore | str) -> TokenStore:
    """Return the store with this URL; a store is returned as it is.

    ``memory://``; ``file:///path/tokens.json``, or ``file:///C:/path/tokens.json``
    on Windows; ``keyring://name``, with ``?plaintext=allow`` for a keyring that does
    not encrypt; ``redis://host/0`` or ``rediss://host/0``, with ``?name=`` for
    several sets of tokens on one server.

    Nothing is read, written or connected to yet.

    Raises:
        SettingsError: The URL is malformed. A password in it is not shown.
        MissingExtra: The store needs a package that is not installed.

    Example:
        >>> store_at("file:///var/lib/sage/tokens.json")
        FileStore('...tokens.json')
    """
    if not isinstance(location, str):
        return location
    try:
        return _store_at(location)
    except SettingsError as error:
        failure = bare(error)
    del location  # it may hold a password, and tracebacks may show variables
    raise failure


def _store_at(location: str) -> TokenStore:
    try:
        parts = urlsplit(location)
        create = _SCHEMES[parts.scheme]
    except (KeyError, ValueError):
        _refuse("memory://, file://, keyring:// or redis://", location)
    return create(location, parts)


def _memory(url: str, parts: SplitResult) -> TokenStore:
    if any(parts[1:]):
        _refuse("memory://", url)
    return MemoryStore()


def _file(url: str, parts: SplitResult) -> TokenStore:
    is_file = parts.path.startswith("/") and not parts.path.endswith("/")
    if parts.netloc not in {"", "localhost"} or parts[3:] != ("", "") or not is_file:
        _refuse("file:///path/tokens.json", url)
    from sage200_async.auth.stores.file import FileStore  # noqa: PLC0415 - a late import

    return FileStore(url2pathname(parts.path))


def _keyring(url: str, parts: SplitResult) -> TokenStore:
    rest = (parts.path, parts.query, parts.fragment)
    if not _NAME.fullmatch(parts.netloc) or rest not in _KEYRING_ENDS:
        expected = "keyring://name, of letters, digits and '-_.'"
        _refuse(f"{expected}, without options but ?plaintext=allow", url)
    from sage200_async.auth.stores.keyring import (  # noqa: PLC0415 - a late import
        KeyringStore,
    )

    return KeyringStore(parts.netloc, allow_plaintext=bool(parts.query))


def _redis(url: str, parts: SplitResult) -> TokenStore:
    name = _redis_name(url, parts)
    database = parts.path.removeprefix("/")
    if not _has_host(parts) or not (database == "" or database.isdecimal()):
        _refuse("redis://[user:password@]host[:port]/0", url)
    from sage200_async.auth.stores.redis import RedisStore  # noqa: PLC0415 - a late import

    return RedisStore(parts._replace(query="").geturl(), name=name)


def _redis_name(url: str, parts: SplitResult) -> str:
    options = parse_qs(parts.query, keep_blank_values=True)
    names = options.pop("name", ["tokens"])
    if options or parts.fragment or len(names) != 1 or not _NAME.fullmatch(names[0]):
        expected = "no option but ?name=, of letters, digits and '-_.'"
        _refuse(expected, url)
    return names[0]


def _has_host(parts: SplitResult) -> bool:
    try:
        return parts.port != 0 and bool(parts.hostname)
    except ValueError:  # the port is not a number
        return False


def _refuse(expected: str, url: str) -> NoReturn:
    message = f"token_store: expected {expected}, got {_shown(url)!r}"
    raise SettingsError(message, name="token_store") from None


def _shown(url: str) -> str:
    """Return the URL, or only its scheme if a password may follow."""
    scheme, _, rest = url.partition(":")
    if scheme in {"memory", "file", "keyring"} and "@" not in url:
        return url
    is_scheme = scheme in _SCHEMES or (scheme.isalnum() and rest.startswith("//"))
    return f"{scheme}:..." if is_scheme else "another URL"


_SCHEMES: Final[dict[str, Callable[[str, SplitResult], TokenStore]]] = {
    "memory": _memory,
    "file": _file,
    "keyring": _keyring,
    "redis": _redis,
    "rediss": _redis,
}
