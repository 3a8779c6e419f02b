"""A resource as tables: columns from the catalog, so that empty is a table too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from sage200_async.errors import QueryError
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sage200_async.odata.options import QueryOptions
    from sage200_async.query.endpoint import Endpoint

Row = tuple[Any, ...]
"""int, `Decimal`, str, bool, an aware `datetime` in UTC, or None; members as JSON text."""

Kind = Literal["integer", "number", "text", "boolean", "datetime", "json"]

PARENT_KEY: Final = "_parent_key"
"""The column of a child table that names its parent's key."""
POSITION: Final = "_position"
"""The column of a child table that tells where in the parent's list a row stands."""


class Column(Struct, frozen=True):
    """One column."""

    name: str
    kind: Kind
    """``number`` is a decimal, ``moment`` a time in UTC, ``json`` a nested member."""


class Table(Struct, frozen=True):
    """One table: a resource, or the rows of one of its nested members."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """The columns that tell rows apart; none where the resource has no unique key."""
    member: str = ""
    """The member whose rows these are; empty for the resource itself."""


def tables_of(
    name: str,
    endpoint: Endpoint[Any],
    options: QueryOptions,
    *,
    related: Literal["json", "tables"] = "json",
) -> tuple[Table, ...]:
    """Give the tables that a query's records fill, the resource's own first.

    Args:
        name: What the resource is called.
        endpoint: The resource.
        options: What is selected and expanded.
        related: Whether lists that are expanded become a JSON column or a table
            of their own, ``<resource>__<member>``. Other members are JSON, and
            so are all of a resource without a unique key: there is nothing by
            which a row could name its parent.

    Raises:
        QueryError: The catalog does not know the resource's record, or the
            member's.
    """
    if endpoint.record is None:
        message = f"{name}: expected a record that the catalog knows, got none"
        raise QueryError(message)
    namespace: Fields = endpoint.record.fields
    kinds = names_of(type(namespace))
    wanted = _wanted(options, endpoint.key, kinds)
    key = () if endpoint.key is None else (endpoint.key,)
    apart = _apart(endpoint, wanted) if key and related == "tables" else {}
    own = tuple(
        Column(each, _kind(kinds[each])) for each in wanted if each not in apart
    )
    return (Table(name, own, key), *_children(name, apart))


def _wanted(
    options: QueryOptions, key: str | None, kinds: dict[str, type[Any]]
) -> list[str]:
    """Name the columns: fields that come by themselves, and members asked for."""
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    chosen = [name.partition(".")[0] for name in options.select] or plain
    keyed = [key] if key and key not in chosen else []
    return list(dict.fromkeys([*keyed, *chosen, *options.expand]))


def _apart(endpoint: Endpoint[Any], wanted: list[str]) -> dict[str, type[Fields]]:
    """Find the members that are lists of records."""
    record = endpoint.record
    hints = {} if record is None else record.__annotations__
    namespace: Fields | None = None if record is None else record.fields
    kinds = {} if namespace is None else names_of(type(namespace))
    found: dict[str, type[Fields]] = {}
    for name in wanted:
        kind = kinds[name]
        if issubclass(kind, Fields) and str(hints[name]).startswith("list["):
            found[name] = kind
    return found


def _children(name: str, apart: dict[str, type[Fields]]) -> Iterator[Table]:
    for member, namespace in apart.items():
        own = [Column(each, _kind(kind)) for each, kind in names_of(namespace).items()]
        head = Column(PARENT_KEY, "integer"), Column(POSITION, "integer")
        yield Table(f"{name}__{member}", (*head, *own), (PARENT_KEY, POSITION), member)


def _kind(field: type[Any]) -> Kind:
    if issubclass(field, Fields):
        return "json"
    kind: str = field.kind
    return _KINDS.get(kind, "json")


_KINDS: Final[dict[str, Kind]] = {
    "integer": "integer",
    "number": "number",
    "text": "text",
    "enum": "text",
    "boolean": "boolean",
    "datetime": "datetime",
}
