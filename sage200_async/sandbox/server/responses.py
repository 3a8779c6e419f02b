"""Response bodies: rows as JSON, selected and expanded, decoded only where needed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, defstruct

from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.store.records import blank_record
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.query.options import ParsedQuery, Selection
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.store import Store

Rows = list[tuple[int, bytes, bytes]]
"""Rows as they are read: a key, plain fields and related records as JSON."""
_STAMP_STARTS: Final = (b',"date_time_created":', b',"date_time_updated":')
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_TYPE_NAMES: Final = {"text": "string", "datetime": "date-time", "enum": "string"}


def collection_json(
    store: Store, table: Table, query: ParsedQuery, behaviour: Behaviour
) -> tuple[bytes, int]:
    """Return a page, a count or metadata, as the query asks.

    Returns:
        The body, and the number of records in it.
    """
    if query.metadata is not None:
        return metadata_json(table, behaviour, with_expandables=query.metadata), 0
    total = 0
    if query.count and behaviour.count_shape != "list":
        sql = f'SELECT count(*) FROM "{table.path}" WHERE {query.where}'  # noqa: S608 - values are bound
        total = int(store.execute(sql, query.values)[0][0])
        if behaviour.count_shape != "odata":
            body = total if behaviour.count_shape == "number" else {"count": total}
            return encode(body), 0
    rows = _disordered(_fetch(store, table, query), query, behaviour)
    page = b"[" + b",".join(record_jsons(store, table, rows, query.selection)) + b"]"
    if query.count and behaviour.count_shape == "odata":
        page = b'{"@odata.count":%d,"value":%s}' % (total, page)
    elif behaviour.wrap_value:
        page = b'{"value":%s}' % page
    return page, len(rows)


def record_jsons(
    store: Store, table: Table, rows: Rows, selection: Selection
) -> Iterable[bytes]:
    """Return the JSON of each row, selected and expanded."""
    bodies: Iterable[bytes] = (body for _, body, _ in rows)
    if selection.scalars is not None:
        bodies = _selected(table, rows, selection.scalars)
    if not selection.expandables:
        return bodies
    linked = _linked_records(store, table, rows, selection.expandables)
    defaults = _defaults(store, table, selection.expandables)
    return [
        _expand(body, row, selection, linked, defaults)
        for body, row in zip(bodies, rows, strict=True)
    ]


def metadata_json(
    table: Table, behaviour: Behaviour, *, with_expandables: bool
) -> bytes:
    """Return the response to ``$metadata``: name, type and default sort of each field."""
    own = (f"{table.key} asc",) if table.key else ()
    order = [term.partition(" ") for term in table.default_order or own]
    positions = {name: number for number, (name, _, _) in enumerate(order, 1)}
    ascending = {name for name, _, direction in order if direction != "desc"}
    fields: list[dict[str, Any]] = [
        {
            "name": name,
            "type": _TYPE_NAMES.get(kind, kind),
            "sort_order": positions.get(name, 0),
            "sort_ascending": name in ascending,
        }
        for name, kind in table.shape.scalars.items()
    ]
    if with_expandables:
        fields += [
            {
                "name": name,
                "type": "array" if name in table.shape.lists else "object",
                "sort_order": 0,
                "sort_ascending": False,
            }
            for name in table.shape.expandables
        ]
    if behaviour.metadata_shape == "object":
        return encode({field.pop("name"): field for field in fields})
    return encode(fields)


def _fetch(store: Store, table: Table, query: ParsedQuery) -> Rows:
    columns = "key, body, ''"
    if query.selection.expandables:
        columns = "key, body, expandables"
    elif query.selection.scalars == (table.key,):
        columns = "key, '', ''"
    page = f"WHERE {query.where} ORDER BY {query.order_by} LIMIT ? OFFSET ?"
    sql = f'SELECT {columns} FROM "{table.path}" {page}'  # noqa: S608 - values are bound
    if table.is_derived and query.order_by != "key":
        # SQLite would make every row that it sorts, to throw most of them away.
        keys = f'SELECT key AS id FROM "{table.path}" {page}'  # noqa: S608 - values are bound
        sql = f'SELECT {columns} FROM ({keys}) CROSS JOIN "{table.path}" ON key = id'  # noqa: S608 - values are bound
    return store.execute(sql, (*query.values, query.top, query.skip))


def _disordered(rows: Rows, query: ParsedQuery, behaviour: Behaviour) -> Rows:
    if not (behaviour.out_of_order and query.is_later_page and len(rows) > 1):
        return rows
    if behaviour.out_of_order == "reverse":
        return rows[::-1]
    return [rows[1], rows[0], *rows[2:]]


def _selected(table: Table, rows: Rows, names: tuple[str, ...]) -> Iterable[bytes]:
    if names == (table.key,):
        return [b'{"%s":%d}' % (table.key.encode(), key) for key, _, _ in rows]
    trim = _trimmer(names)
    return [encode(trim.decode(body)) for _, body, _ in rows]


@functools.lru_cache(maxsize=256)
def _trimmer(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return a decoder that keeps only these names, their values as they are."""
    fields = [(name, Raw | msgspec.UnsetType, msgspec.UNSET) for name in names]
    return msgspec.json.Decoder(defstruct("Trimmed", fields))


