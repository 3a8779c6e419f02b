"""The secrets that this process has sent, cut from what others write."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus

import msgspec

CUT: Final = "***"
"""What stands where a secret was."""

_MAX_KNOWN: Final = 256
# Those sent last: a client has about five, and each is searched for in each error.
_SHORTEST: Final = 8
# Characters: a shorter one would be cut from ordinary words.
_START: Final = 12
# Characters of a secret that are cut even if the rest does not follow: others cut
# texts to their own limits.
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}

_forms_of: dict[str, tuple[str, ...]] = {}
"""Each secret, and how foreign text may write it; the one sent last is last."""
_newest = [""]
# The last of them: to look for it there fails while another thread adds one.


def remember(*secrets: str) -> None:
    """Let *secrets*, which are about to be sent, be cut from foreign text.

    It is called where a secret is sent: nobody repeats what was never sent.

    Example:
        >>> remember("correct/horse")
        >>> without_secrets("401: 'correct%2Fhorse' has expired")
        "401: '***' has expired"
    """
    for secret in secrets:
        # The same token goes out again and again.
        is_last = secret == _newest[0] and secret in _forms_of
        if len(secret) >= _SHORTEST and not is_last:
            _forms_of[secret] = _forms_of.pop(secret, ()) or _forms(secret)
            _newest[0] = secret
    while len(_forms_of) > _MAX_KNOWN:
        _forms_of.pop(next(iter(_forms_of)), None)


def without_secrets(text: str) -> str:
    """Return *text* with each known secret replaced by asterisks."""
    for forms in tuple(_forms_of.values()):
        for form in forms:
            text = _cut(text, form)
    return text


def body_without_secrets(body: bytes) -> bytes:
    r"""Return *body* with each known secret replaced by asterisks.

    Example:
        >>> remember("correct/horse")
        >>> body_without_secrets(rb'{"sent": "correct\/horse"}')
        b'{"sent": "***"}'
    """
    text = body.decode("utf-8", "surrogateescape")
    cut = without_secrets(text)
    return body if cut == text else cut.encode("utf-8", "surrogateescape")


def _forms(secret: str) -> tuple[str, ...]:
    """Return *secret* as it is, and as forms, JSON and HTML write it."""
    quoted = quote_plus(secret, errors="replace")
    json = msgspec.json.encode(secret.encode(errors="replace").decode())
    html = "".join(_HTML.get(character, character) for character in secret)
    plain = json.decode()[1:-1]
    forms = (secret, quoted, quoted.lower(), plain, plain.replace("/", "\\/"), html)
    return tuple(dict.fromkeys(forms))


def _cut(text: str, secret: str) -> str:
    """Return *text* without *secret*, and without the beginning of it."""
    start = secret[:_START]
    at = text.find(start)
    while at >= 0:
        end = at + _same(text, at, secret)
        text = text[:at] + CUT + text[end:]
        at = text.find(start, at + len(CUT))
    return text


def _same(text: str, at: int, secret: str) -> int:
    """Return how many characters of *text* from *at* are those of *secret*."""
    pairs = zip(text[at : at + len(secret)], secret, strict=False)
    return next(
        (index for index, (ours, theirs) in enumerate(pairs) if ours != theirs),
        min(len(secret), len(text) - at),
    )
