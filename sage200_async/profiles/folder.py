"""The user's configuration folder, and the files of ours in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


def config_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    r"""Return the folder of profiles and tokens; it need not exist.

    ``$XDG_CONFIG_HOME/sage200`` if that is set, but on Windows; else
    ``~/.config/sage200``, on macOS ``~/Library/Application Support/sage200``, on
    Windows ``%LOCALAPPDATA%\sage200``: tokens that rotate must not roam to another
    machine.

    Args:
        environ: Variables of the environment.
        platform: As `sys.platform`.

    Raises:
        SettingsError: The user has no home folder.

    Source: XDG Base Directory Specification; the rules of ``platformdirs``.
    """
    on_windows = platform == "win32"
    folder = environ.get("LOCALAPPDATA" if on_windows else "XDG_CONFIG_HOME", "")
    if folder and Path(folder).is_absolute():
        return Path(folder) / "sage200"
    below = {"win32": "AppData/Local", "darwin": "Library/Application Support"}
    return _home(environ) / below.get(platform, ".config") / "sage200"


def profiles_path(environ: Mapping[str, str]) -> Path:
    """Return the file of profiles; it need not exist."""
    return config_folder(environ) / "profiles.toml"


def token_path(environ: Mapping[str, str], profile: str = "") -> Path:
    """Return the file of a profile's tokens, or of those of the environment."""
    name = f"tokens-{profile}.json" if profile else "tokens.json"
    return config_folder(environ) / name


def _home(environ: Mapping[str, str]) -> Path:
    try:
        return Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    except RuntimeError:
        folder = "LOCALAPPDATA" if os.name == "nt" else "XDG_CONFIG_HOME"
        message = (
            f"This user has no home folder, so no profile can be read. Set {folder}, or "
            "take all settings from SAGE200_* variables, with SAGE200_PROFILE=none."
        )
        raise SettingsError(message, name="profile") from None
