"""What others wrote, made fit for an error, a log line and a terminal."""

from __future__ import annotations

from typing import Final

from sage200_async.errors.known_secrets import without_secrets

_LONGEST: Final = 1_500
# Characters of a message: whole sentences, and no whole document.
_READ: Final = 64 * 1024
# Characters that are looked at for a line.
_SHOWN: Final = 500


def printable(text: str, keep: str = "") -> str:
    r"""Return *text* without what a terminal would obey, on one line.

    Line breaks, tabs and other blanks become blanks. Other control characters
    (escape sequences, C1, those that turn the direction of writing) become
    U+FFFD, and so do halves of surrogate pairs.

    Args:
        text: Of a record, a server or a file.
        keep: Characters that are left as they are, such as line breaks.

    Example:
        >>> printable("a\n\x1b[2Jb")
        'a �[2Jb'
    """
    if text.isprintable():
        return text
    return "".join([char if char in keep else _printable(char) for char in text])


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def escaped_json(json: bytes) -> bytes:
    r"""Return *json* with ``\u`` escapes for what a terminal would obey.

    JSON escapes the first 32 control characters, and leaves the others as they are.

    Example:
        >>> escaped_json('{"name":"a\x9b31m"}'.encode())
        b'{"name":"a\\u009b31m"}'
    """
    text = json.decode()
    if text.isprintable():
        return json
    return "".join(map(_escaped, text)).encode()


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def one_line(text: str, limit: int = _SHOWN) -> str:
    """Return foreign *text* without secrets, blanks squeezed, cut to *limit*."""
    line = " ".join(printable(without_secrets(text[:_READ])).split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def cleaned(text: str) -> str:
    """Return the text of an error, parts of which may be foreign, for people."""
    text = printable(without_secrets(text[:_READ]))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
