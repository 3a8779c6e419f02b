"""What a job is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.write.decisions import Rules
    from sage200_async.write.journal_rows import JobIdentity
    from sage200_async.write.look_up import LookUp
    from sage200_async.write.target import Service, Target
    from sage200_async.write.write_journal import Journal


class Work(NamedTuple):
    """What a job does, and for what."""

    identity: JobIdentity
    target: Target
    service: Service
    look_up: LookUp
    rules: Callable[[Journal], Rules]
    marker: str = ""
    """The field that each row gets a marker in, or ""."""
