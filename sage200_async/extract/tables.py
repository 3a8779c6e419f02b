"""A resource as tables, with columns from the catalog: an empty one has them, too."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from sage200_async.errors import QueryError
from sage200_async.odata.namespaces import Fields, OpaqueFields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async.odata.options import QueryOptions
    from sage200_async.query.endpoint import Endpoint
    from sage200_async.query.records import Record

Row = tuple[Any, ...]
"""int, `Decimal`, str, bool, an aware `datetime` in UTC, None, or JSON as text."""

Kind = Literal["integer", "number", "text", "boolean", "datetime", "json"]

PARENT_KEY: Final = "_parent_key"
"""The column with the key of the parent, in a table of related records."""
POSITION: Final = "_position"
"""The column with the position in the parent's list, in a table of related records."""


Related = Literal["json", "tables", "nested"]
"""How lists of related records are stored."""


class Column(Struct, frozen=True, omit_defaults=True):
    """One column."""

    name: str
    kind: Kind
    """``number`` is a decimal, ``datetime`` is in UTC, ``json`` are related records."""
    fields: tuple[Column, ...] = ()
    """The fields of related records where they are nested; in rows they are JSON."""
    many: bool = False
    """Whether they are in a list."""


class Table(Struct, frozen=True):
    """One table: of a resource, or of the related records in one of its lists."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """The columns of the primary key; none if the resource has no unique key."""
    expandable: str = ""
    """The name of the related records; empty for the resource itself."""


def tables_of(
    name: str,
    endpoint: Endpoint[Any],
    options: QueryOptions,
    *,
    related: Related = "json",
) -> tuple[Table, ...]:
    """Return the tables that the records of a query fill, the resource's own first.

    Args:
        name: The name of the resource's own table.
        endpoint: The resource.
        options: What is selected and expanded.
        related: Whether expanded lists become a JSON column, a table of their
            own, ``<resource>__<list>``, or nested lists. A single related record is
            nested, too, or else JSON; and so are all of a resource without a unique
            key instead of tables: no row could name its parent.

    Raises:
        QueryError: The catalog does not have the resource's record.
    """
    if endpoint.record is None:
        message = f"{name}: the catalog has no record for {endpoint.path}"
        raise QueryError(f"{message}, so its columns are unknown")
    namespace: Fields = endpoint.record.fields
    kinds = names_of(type(namespace))
    names = _column_names(options, endpoint.key, kinds)
    key = () if endpoint.key is None else (endpoint.key,)
    lists = _lists(endpoint.record, names) if key and related == "tables" else {}
    paths = [path.split(".") for path in options.expand] if related == "nested" else []
    columns = tuple(
        _column(endpoint.record, column, paths)
        for column in names
        if column not in lists
    )
    return (Table(name, columns, key), *_related_tables(name, lists))


def _column_names(
    options: QueryOptions, key: str | None, kinds: dict[str, type[Any]]
) -> list[str]:
    """Return the key, the selected fields (by default all), and what is expanded."""
    plain = [name for name, kind in kinds.items() if not issubclass(kind, Fields)]
    selected = [name.partition(".")[0] for name in options.select] or plain
    keyed = [key] if key and key not in selected else []
    expanded = [path.partition(".")[0] for path in options.expand]
    return list(dict.fromkeys([*keyed, *selected, *expanded]))


def _column(record: type[Record], name: str, paths: Iterable[list[str]]) -> Column:
    """Return a column; its fields where one of *paths* expands it."""
    namespace: Fields = record.fields
    kind: type[Any] = names_of(type(namespace))[name]
    below = [path[1:] for path in paths if path[0] == name]
    related: Any = _related_record(record, name) if below else None
    if related is None or issubclass(kind, OpaqueFields):
        return Column(name, _kind(kind))
    deeper = [path for path in below if path]
    theirs: Fields = related.fields
    known = names_of(type(theirs))
    plain = [one for one, of in known.items() if not issubclass(of, Fields)]
    expanded = [path[0] for path in deeper if path[0] in known]
    names = dict.fromkeys([*plain, *expanded])
    fields = tuple(_column(related, one, deeper) for one in names)
    return Column(name, "json", fields, _is_list(record, name))


def _related_record(record: type[Record], name: str) -> Any:
    """Return the record that a field of *record* holds, one or a list, or None."""
    words = _WORD.findall(str(record.__annotations__.get(name)))
    names = vars(sys.modules[record.__module__])
    kinds = (names.get(word) for word in words)
    return next((kind for kind in kinds if hasattr(kind, "fields")), None)


_WORD: Final = re.compile(r"\w+")


def _is_list(record: type[Record], name: str) -> bool:
    return str(record.__annotations__.get(name)).startswith("list[")


def _lists(record: type[Record], names: list[str]) -> dict[str, type[Fields]]:
    """Return those of *names* that are lists of related records, with their fields."""
    namespace: Fields = record.fields
    kinds = names_of(type(namespace))
    return {
        name: kind
        for name in names
        if issubclass(kind := kinds[name], Fields) and _is_list(record, name)
    }


def _related_tables(name: str, lists: dict[str, type[Fields]]) -> Iterator[Table]:
    for expandable, namespace in lists.items():
        kinds = names_of(namespace)
        columns = [Column(field, _kind(kind)) for field, kind in kinds.items()]
        own = Column(PARENT_KEY, "integer"), Column(POSITION, "integer")
        key = PARENT_KEY, POSITION
        yield Table(f"{name}__{expandable}", (*own, *columns), key, expandable)


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