def _expand(
    body: bytes,
    row: tuple[int, bytes, bytes],
    selection: Selection,
    linked: Mapping[str, Mapping[int, bytes]],
    defaults: Mapping[str, bytes],
) -> bytes:
    """Add the related records of a row to its body."""
    stored = _OBJECT.decode(row[2])
    parts: list[bytes] = []
    for name in selection.expandables:
        value = bytes(stored[name]) if name in stored else b""
        if not value and name in linked:
            value = linked[name].get(row[0], b"")
        value = value or defaults.get(name, b"")
        if value and name in selection.related_fields:
            value = _trimmed(value, selection.related_fields[name])
        if value:
            parts.append(b'"%s":%s' % (name.encode(), value))
    return _insert(body, parts)


def _insert(body: bytes, parts: list[bytes]) -> bytes:
    """Insert related records before the timestamps, which the service serves last."""
    if not parts:
        return body
    at = next((i for i in map(body.rfind, _STAMP_STARTS) if i >= 0), len(body) - 1)
    comma = b"," if at > 1 else b""
    # The name of a timestamp cannot occur in a text, where quotes are escaped.
    return body[:at] + comma + b",".join(parts) + body[at:]


def _trimmed(value: bytes, names: Sequence[str]) -> bytes:
    if value[:1] == b"[":
        return encode([_trimmed_object(row, names) for row in _LIST.decode(value)])
    return encode(_trimmed_object(_OBJECT.decode(value), names))


def _trimmed_object(value: dict[str, Raw], names: Sequence[str]) -> dict[str, Raw]:
    heads: dict[str, list[str]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        heads.setdefault(head, []).append(rest)
    return {
        name: Raw(_trimmed(bytes(raw), heads[name])) if all(heads[name]) else raw
        for name, raw in value.items()
        if name in heads
    }


def _defaults(store: Store, table: Table, names: Sequence[str]) -> dict[str, bytes]:
    """Return what is served for related records that a record lacks.

    A list is empty, an object is blank; one that has a table of its own is
    left out.

    Source:
        prismatic-io/components, ``examplePayloads.ts``: a null relation is an
        object with zeros and empty texts.
    """
    defaults: dict[str, bytes] = {}
    for name in names:
        record = table.shape.expandables[name]
        if record is not None and name in table.shape.lists:
            defaults[name] = b"[]"
        elif record is not None and store.catalog.table_of(record) is None:
            defaults[name] = encode(blank_record(shape_of(record)))
    return defaults


def _linked_records(
    store: Store, table: Table, rows: Rows, names: Sequence[str]
) -> dict[str, dict[int, bytes]]:
    """Return related records that are linked by id, such as an order's customer.

    Returns:
        For each of these *names*, the JSON by the key of the row that it is for.
    """
    linked: dict[str, dict[int, bytes]] = {}
    for name in names:
        linked_table = store.catalog.table_of(table.shape.expandables[name])
        link = f"{name}_id"
        if (
            linked_table is None
            or name in table.shape.lists
            or link not in table.shape.scalars
        ):
            continue
        links = {
            key: int(_OBJECT.decode(body).get(link, Raw(b"0"))) for key, body, _ in rows
        }
        bodies = store.bodies(linked_table.path, links.values())
        linked[name] = {
            key: bodies[other] for key, other in links.items() if other in bodies
        }
    return linked
