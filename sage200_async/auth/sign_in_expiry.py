"""Warns, once a day, before a person has to sign in again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sage200_async.auth.refusals import utc
from sage200_async.events import Events, SignInExpiring

if TYPE_CHECKING:
    from sage200_async.auth.stores import Tokens

_log = logging.getLogger(__name__)

_DAY: Final = 86_400.0
_WARN_AHEAD: Final = 10 * _DAY


class SignInExpiry:
    """Knows when it last warned that a sign-in expires.

    Args:
        events: Receives a `SignInExpiring` with every warning.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._warned_at: float | None = None

    def check(self, tokens: Tokens, now: float) -> None:
        """Warn if somebody has to sign in again soon, unless it was said today."""
        expires_at = tokens.refresh_token_expires_at
        warned_today = self._warned_at is not None and now - self._warned_at < _DAY
        if expires_at is None or now < expires_at - _WARN_AHEAD or warned_today:
            return
        self._warned_at = now
        days = (expires_at - now) / _DAY
        _log.warning(
            "the sign-in expires at %s, in %.1f days: sign in again with `sage200 login`",
            utc(expires_at),
            days,
        )
        self._events.emit(SignInExpiring(ends_at=expires_at, days_left=days))
