"""Passwords of databases: off the command line, where other users would see them."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlsplit

import click

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMES: Final = {"postgresql", "postgres"}
_LONGEST: Final = 10_000
# Bytes of a file with a password.


def has_password(url: str) -> bool:
    """Return whether the URL of a database has a password in it.

    Example:
        >>> has_password("postgresql://u:pw@h/d"), has_password("postgresql://u@h/d")
        (True, False)
    """
    try:
        parts = urlsplit(url)
        return bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError:  # no URL; what reads it says so
        return False


def require_postgres(url: str) -> None:
    """Refuse a file with a password where none is used.

    Raises:
        click.UsageError: The URL is not of PostgreSQL, or has a password.
    """
    if url.partition(":")[0] not in _SCHEMES:
        message = "--password-file must be left out: only PostgreSQL has a password"
        raise click.UsageError(message)
    if has_password(url):
        message = "--to has a password; leave it out there, or --password-file"
        raise click.UsageError(message)


def decoded(data: bytes) -> str:
    """Return the text of a file that a person made on any system.

    Raises:
        UnicodeDecodeError: It is neither UTF-8 nor UTF-16.
    """
    # PowerShell 5 writes UTF-16, Notepad a mark before UTF-8.
    is_wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return data.decode("utf-16" if is_wide else "utf-8-sig")


def with_password(url: str, file: Path | None) -> str:
    """Return the URL with the password that is the first line of *file*.

    Raises:
        click.UsageError: The file cannot be read, or has no password.
    """
    if file is None:
        return url
    try:
        with file.open("rb") as opened:
            text = decoded(opened.read(_LONGEST))
    except (OSError, UnicodeDecodeError):  # which may hold the password
        raise click.UsageError(f"--password-file {file}: cannot be read") from None
    password = text.partition("\n")[0].removesuffix("\r")
    if not password:
        raise click.UsageError(f"--password-file {file}: its first line is empty")
    mark = "&" if "?" in url else "?"
    return f"{url}{mark}password={quote(password, safe='')}"
