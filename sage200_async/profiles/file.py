"""The file of profiles: TOML, versioned, for its owner only, replaced as a whole."""

from __future__ import annotations

import logging
import re
import tomllib
from datetime import date, time
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sage200_async._private_files import is_open_to_others, replace_private
from sage200_async.errors import SettingsError

_log = logging.getLogger(__name__)

VERSION: Final = 1
_HEADER: Final = """\
# Profiles of sage200_async: one for each company. `sage200 init` and `sage200 profiles`
# write this file; they keep what is set here, but no comments.
"""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a profile may be called: as keyring entries and files may."""
RESERVED: Final = "none"
"""No profile is called so: ``SAGE200_PROFILE=none`` turns profiles off."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f]')


_EXPECTED: Final = (
    "expected a name of letters, digits and '-_.', such as 'ireland', but not 'none'"
)


class _Document(Struct):
    """What the file holds."""

    profiles: dict[str, dict[str, Any]] = {}
    default: str = ""


class ProfileFile(Struct, frozen=True):
    """The profiles in a file. Its repr shows their names only."""

    path: Path
    profiles: dict[str, dict[str, Any]] = {}
    """Settings by name, of each profile."""
    default: str = ""
    """The profile that is used if none is named."""
    others: dict[str, Any] = {}
    """What else is in the file."""

    def __repr__(self) -> str:
        return f"ProfileFile({str(self.path)!r}, {sorted(self.profiles)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        return [("path", self.path), ("profiles", sorted(self.profiles))]

    @property
    def chosen(self) -> str:
        """The profile that is used if none is named; "" if that is unclear."""
        if self.default in self.profiles:
            return self.default
        return next(iter(self.profiles)) if len(self.profiles) == 1 else ""

    def with_profile(self, name: str, values: dict[str, Any]) -> ProfileFile:
        """Return the file with this profile added, or in place of the one before it."""
        profiles = {**self.profiles, name: values}
        return replace(self, profiles=profiles, default=self.chosen or name)

    def without(self, name: str) -> ProfileFile:
        """Return the file without this profile."""
        rest = {key: values for key, values in self.profiles.items() if key != name}
        default = "" if self.default == name else self.default
        return replace(self, profiles=rest, default=default)


def require_name(name: str) -> str:
    """Return *name*.

    Raises:
        SettingsError: No profile can be called so.
    """
    if not _is_name(name):
        raise SettingsError(f"profile: {_EXPECTED}; got {name!r}", name="profile")
    return name


def read_profiles(path: Path) -> ProfileFile:
    """Return the profiles in the file at *path*; none if there is no file.

    Raises:
        SettingsError: It cannot be read, is no TOML, or is of a later version.
    """
    file = _read(path)
    if isinstance(file, SettingsError):
        raise file  # without the frames whose variables hold what is in the file
    return file


def _is_name(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and name.lower() != RESERVED


def write_profiles(file: ProfileFile) -> None:
    """Write the file; on return, it is on the disk.

    Raises:
        SettingsError: It cannot be written, or something in it would be lost; the old
            one is still there.
    """
    reason = _write(file)
    if not reason:
        return
    message = f"{file.path}: the profiles cannot be written: {reason}"
    raise SettingsError(message, name="profile")


def _write(file: ProfileFile) -> str:
    """Write the file, if it can be read again; return why not, or ""."""
    try:
        text = _as_toml(file)
        again = _profiles_in(tomllib.loads(text), file.path)
        data = text.encode()
        if again != file:
            return "something in it would be lost: remove what is no setting"
        replace_private(file.path, data)
    except OSError as error:
        return error.strerror or type(error).__name__
    except (ValueError, RecursionError):  # whose text may hold a secret
        return "a value in it is none of TOML's"
    return ""


def _read(path: Path) -> ProfileFile | SettingsError:
    """Return the profiles, or the error, which shows nothing of what is in the file."""
    try:
        mode = path.stat().st_mode
        if not S_ISREG(mode):  # of a pipe, nothing may ever come
            return _unreadable(path, "expected a file")
        # Notepad writes a mark before UTF-8.
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return ProfileFile(path)
    except OSError as error:
        return _unreadable(path, error.strerror or type(error).__name__)
    except (ValueError, RecursionError) as error:  # a long number is a ValueError
        position = re.search(r"\(at [^()]*\)", str(error))
        return _unreadable(path, f"it is no TOML {position[0] if position else ''}")
    if is_open_to_others(mode):
        _log.warning("%s: other users can read it. Run chmod 600 on it.", path)
    return _profiles_in(document, path)


def _profiles_in(document: dict[str, Any], path: Path) -> ProfileFile | SettingsError:
    version = document.get("version", VERSION)
    if version != VERSION:
        return _unreadable(
            path, f"its version is {version!r}: install the newer sage200-async"
        )
    try:
        tables = msgspec.convert(document, _Document)
    except msgspec.ValidationError:
        return _unreadable(path, "expected a table [profiles.NAME] for each profile")
    refused = [name for name in tables.profiles if not _is_name(name)]
    if refused:
        return _unreadable(path, f"{_EXPECTED}; got {refused[0]!r}")
    known = {"version", *_Document.__struct_fields__}
    others = {key: value for key, value in document.items() if key not in known}
    return ProfileFile(path, tables.profiles, tables.default, others)


def _unreadable(path: Path, reason: str) -> SettingsError:
    message = (
        f"{path}: the profiles cannot be read: {reason.strip()}. Correct or remove it, or "
        "take all settings from SAGE200_* variables, with SAGE200_PROFILE=none."
    )
    return SettingsError(message, name="profile")


def _as_toml(file: ProfileFile) -> str:
    lines = [_HEADER, f"version = {VERSION}"]
    if file.default:
        lines.append(f"default = {_toml_value(file.default)}")
    lines += _toml_pairs(file.others)
    for name, values in sorted(file.profiles.items()):
        lines += ["", f"[profiles.{_toml_key(name)}]", *_toml_pairs(values)]
    return "\n".join(lines) + "\n"


def _toml_pairs(values: dict[str, Any]) -> list[str]:
    return [f"{_toml_key(key)} = {_toml_value(value)}" for key, value in values.items()]


def _toml_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _toml_value(key)


def _toml_value(value: Any) -> str:
    """Return a value as TOML, on one line."""
    if isinstance(value, dict):
        table: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return f"{{{', '.join(_toml_pairs(table))}}}"
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return f"[{', '.join(map(_toml_value, items))}]"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        escaped = _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
