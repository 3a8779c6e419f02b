"""What others wrote, made fit for an error, a log line and a terminal."""

from __future__ import annotations

from typing import Final

from sage200_async.errors.known_secrets import without_secrets

_LONGEST: Final = 1_500
# Characters of a message: whole sentences, and no whole document.
_READ: Final = 64 * 1024
# Characters that are looked at for a line.
_SHOWN: Final = 500


def printable(text: str) -> str:
    r"""Return *text* on one line, and without what a terminal would obey.

    Line breaks, tabs and other blanks become blanks. Other control characters
    (escape sequences, C1, those that turn the direction of writing) become
    U+FFFD, and so do halves of surrogate pairs.

    Example:
        >>> printable("a\n\x1b[2Jb")
        'a �[2Jb'
    """
    if text.isprintable():
        return text
    return "".join([_printable_character(character) for character in text])


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, limit: int = _SHOWN) -> str:
    """Return foreign *text* without secrets, blanks squeezed, cut to *limit*."""
    line = " ".join(printable(without_secrets(text[:_READ])).split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def cleaned(text: str) -> str:
    """Return the text of an error, parts of which may be foreign, for people."""
    text = printable(without_secrets(text[:_READ]))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
