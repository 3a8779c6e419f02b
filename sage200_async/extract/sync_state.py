"""How far a copy is in step: stored beside its rows, as one value."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkError
from sage200_async.extract.reconcile import Newest

if TYPE_CHECKING:
    from sage200_async.extract.sink_thread import SyncTargetThread

SYNC_STATE: Final = "sync"
"""The name of the metadata that it is stored as."""


class SyncState(Struct, frozen=True, kw_only=True):
    """How far a copy is in step."""

    newest: Newest | None = None
    """The stamp from which the next sync reads changes, less the overlap, and the
    record that had it; never later than the server's clock was."""
    complete_at: datetime | None = None
    """The server's time when the last run began: what was stamped before, less the
    overlap, the copy has."""
    whole_at: float | None = None
    """When everything was read last, in seconds since 1970, by the client's clock."""
    swept_at: float | None = None
    """When all keys and stamps were compared last, by the client's clock."""
    version: int = 1

    def encode(self) -> str:
        """Return it as JSON."""
        return msgspec.json.encode(self).decode()


async def load_state(thread: SyncTargetThread) -> SyncState:
    """Return the state of a copy; an empty one if it was never complete.

    Raises:
        SinkError: It cannot be read.
    """
    return decode_state(await thread.metadata(SYNC_STATE))


def decode_state(text: str | None) -> SyncState:
    """Return the state that *text* holds; an empty one for none.

    Raises:
        SinkError: It cannot be read.
    """
    if not text:
        return SyncState()
    try:
        return msgspec.json.decode(text, type=SyncState)
    except msgspec.MsgspecError as error:
        message = (
            f"the state of the copy cannot be read: {error}; build a new copy with "
            "--replace (replace=True)"
        )
        raise SinkError(message) from error


async def store_state(thread: SyncTargetThread, state: SyncState) -> None:
    """Store the state, with all rows that were written before."""
    await thread.metadata(SYNC_STATE, state.encode())


def is_due(at: float | None, every: float) -> bool:
    """Return whether *every* seconds have passed since *at*, or the clock went back."""
    now = time.time()
    return at is None or not at <= now < at + every
