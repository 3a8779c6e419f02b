"""Suggestions for names that are misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_CUTOFF: Final = 0.5
# Similarity, from 0 to 1, below which a name is no plausible correction.


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like *name*, or None where none is like it.

    Example:
        >>> nearest("balence", ["balance", "name"])
        'balance'
    """
    from difflib import get_close_matches  # noqa: PLC0415 - rarely needed

    matches = get_close_matches(name, list(known), 1, _CUTOFF)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the end of a message: the nearest name, or else *otherwise*.

    Example:
        >>> did_you_mean("balence", ["balance"])
        "; did you mean 'balance'?"
        >>> did_you_mean("zzz", ["balance"], "use one of balance")
        '; use one of balance'
    """
    match = nearest(name, known)
    if match is not None:
        return f"; did you mean {match!r}?"
    return f"; {otherwise}" if otherwise else ""
