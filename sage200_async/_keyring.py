"""The operating system's keyring, and whether it keeps secrets secret."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from typing import Any, Final

_NULL: Final = "keyring.backends.null"
_FAIL: Final = "keyring.backends.fail"


def service_of(name: str) -> str:
    """Return the service that the entries of this name are below."""
    return f"sage200-async:{name}"


def why_unusable() -> str:
    """Return why no secret can go into a keyring here; "" if it can."""
    if not find_spec("keyring"):
        return "the package keyring is not installed"
    if any(type(backend).__module__ == _FAIL for backend in _backends()[:1]):
        return "this machine has none"
    if keeps_nothing():
        return "it is switched off"
    return "it keeps plain text" if is_plaintext() else ""


def keeps_nothing() -> bool:
    """Whether the keyring is switched off: it would lose a secret without a word."""
    return any(type(backend).__module__ == _NULL for backend in _backends())


def is_plaintext() -> bool:
    """Whether the keyring is one of keyrings.alt that says in its name: plain text."""
    kinds = (kind for backend in _backends() for kind in type(backend).__mro__)
    return any("plaintext" in kind.__name__.lower() for kind in kinds)


def get(service: str, user: str) -> str | None:
    """Return an entry, or None if there is none."""
    import keyring  # noqa: PLC0415 - an extra

    return keyring.get_password(service, user)


def set(service: str, user: str, text: str) -> None:  # noqa: A001 - beside get
    """Write an entry."""
    import keyring  # noqa: PLC0415 - an extra

    keyring.set_password(service, user, text)


def delete(service: str, user: str) -> None:
    """Delete an entry, if it still exists."""
    import keyring  # noqa: PLC0415 - an extra
    from keyring.errors import PasswordDeleteError  # noqa: PLC0415 - an extra

    with contextlib.suppress(PasswordDeleteError):
        keyring.delete_password(service, user)


def _backends() -> list[object]:
    """Return the keyring's backend, and those that it hands entries on to."""
    import keyring  # noqa: PLC0415 - an extra

    backend: Any = keyring.get_keyring()
    inner = [*getattr(backend, "backends", ()), getattr(backend, "_keyring", None)]
    return [backend, *inner]
