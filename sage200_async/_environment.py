"""Settings from the variables of the environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PREFIX: Final = "SAGE200_"
_PROFILE: Final = "profile"
# No setting, but where they come from: see profiles/source.py.
_SIMILARITY: Final = 0.8
# From 0 to 1: a variable that is so similar to a setting is a misspelling of it.
_OTHER_WORDS: Final = {
    "url": "base_url",
    "api": "base_url",
    "client": "client_id",
    "secret": "client_secret",
    "key": "subscription_key",
    "token": "access_token",
    "tokens": "token_store",
    "store": "token_store",
    "companies": "company",
}
# What people call settings, at the beginning of a variable.
_OF_KUBERNETES: Final = re.compile(r"(^|_)(service|port)(_|$)")
# SAGE200_SITE_SERVICE_HOST, SAGE200_PORT_443_TCP and so on, for a service called so.


def values_in(
    environ: Mapping[str, str], kinds: Mapping[str, tuple[Any, str]]
) -> dict[str, Any]:
    """Return the settings that *environ* has, by their names.

    Args:
        environ: Variables and their texts; an empty one counts as unset.
        kinds: The type of each setting, and the words for it in a message.

    Raises:
        SettingsError: A variable is misspelled, or its text is not of the type.
    """
    ours = {_PREFIX + name.upper(): name for name in kinds}
    for variable in sorted(environ):
        if variable.upper().startswith(_PREFIX) and environ[variable]:
            _refuse_misspelling(variable, {**ours, _PREFIX + _PROFILE.upper(): ""})
    return {
        name: _convert(name, environ[variable], *kinds[name])
        for variable, name in ours.items()
        if environ.get(variable)
    }


def _convert(name: str, text: str, kind: Any, expected: str) -> Any:
    """Convert the text of a variable to the type of its setting."""
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        message = f"{_PREFIX}{name.upper()}: expected {expected}, got {text!r}"
        raise SettingsError(message, name=name) from None


def misspelling(name: str, known: Iterable[str]) -> str:
    """Return the setting that *name* is a misspelling of, or ""."""
    names = {setting.replace("_", ""): setting for setting in known}
    plain = name.replace("_", "")
    swapped = [other for other in names if sorted(other) == sorted(plain)]
    if swapped:
        return names[swapped[0]]
    from difflib import get_close_matches  # noqa: PLC0415 - rarely needed

    nearest = get_close_matches(plain, names, n=1, cutoff=_SIMILARITY)
    return names[nearest[0]] if nearest else ""


def _longer(name: str, settings: Iterable[str]) -> str:
    """Return the setting that *name* begins with, or stands for; else ""."""
    if _OF_KUBERNETES.search(name):
        return ""
    words = {setting: setting for setting in settings} | _OTHER_WORDS
    meant = [word for word in words if f"{name}_".startswith(f"{word}_")]
    return words[max(meant, key=len)] if meant else ""


def _refuse_misspelling(variable: str, known: Mapping[str, str]) -> None:
    """Refuse a *variable* that is similar to one of a setting, but not the same.

    Capital letters count: systems other than Windows have ``SAGE200_SITE`` and
    ``SAGE200_site`` side by side.
    """
    if variable in known:
        return
    name = variable[len(_PREFIX) :].lower()
    settings = (*filter(None, known.values()), _PROFILE)
    setting = misspelling(name, settings) or _longer(name, settings)
    if setting:
        message = (
            f"{variable} is not a setting. Did you mean {_PREFIX}{setting.upper()}?"
        )
        raise SettingsError(message, name=name)
