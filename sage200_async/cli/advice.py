"""What a person can do about an error, beyond what its message says."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sage200_async import Settings
from sage200_async._url_checks import LOOPBACK
from sage200_async.cli.config import chosen_profile, settings_source
from sage200_async.cli.exit_status import is_refused_condition, is_refused_password
from sage200_async.errors import (
    ConnectError,
    RequestError,
    Sage200Error,
    TokenRefused,
    UnknownFieldError,
)

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_NEW_TOKEN: Final = (
    "A sandbox that was started again knows no earlier token: "
    "`sage200 sandbox --print env` prints a new one."
)


def next_steps(error: BaseException) -> list[str]:
    """Return lines for below the message of *error*; none where it says all."""
    if is_refused_condition(error) and isinstance(error, RequestError):
        path = "RESOURCE" if error.request is None else error.request.path
        text = (
            f"`sage200 describe {path}` shows the fields; a condition has words for "
            "operators: eq, ne, gt (not >), ge, lt, le, and, or, not; texts are in single "
            "quotes: \"name eq 'A' and balance gt 5\""
        )
        return [text]
    if isinstance(error, UnknownFieldError) and "dir(" in str(error):
        return ["On the command line: `sage200 describe RESOURCE` lists them."]
    if is_refused_password(error):
        return [
            "The password is taken from PGPASSWORD, a .pgpass file or --password-file FILE."
        ]
    return sandbox_advice(error)


def sandbox_advice(error: BaseException) -> list[str]:
    """Return what to do about a sandbox that is gone, or was started anew."""
    is_gone = isinstance(error, ConnectError) or isinstance(
        error.__cause__, ConnectError
    )
    is_new = isinstance(error, TokenRefused) and error.reason == "invalid_grant"
    url = _on_this_machine() if is_gone or is_new else None
    if url is None:
        return []
    if is_new and settings_source().kind != "profile":
        return [_NEW_TOKEN]
    if is_gone:
        command = f"`sage200 sandbox --port {url.port or 80}`"
        return [f"Is it a sandbox? {command} starts it, in another terminal."]
    chosen = chosen_profile()
    named = f" --profile {chosen}" if chosen else ""
    command = f"`sage200 init --sandbox {url.scheme}://{url.netloc}{named} --overwrite`"
    return [f"A sandbox that was started again knows no earlier sign-in: {command}."]


def _on_this_machine() -> SplitResult | None:
    """Return the address of the service, if it is on this machine."""
    with suppress(Sage200Error, ValueError):
        url = urlsplit(Settings.load(chosen_profile()).base_url)
        if url.hostname in LOOPBACK:
            return url
    return None
