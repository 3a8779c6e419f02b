"""Settings from dlt's configuration, or those of this library; never from both."""

from __future__ import annotations

import logging
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from sage200_async.errors import SettingsError
from sage200_async.profiles.source import IDENTITY
from sage200_async.settings import KINDS, Settings

_log = logging.getLogger(__name__)

_REQUIRED: Final = ("site", "company")
_PLACEHOLDER: Final = "<configure me>"
# What `dlt init` writes.


def configured_settings(section: str) -> Settings:
    """Return the settings in a section of dlt's configuration; reads files.

    Where one of them decides whose company is read, all are from there. Else those that
    do are what `Settings.load` finds.

    Args:
        section: Such as ``sources.sage200``.

    Raises:
        SettingsError: One is malformed or missing, or there are none anywhere.
    """
    values = {
        name: value
        for name in KINDS
        if (value := _configured(section, name)) is not None
    }
    if values.keys().isdisjoint(IDENTITY):
        return replace(Settings.load(), **values)
    for name in _REQUIRED:
        if not values.get(name):
            message = f"{section}.{name} is missing in dlt's configuration, which has "
            others = ", ".join(sorted(values.keys() & set(IDENTITY)))
            message += f"{others}: settings come from one source"
            raise SettingsError(message, name=name)
    _log.info("settings come from dlt's configuration, %s", section)
    return Settings(**values)


def _configured(section: str, name: str) -> Any:
    """Return one setting; None where there is none.

    dlt's traces show no value that was asked for as a secret.
    """
    dlt: Any = import_module("dlt")
    key = f"{section}.{name}"
    value = dlt.secrets.get(key)
    value = dlt.config.get(key) if value is None else value
    if value is None or value == "":
        return None
    kind, expected = KINDS[name]
    if value == _PLACEHOLDER:
        expected = f"{expected}, or nothing at all, instead of {_PLACEHOLDER}"
    elif not isinstance(value, str):
        return value
    else:
        with suppress(msgspec.ValidationError):
            return msgspec.convert(value, kind, strict=False)
    raise SettingsError(f"{key}: expected {expected}", name=name)
