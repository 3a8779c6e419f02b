"""``sage200 profiles``: list, choose and remove profiles; and how one is saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click
from msgspec.structs import replace

from sage200_async import Settings, _keyring
from sage200_async.auth.sign_in import sign_out
from sage200_async.cli.config import settings_source
from sage200_async.cli.messages import note
from sage200_async.cli.output import align_columns
from sage200_async.errors import SettingsError
from sage200_async.errors.base import bare
from sage200_async.profiles.file import ProfileFile, read_profiles, write_profiles
from sage200_async.profiles.folder import profiles_path, token_path
from sage200_async.profiles.source import IN_KEYRING, SECRET

_OWN_STORES = ("file:", "keyring:")
_COLUMNS = ("client_id", "edition", "site", "company")


def stored_profiles() -> ProfileFile:
    """Return this user's profiles."""
    return read_profiles(profiles_path(os.environ))


def list_profiles() -> None:
    """Print the profiles, with the one marked that commands use now."""
    file = stored_profiles()
    if not file.profiles:
        click.echo(f"no profiles in {file.path}; `sage200 init` makes one", err=True)
        return
    used, reason = _profile_in_use()
    rows: list[tuple[str, ...]] = [("", "profile", *_COLUMNS, "secret")]
    for name, values in sorted(file.profiles.items()):
        mark = "*" if name == used else ""
        cells = (str(values.get(column, "-")) for column in _COLUMNS)
        rows.append((mark, name, *cells, _place_of_secret(values)))
    for line in align_columns(rows):
        click.echo(line)
    if reason:
        note(f"note: {reason}")


def _profile_in_use() -> tuple[str, str]:
    """Return the profile that commands use now; if there is none, why."""
    try:
        source = settings_source()
    except SettingsError as error:
        return "", str(error)
    reason = f"none of them is used now: {source} in the environment"
    return source.profile, "" if source.profile else reason


def use_profile(name: str) -> None:
    """Make *name* the default profile."""
    file = stored_profiles()
    _require_profile(file, name)
    write_profiles(replace(file, default=name))
    click.echo(f"{name} is the default profile")


async def remove_profile(name: str) -> None:
    """Remove a profile, its secret and its tokens, if they are this user's alone."""
    file = stored_profiles()
    _require_profile(file, name)
    own_store = token_path(os.environ, name).as_uri()
    store = file.profiles[name].get("token_store") or own_store
    is_shared = not str(store).startswith(_OWN_STORES)
    if not is_shared:
        await sign_out(Settings(token_store=store))
    if file.profiles[name].get(IN_KEYRING):
        _in_keyring(lambda: _keyring.delete(_keyring.service_of(name), SECRET))
    write_profiles(file.without(name))
    click.echo(f"removed the profile {name}, its secret and its tokens")
    if is_shared:
        note("note: its token store may be shared, and is as it was")


def save_profile(
    name: str, values: dict[str, Any], secret: str, *, keyring: bool
) -> None:
    """Store a profile, and its secret in the keyring if wanted, else beside it.

    Raises:
        SettingsError: It cannot be written.
    """
    try:
        _save(name, values, secret, keyring=keyring)
    except SettingsError as error:
        failure = bare(error)
    else:
        return
    del values, secret
    raise failure  # without the frames whose variables are secrets


def _save(name: str, values: dict[str, Any], secret: str, *, keyring: bool) -> None:
    if secret and keyring:
        service = _keyring.service_of(name)
        _in_keyring(lambda: _keyring.set(service, SECRET, secret))
        values = values | {IN_KEYRING: True}
    elif secret:
        values = values | {SECRET: secret}
    write_profiles(stored_profiles().with_profile(name, values))


def _in_keyring(work: Callable[[], None]) -> None:
    """Call *work*.

    Raises:
        SettingsError: The keyring failed; nothing of the secret is shown.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - backends raise errors of their own
        name = type(error).__name__
    else:
        return
    raise SettingsError(
        f"The keyring failed with {name}. `sage200 init --secrets file` keeps the secret "
        "and the tokens in files that only you can read.",
        name=SECRET,
    )


def _require_profile(file: ProfileFile, name: str) -> None:
    if name in file.profiles:
        return
    listed = ", ".join(sorted(file.profiles)) or "none"
    message = f"There is no profile {name!r} in {file.path}; it has {listed}."
    raise SettingsError(message, name="profile")


def _place_of_secret(values: dict[str, Any]) -> str:
    if values.get(IN_KEYRING):
        return "in the keyring"
    return "in the file" if values.get(SECRET) else "-"
