"""One whole question, as a value."""

from __future__ import annotations

from msgspec import Struct

from sage200_async.limits import PAGE_MAX
from sage200_async.odata.expressions import Expression
from sage200_async.odata.fields import Ordering


class QueryOptions(Struct, frozen=True):
    """What a query asks for, less the collection that it asks."""

    filter: Expression | None = None
    """The condition, or None for all records."""
    select: tuple[str, ...] = ()
    """Names of fields, dotted for a member's; none for all fields."""
    expand: tuple[str, ...] = ()
    """Names of members that come along."""
    order_by: tuple[Ordering, ...] = ()
    """The order, greatest key first; none for the planner's choice."""
    top: int | None = None
    """Records over the whole stream at most, or None for all."""
    skip: int = 0
    """Records to pass over at the start."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Query parameters of the resource's own, as finished text."""
    page_size: int = PAGE_MAX
    """Records that one request asks for at most."""
    timeout: float | None = None
    """Seconds that a whole reading may take, or None for no end."""


def select_and_expand(options: QueryOptions) -> list[tuple[str, str]]:
    """Give the query options that say what a record looks like.

    Members are expanded that were asked for, and those that are selected into.
    """
    told: list[tuple[str, str]] = []
    select = ",".join(options.select)
    if select:
        told.append(("$select", select))
    if options.expand or "." in select:
        into = [name.partition(".")[0] for name in options.select if "." in name]
        expand = dict.fromkeys((*options.expand, *into))
        told.append(("$expand", ",".join(expand)))
    return [*told, *options.parameters]
