"""``sage200 profiles``: list, choose and remove profiles; and how one is saved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any

import click
from msgspec.structs import replace

from sage200_async import Settings, _keyring
from sage200_async._private_files import with_folder
from sage200_async.auth.sign_in import sign_out
from sage200_async.auth.stores.locks import LOCK_WAIT, file_lock
from sage200_async.cli.config import settings_source
from sage200_async.cli.messages import note
from sage200_async.cli.new_profile import own_stores
from sage200_async.cli.output import align_columns
from sage200_async.errors import Sage200Error, SettingsError
from sage200_async.errors.base import bare
from sage200_async.profiles.file import ProfileFile, read_profiles, write_profiles
from sage200_async.profiles.folder import profiles_path
from sage200_async.profiles.source import IN_KEYRING, SECRET

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

    def use(file: ProfileFile) -> ProfileFile:
        _require_profile(file, name)
        return replace(file, default=name)

    asyncio.run(_change(use))
    click.echo(f"{name} is the default profile")


async def remove_profile(name: str) -> None:
    """Remove a profile, its secret and its tokens, if they are this user's alone."""
    file = stored_profiles()
    _require_profile(file, name)
    await _change(lambda file: file.without(name))
    store, own = file.profiles[name].get("token_store"), own_stores(name)
    unclean = await _clear_own(file, name, tokens_of=own)
    unclean += _delete_secret(name, expected=bool(file.profiles[name].get(IN_KEYRING)))
    click.echo(f"removed the profile {name}")
    for what in unclean:
        note(f"note: {what}")
    if store and store not in own:
        note("note: its token store may be shared, and is as it was")


async def _change(change: Callable[[ProfileFile], ProfileFile]) -> None:
    """Replace the file by a changed one; other processes wait meanwhile.

    Raises:
        Sage200Error: It cannot be written, or another process does not let go of it.
    """
    path = profiles_path(os.environ)
    try:
        lock = with_folder(path).with_name(f"{path.name}.lock")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{path}: the profiles cannot be written: {reason}"
        raise SettingsError(message, name="profile") from None
    async with file_lock(lock, LOCK_WAIT):
        write_profiles(change(stored_profiles()))


async def _clear_own(
    file: ProfileFile, name: str, tokens_of: Sequence[str]
) -> list[str]:
    """Delete the tokens in a profile's own stores; return what could not be.

    Those that another profile uses as well stay.
    """
    shared = {
        str(values.get("token_store"))
        for other, values in file.profiles.items()
        if other != name
    }
    unclean: list[str] = []
    for url in tokens_of:
        if url in shared:
            unclean.append(f"another profile uses the tokens in {url} too; they stay")
            continue
        in_use = file.profiles.get(name, {}).get("token_store") == url
        if url.startswith("keyring:") and _keyring.why_unusable():
            reason = _keyring.why_unusable()
            unclean += [f"its tokens in the keyring stay: {reason}"] * in_use
            continue
        try:
            await sign_out(Settings(token_store=url))
        except Sage200Error as error:
            unclean.append(f"its tokens stay: {error}")
    return unclean


def _delete_secret(name: str, *, expected: bool) -> list[str]:
    """Delete a profile's secret in the keyring; return what could not be."""
    reason = _keyring.why_unusable()
    if not reason:
        try:
            _in_keyring(lambda: _keyring.delete(_keyring.service_of(name), SECRET))
        except SettingsError:
            reason = "the keyring failed"
    return [f"its secret in the keyring stays: {reason}"] * (expected and bool(reason))


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
    before = stored_profiles()
    asyncio.run(_change(lambda file: file.with_profile(name, values)))
    _clear_replaced(before, name, values)


def _clear_replaced(before: ProfileFile, name: str, values: dict[str, Any]) -> None:
    """Delete what the profile had elsewhere: a secret and tokens are in one place."""
    old = before.profiles.get(name, {})
    unclean: list[str] = []
    if old.get(IN_KEYRING) and not values.get(IN_KEYRING):
        unclean = _delete_secret(name, expected=True)
    in_keyring, in_file = own_stores(name)
    store, was = (one.get("token_store") or in_file for one in (values, old))
    if old and was != store and was in (in_keyring, in_file):
        unclean += asyncio.run(_clear_own(before, name, tokens_of=[was]))
    for what in unclean:
        note(f"note: of the profile before, {what}")


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
