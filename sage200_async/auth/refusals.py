"""Why there is no token: errors that explain what the store and the settings reveal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import TokenRefused, TokenUnavailable, TransportError

if TYPE_CHECKING:
    from sage200_async.auth.stores import Tokens


def may_have_rotated(error: Exception) -> bool:
    """Whether the endpoint may have replaced the refresh token despite *error*."""
    if not isinstance(error, TokenUnavailable):
        return False
    cause = error.__cause__
    return not (isinstance(cause, TransportError) and cause.never_sent)


def not_signed_in(tokens: Tokens) -> TokenRefused:
    """Return the error for *tokens* without a refresh token."""
    if tokens.access_token:
        return TokenRefused(
            "The access token has expired, and there is no refresh token: "
            "sign in again with `sage200 login`."
        )
    return TokenRefused(
        "Not signed in. Run `sage200 login` (`sage200 init` the first time), or set "
        "SAGE200_REFRESH_TOKEN."
    )


def left_alone(seconds: float, last: str) -> TokenUnavailable:
    """Return the error for an endpoint that is not to be asked yet.

    Args:
        seconds: Until it may be asked.
        last: What happened when it was last asked; empty if another process did.
    """
    reason = last or "Another process could not refresh the token"
    return TokenUnavailable(
        f"{reason}; it is asked again in {seconds:.1f} s", retry_after=seconds
    )


def explained(
    error: TokenRefused, old: Tokens, seed: Tokens, store: object
) -> TokenRefused:
    """Add to a refusal what the store and the settings reveal about its cause."""
    message = str(error)
    if error.reason == "invalid_grant" and old.refresh_started_at is not None:
        message += (
            f" A refresh was started at {utc(old.refresh_started_at)} and its response "
            "was never stored: the process was killed in between, and the new refresh "
            "token is lost."
        )
    if seed.refresh_token not in {"", old.refresh_token}:
        message += (
            " The refused token came from the token store; the different one in the "
            "settings is used only if the store is empty."
        )
    elif error.reason == "invalid_grant" and _is_seed_in_memory(old, seed, store):
        message += (
            " The refused token came from the settings, and the token store is "
            "memory://: if another client or an earlier run used it, the token that "
            "replaced it was lost with that. Set a token_store that lasts, such as "
            "file:///path/tokens.json, and give clients of one process the same store."
        )
    return TokenRefused(message, reason=error.reason)


def _is_seed_in_memory(old: Tokens, seed: Tokens, store: object) -> bool:
    same = old.refresh_token == seed.refresh_token
    return same and isinstance(store, MemoryStore)


def utc(seconds: float) -> str:
    """Return a time as text; *seconds* are since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
