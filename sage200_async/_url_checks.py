"""Which texts and URLs settings may have, and which of them can be shown."""

from __future__ import annotations

import re
from typing import Final, NoReturn
from urllib.parse import urlsplit

from sage200_async.errors import SettingsError

_UNFIT: Final = (
    (re.compile(r"([^/?#]*//)?[^/?#]*@"), "a user or a password"),
    (re.compile(r"[^#]*#"), "a fragment (#)"),
    (re.compile(r".*[\s\\\x00-\x1f\x7f-\x9f]", re.DOTALL), "blanks or backslashes"),
    (re.compile(r"[^?]*/(\.|%2e){1,2}([/?]|$)", re.IGNORECASE), "'.' or '..'"),
)
# What no URL of the settings contains: a part of the address would be lost or
# mean another one. Such a URL is not shown: it may contain a password.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine itself."""
_UNPRINTABLE: Final = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f?#]")
_STORE_METHODS: Final = ("load", "save", "clear", "lock")
_SCHEMES: Final = frozenset({"http", "https"})
_HARMLESS_STORES: Final = ("memory:", "file:", "keyring:")


def require_url(name: str, url: str, *, secure: bool, allow: str = "") -> None:
    """Check that *url* is an http(s) URL, and encrypted if it has to be.

    Args:
        name: The setting, for the message.
        url: The URL.
        secure: Whether it has to be https, or on this machine.
        allow: How http can be allowed, for the message; empty if it cannot.

    Raises:
        SettingsError: It is not.
    """
    for pattern, part in _UNFIT:
        if pattern.match(url):
            raise SettingsError(f"{name}: expected a URL without {part}", name=name)
    scheme, host = _scheme_and_host(url)
    if scheme not in _SCHEMES or not host:
        refuse(name, "an http(s) URL", url)
    if secure and scheme == "http" and host not in LOOPBACK:
        refuse(name, f"https, since credentials are sent there{allow}", url)


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        no_port = parts.port == 0
    except ValueError:  # an unmatched bracket, or a port that is not a number
        return "", None
    return parts.scheme, None if no_port else parts.hostname


def require_plain(name: str, text: str) -> None:
    """Refuse what no header can carry, without showing it."""
    if not text.isprintable():
        message = (
            f"{name}: expected text on one line, got a line break or another control "
            "character"
        )
        raise SettingsError(message, name=name)


def is_harmless(store: object) -> bool:
    """Whether a token store, or its URL, can be shown: it holds no password."""
    text = str(store)
    return "@" not in text and (
        not isinstance(store, str) or text.startswith(_HARMLESS_STORES)
    )


def shown(value: object) -> str:
    """Return *value* as text, or its type if it may be a URL with a password."""
    text = repr(value)
    return text if "@" not in text else type(value).__name__


def require_proxy(url: str) -> None:
    """Check the URL of a proxy, which is not shown: it may contain a password.

    Raises:
        SettingsError: It is none, nor ``direct``, nor empty.
    """
    if url in {"", "direct"}:
        return
    scheme, host = _scheme_and_host(url)
    rest = url.partition("//")[2].partition("/")[2]
    if scheme not in _SCHEMES or not host or rest or _UNPRINTABLE.search(url):
        raise SettingsError(
            "proxy: expected http://host:port, http://user:password@host:port with "
            "both percent-encoded, or 'direct' for none, in SAGE200_PROXY or, of the "
            "system, in HTTPS_PROXY",
            name="proxy",
        )


def require_token_store(value: object) -> None:
    """Check that *value* is a token store, or text; the text is checked when it is used.

    Raises:
        SettingsError: It is neither.
    """
    if isinstance(value, str):
        return  # its URL is checked by auth/stores/urls.py
    complete = all(callable(getattr(value, name, None)) for name in _STORE_METHODS)
    if not complete or isinstance(value, type):
        message = (
            "token_store: expected a TokenStore or its URL (memory://, "
            "file:///path/tokens.json, keyring://name or redis://host/0), "
            f"got {shown(value)}"
        )
        raise SettingsError(message, name="token_store")


def refuse(name: str, expected: str, got: object) -> NoReturn:
    """Raise the error for a setting; what was got is not shown if it may be secret.

    Raises:
        SettingsError: Always.
    """
    message = f"{name}: expected {expected}, got {shown(got)}"
    raise SettingsError(message, name=name)
