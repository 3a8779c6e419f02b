"""What a feed of changes is to its consumer: `Change`, `ChangeFeed` and their options.

Sage 200 has no webhooks and no list of changes. A feed is made by comparing: it keeps a
copy of each resource in step, as `sage200_async.extract.sync` does, and hands out what
the consumer has not acknowledged yet. `sage200_async.extract.feed` builds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypedDict, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from datetime import datetime
    from typing import Self

R = TypeVar("R")
ChangeKind = Literal["created", "updated", "deleted"]


class Change(Generic[R]):
    """One record as it is now, where that is not what was acknowledged before.

    Attributes:
        resource: The path of the resource, such as ``customers``.
        kind: ``created`` where the key was never acknowledged or was acknowledged as
            deleted, ``updated``, or ``deleted``.
        key: The record's key.
        record: The record; of a deleted one what was last seen of it, or None where
            the state was lost meanwhile.
        stamp: The time of the record's last change by Sage's clock, in UTC; None
            where it has none.
    """

    __slots__ = (
        "__weakref__",
        "_acknowledge",
        "key",
        "kind",
        "record",
        "resource",
        "stamp",
    )

    def __init__(
        self,
        resource: str,
        kind: ChangeKind,
        key: int,
        record: R | None,
        stamp: datetime | None,
        *,
        acknowledge: Callable[[Iterable[Change[Any]]], Coroutine[Any, Any, None]],
    ) -> None:
        self.resource = resource
        self.kind = kind
        self.key = key
        self.record = record
        self.stamp = stamp
        self._acknowledge = acknowledge

    async def ack(self) -> None:
        """Acknowledge it: it is done, and does not come again.

        One that came before a newer change of the same key is not stored: the newer
        one has still to be acknowledged.

        Raises:
            LeaseLost: Another process feeds from this state by now.
            SinkError: The state cannot be written.
        """
        await self._acknowledge((self,))

    def __repr__(self) -> str:
        return (
            f"Change({self.resource}, {self.kind}, key={self.key}, stamp={self.stamp})"
        )


class ChangeFeed(Protocol[R]):
    """A feed of changes: an async context manager to iterate over.

    Inside of the block this process alone has the state's lease; iteration waits for it
    while another process has it, and ends only with an error or with the block.
    """

    async def __aenter__(self) -> Self:
        """Open the state."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Release the lease, and close the state."""
        ...

    def __aiter__(self) -> Self:
        """Return itself."""
        ...

    async def __anext__(self) -> Change[R]:
        """Return the next change; wait for one, polling the company.

        Raises:
            LeaseLost: Another process feeds from this state by now.
            ExtractError: What was read could not be proved complete for longer than
                ``give_up_after``.
            RequestError: The company could not be read for as long.
        """
        ...

    async def ack(self, changes: Iterable[Change[Any]]) -> None:
        """Acknowledge several changes in one transaction.

        Raises:
            LeaseLost: Another process feeds from this state by now.
            SinkError: The state cannot be written.
        """
        ...

    def explain(self) -> str:
        """Explain what is compared how often, and what a feed cannot see; no I/O."""
        ...


class FeedOptions(TypedDict, total=False):
    """How a feed is made; each has a default."""

    every: float
    """Seconds from one poll to the next; 30."""
    overlap: float
    """Seconds before the newest stamp from which changes are read again: longer than
    any transaction of the server takes; 3600."""
    sweep_every: float
    """Seconds from one comparison of all keys and stamps to the next, which alone finds
    deletes, late commits and restored backups; 3600."""
    whole_every: float | None
    """Seconds from one reading of everything to the next, for what moves no stamp; None
    for never, which is the default."""
    snapshot: bool
    """Whether the records that are there when a state is new come first, as created;
    True. Without, only what happens afterwards comes."""
    compare_whole: bool
    """Whether a resource without stamps is read as a whole at each poll, rather than
    refused; False."""
    max_deleted: float
    """The share of all records that may be gone at once: more look like a listing that
    is incomplete; 0.1."""
    lease: float
    """Seconds until another process takes over from one that was killed; 60."""
    give_up_after: float
    """Seconds without a successful poll after which its error is raised; until then it
    is logged and the poll repeated; 3600."""
    workers: int
    """Requests at once; 4."""
    once: bool
    """Whether iteration ends after one poll of each resource and all that it found, as
    for a job that is started every hour; False. Its error is raised at once."""
