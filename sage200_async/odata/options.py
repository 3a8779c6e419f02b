"""The options of a query, as one value."""

from __future__ import annotations

from msgspec import Struct

from sage200_async.limits import PAGE_MAX
from sage200_async.odata.expressions import Expression
from sage200_async.odata.fields import Ordering


class QueryOptions(Struct, frozen=True):
    """Everything that a query asks of a collection."""

    filter: Expression | None = None
    """The condition, or None for all records."""
    select: tuple[str, ...] = ()
    """Field names, dotted for those of related records; empty for all fields."""
    expand: tuple[str, ...] = ()
    """Names of the related records to include."""
    order_by: tuple[Ordering, ...] = ()
    """The order, most significant field first; empty for the planner's choice."""
    top: int | None = None
    """Records over the whole stream at most, or None for all."""
    skip: int = 0
    """Records to skip at the start."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Query parameters that only this resource takes, as finished text."""
    page_size: int = PAGE_MAX
    """Records in one request at most."""
    timeout: float | None = None
    """Seconds that a whole read may take, or None for no limit."""


def select_and_expand(options: QueryOptions) -> list[tuple[str, str]]:
    """Return the query options that decide what a record contains.

    Related records are expanded where they were asked for, and where one of
    their fields is selected.
    """
    pairs: list[tuple[str, str]] = []
    select = ",".join(options.select)
    if select:
        pairs.append(("$select", select))
    if options.expand or "." in select:
        selected = [name.partition(".")[0] for name in options.select if "." in name]
        expand = dict.fromkeys((*options.expand, *selected))
        pairs.append(("$expand", ",".join(expand)))
    return [*pairs, *options.parameters]
