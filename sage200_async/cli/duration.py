"""Durations on the command line: ``90``, ``15m``, ``12h`` or ``7d``."""

from __future__ import annotations

import re
from typing import Final

import click

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", re.ASCII)


def duration(text: str) -> float:
    """Return a duration in seconds; the type of an option.

    Raises:
        click.BadParameter: *text* is no duration.

    Example:
        >>> duration("90"), duration("1.5h"), duration("7d")
        (90.0, 5400.0, 604800.0)
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        message = f"expected seconds, or such as 15m, 12h or 7d, got {text!r}"
        raise click.BadParameter(message)
    return float(match[1]) * _SECONDS[match[2]]
