"""The sandboxes of a test session: started once, as new for each test."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.errors import SettingsError
from sage200_async.sandbox import Behaviour, Sandbox, Snapshot
from sage200_async.sandbox.arguments import (
    checked_behaviour,
    checked_counts,
    checked_faults,
)
from sage200_async.sandbox.counts import parse_counts
from sage200_async.testing.sandbox_thread import SandboxThread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.sandbox import Fault
    from sage200_async.settings import Settings

_RECORDS: Final = {"customers": 200, "products": 100, "sop_orders": 50}
# Enough to need several pages of a small size, and filled in a few hundredths of a
# second.


class _Served(Struct, frozen=True):
    sandbox: Sandbox
    new: Snapshot
    """Its state before the first test."""
    access_token: str
    """Issued before the first test, and so valid in each one."""


class Sandboxes:
    """The sandboxes of a test session, one for each choice of records.

    Args:
        records: Numbers of records as ``customers=500``; empty for a small company.
        seed: The seed of the made-up company, as text.
        resets: Receives the seconds that each reset took.

    Raises:
        SettingsError: *records* or *seed* is malformed.
    """

    def __init__(self, records: Sequence[str], seed: str, resets: list[float]) -> None:
        self._records = parse_counts(records) or _RECORDS
        if not seed.isdecimal():
            message = f"sage200_seed: expected a whole number, got {seed!r}"
            raise SettingsError(message, name="seed")
        self._seed = int(seed)
        self._resets = resets
        self._served: dict[tuple[tuple[str, int], ...], _Served] = {}
        self._threads = contextlib.ExitStack()

    def close(self) -> None:
        """Stop them all."""
        self._threads.close()

    def as_new(
        self,
        *,
        records: Mapping[str, int] | None = None,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        faults: Iterable[Fault | None] = (),
    ) -> Sandbox:
        """Return a sandbox in the state before the first test.

        Args:
            records: How many records of each resource, if others than usual.
            behaviour: Its switches, or some of them by name.
            faults: What goes wrong with its next requests.

        Raises:
            SettingsError: An argument is unknown or of a wrong type.
        """
        switches = checked_behaviour(behaviour)
        script = checked_faults(faults)
        counts = checked_counts(records)
        served = self._get(self._records if counts is None else counts)
        started = time.perf_counter()
        served.sandbox.restore(served.new)
        self._resets.append(time.perf_counter() - started)
        served.sandbox.behaviour = switches
        served.sandbox.faults = script
        return served.sandbox

    def settings(self, sandbox: Sandbox) -> Settings:
        """Return settings of a client that is signed in.

        They have an access token too, so that several clients can be made of them:
        the refresh token works once.
        """
        (token,) = (
            served.access_token
            for served in self._served.values()
            if served.sandbox is sandbox
        )
        return replace(sandbox.settings, access_token=token)

    def _get(self, records: Mapping[str, int]) -> _Served:
        key = tuple(sorted(records.items()))
        if key not in self._served:
            thread = SandboxThread(records=dict(records), seed=self._seed)
            sandbox = self._threads.enter_context(thread)
            token = sandbox.create_access_token()
            self._served[key] = _Served(sandbox, sandbox.snapshot(), token)
        return self._served[key]
