"""When tokens are refreshed, and how long a failing token endpoint is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

if TYPE_CHECKING:
    from sage200_async.auth.stores import Tokens

REFRESH_AHEAD: Final = 300.0
"""Seconds before its expiry at which an access token is refreshed, at most."""
_REFRESH_AHEAD_SHARE: Final = 0.1
# Of a short life, this share: a token of a minute is not refreshed at once.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_DOUBLINGS: Final = 10
_OBEYED: Final = 3_600.0
# Seconds of Retry-After that are obeyed at most. A pause that is longer than this
# by our clock means that the clock was wrong when it was stored.
_ROUNDING: Final = 0.001
# Seconds; a sleeper that wakes up a rounding error too early may go on.


def is_usable(tokens: Tokens, now: float) -> bool:
    """Whether the access token has not expired, as far as is known."""
    unexpired = tokens.expires_at is None or now < tokens.expires_at
    return bool(tokens.access_token) and unexpired


def is_due(tokens: Tokens, now: float) -> bool:
    """Whether there is no access token, or one that expires soon."""
    if not tokens.access_token:
        return True
    if tokens.expires_at is None:
        return False
    life = tokens.expires_at - (tokens.issued_at or tokens.expires_at - REFRESH_AHEAD)
    return now >= tokens.expires_at - min(REFRESH_AHEAD, _REFRESH_AHEAD_SHARE * life)


def pause_after(failures: int, retry_after: float | None, jitter: float) -> float:
    """Return the seconds for which the endpoint is left alone.

    The pause doubles with every failure, from 1 s to 60 s, and *jitter* takes up
    to a half of it, so that processes do not ask in step. A longer
    ``Retry-After`` is obeyed, up to an hour.

    Args:
        failures: Refreshes in a row that failed.
        retry_after: What the endpoint asked for, in seconds, or None.
        jitter: From 0 to 1.

    Example:
        >>> pause_after(1, None, 0.0), pause_after(4, None, 0.0), pause_after(4, None, 1.0)
        (1.0, 8.0, 4.0)
        >>> pause_after(9, None, 0.0), pause_after(1, 90.0, 0.5)
        (60.0, 90.0)
    """
    doubled = _FIRST_PAUSE * 2.0 ** min(failures - 1, _DOUBLINGS)
    chosen = min(_LONGEST_PAUSE, doubled) * (1 - jitter / 2)
    return max(chosen, min(retry_after or 0.0, _OBEYED))


def paused(
    tokens: Tokens, now: float, retry_after: float | None, jitter: float
) -> Tokens:
    """Return *tokens* after one more refresh that failed."""
    failures = tokens.refresh_failures + 1
    pause = pause_after(failures, retry_after, jitter)
    return replace(tokens, refresh_failures=failures, refresh_not_before=now + pause)


def remaining_pause(tokens: Tokens, now: float) -> float:
    """Return the seconds until the endpoint may be asked again; 0 for at once."""
    pause = (tokens.refresh_not_before or now) - now
    return pause if _ROUNDING < pause <= _OBEYED else 0.0


def later_pause(tokens: Tokens, other: Tokens | None) -> Tokens:
    """Return *tokens* with the pause of *other*, if that is longer and of the same.

    A pause is stored with the tokens, for all processes that share them; where
    the store could not be written, memory still has it.
    """
    if other is None or other.refresh_token != tokens.refresh_token:
        return tokens
    if (other.refresh_not_before or 0.0) <= (tokens.refresh_not_before or 0.0):
        return tokens
    return replace(
        tokens,
        refresh_failures=other.refresh_failures,
        refresh_not_before=other.refresh_not_before,
    )
