"""Queries whose changes come as a feed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sage200_async.query.query import Query

if TYPE_CHECKING:
    from typing import Unpack

    from sage200_async.changes import ChangeFeed, FeedOptions

R = TypeVar("R")

_FEED = "sage200_async.extract.feed"
# It reads and stores as a sync does, above all queries: imported when it is asked for.


class WatchedQuery(Query, Generic[R]):
    """A query whose records can be watched."""

    __slots__ = ()

    def changes(self, *, state: str, **options: Unpack[FeedOptions]) -> ChangeFeed[R]:
        """Watch the records: each change comes at least once, until it is acknowledged.

        Sage has no list of changes: a copy is kept in step, as a sync does it, in a
        database of the feed's own, and what differs from what was acknowledged comes.
        A consumer that applies each change by its key has what the company has; a
        record that changes twice between two polls comes once. ``explain()`` says what
        else cannot be seen.

        One process feeds from a state; others wait, and take over when it is killed.

        Args:
            state: ``sqlite:///state.db`` for the processes of one machine (not on a
                network file system), or ``postgresql://…`` for several machines. It
                holds whole records: nobody else should read it.
            options: See `sage200_async.changes.FeedOptions`.

        Returns:
            An async context manager to iterate over.

        Raises:
            QueryError: There is no unique key; the query has an order, a skip or a
                top; there are no stamps, and it is not to be compared as a whole.
            LimitError: A number is out of range.
            SettingsError: *state* is malformed, or no database that processes can share.

        Example:
            >>> feed = client.customers.changes(state="sqlite:///state.db", every=60)
            >>> print(feed.explain().partition('. ')[0])
            State: SQLite at state.db
        """
        return feed_of(self._connected(), (self,), state, options)


class FeedClient:
    """The part of a client that watches several resources at once."""

    def changes(
        self, *queries: WatchedQuery[Any], state: str, **options: Unpack[FeedOptions]
    ) -> ChangeFeed[Any]:
        """Watch several resources in one feed: see `WatchedQuery.changes`.

        Args:
            queries: One for each resource, such as ``client.customers``.
            state: The URL of the database with the state.
            options: See `sage200_async.changes.FeedOptions`.
        """
        return feed_of(self, queries, state, options)


def feed_of(client: Any, queries: Any, state: str, options: Any) -> ChangeFeed[Any]:
    """Return a feed of several queries."""
    feed: ChangeFeed[Any] = import_module(_FEED).Feed(client, queries, state, **options)
    return feed
