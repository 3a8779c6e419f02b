"""From rows to the JSON that is served. No record is decoded without need."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, defstruct

from sage200_async.sandbox.server.writes import blank
from sage200_async.sandbox.store.rows import encode
from sage200_async.sandbox.store.schema import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.query.options import ParsedQuery, Selection
    from sage200_async.sandbox.store.schema import Table
    from sage200_async.sandbox.store.store import Store

Rows = list[tuple[int, bytes, bytes]]
_STAMPED: Final = (b',"date_time_created":', b',"date_time_updated":')
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_SORTED: Final = {"text": "string", "datetime": "date-time", "enum": "string"}


def collection(
    store: Store, table: Table, asked: ParsedQuery, behaviour: Behaviour
) -> tuple[bytes, int]:
    """Answer a collection request.

    Returns:
        The body, and the number of records in it.
    """
    store.touch(table.path)
    if asked.metadata is not None:
        return metadata(table, behaviour, members=asked.metadata), 0
    total = 0
    if asked.count and behaviour.count_shape != "list":
        sql = f'SELECT count(*) FROM "{table.path}" WHERE {asked.where}'  # noqa: S608 - values are bound
        total = int(store.ask(sql, asked.values)[0][0])
        if behaviour.count_shape != "odata":
            body = total if behaviour.count_shape == "number" else {"count": total}
            return encode(body), 0
    rows = _spoiled(_found(store, table, asked), asked, behaviour)
    page = b"[" + b",".join(served(store, table, rows, asked.selection)) + b"]"
    if asked.count and behaviour.count_shape == "odata":
        page = b'{"@odata.count":%d,"value":%s}' % (total, page)
    elif behaviour.wrap_value:
        page = b'{"value":%s}' % page
    return page, len(rows)


def served(
    store: Store, table: Table, rows: Rows, selection: Selection
) -> Iterable[bytes]:
    """Give the JSON of each row, as the request selects and expands it."""
    bodies: Iterable[bytes] = (body for _, body, _ in rows)
    if selection.scalars is not None:
        bodies = _selected(table, rows, selection.scalars)
    if not selection.members:
        return bodies
    related = _related(store, table, rows, selection.members)
    absent = _absent(store, table, selection.members)
    return [
        _expanded(body, row, selection, related, absent)
        for body, row in zip(bodies, rows, strict=True)
    ]


def metadata(table: Table, behaviour: Behaviour, *, members: bool) -> bytes:
    """Describe the fields of a resource: name, type, and default sort."""
    own = (f"{table.key} asc",) if table.key else ()
    order = [each.partition(" ") for each in table.order or own]
    places = {name: place for place, (name, _, _) in enumerate(order, 1)}
    rising = {name for name, _, direction in order if direction != "desc"}
    fields: list[dict[str, Any]] = [
        {
            "name": name,
            "type": _SORTED.get(kind, kind),
            "sort_order": places.get(name, 0),
            "sort_ascending": name in rising,
        }
        for name, kind in table.shape.scalars.items()
    ]
    if members:
        fields += [
            {
                "name": name,
                "type": "array" if name in table.shape.many else "object",
                "sort_order": 0,
                "sort_ascending": False,
            }
            for name in table.shape.members
        ]
    if behaviour.metadata_shape == "object":
        return encode({field.pop("name"): field for field in fields})
    return encode(fields)


def _found(store: Store, table: Table, asked: ParsedQuery) -> Rows:
    columns = "key, body, ''"
    if asked.selection.members:
        columns = "key, body, members"
    elif asked.selection.scalars == (table.key,):
        columns = "key, '', ''"
    sql = (
        f'SELECT {columns} FROM "{table.path}" WHERE {asked.where} '  # noqa: S608 - values are bound
        f"ORDER BY {asked.order} LIMIT ? OFFSET ?"
    )
    return store.ask(sql, (*asked.values, asked.top, asked.skip))


def _spoiled(rows: Rows, asked: ParsedQuery, behaviour: Behaviour) -> Rows:
    if not (behaviour.out_of_order and asked.follows and len(rows) > 1):
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
    """Make a decoder that keeps these names only, each as it is written."""
    fields = [(name, Raw | msgspec.UnsetType, msgspec.UNSET) for name in names]
    return msgspec.json.Decoder(defstruct("Trimmed", fields))


def _expanded(
    body: bytes,
    row: tuple[int, bytes, bytes],
    selection: Selection,
    related: Mapping[str, Mapping[int, bytes]],
    absent: Mapping[str, bytes],
) -> bytes:
    stored = _OBJECT.decode(row[2])
    parts: list[bytes] = []
    for name in selection.members:
        value = bytes(stored[name]) if name in stored else b""
        if not value and name in related:
            value = related[name].get(row[0], b"")
        value = value or absent.get(name, b"")
        if value and name in selection.inside:
            value = _trimmed(value, selection.inside[name])
        if value:
            parts.append(b'"%s":%s' % (name.encode(), value))
    return _with(body, parts)


def _with(body: bytes, parts: list[bytes]) -> bytes:
    """Put members before the stamps, which the service serves last."""
    if not parts:
        return body
    at = next((i for i in map(body.rfind, _STAMPED) if i >= 0), len(body) - 1)
    comma = b"," if at > 1 else b""
    # A stamp's name cannot occur inside a text: quotes in texts are escaped.
    return body[:at] + comma + b",".join(parts) + body[at:]


def _trimmed(value: bytes, names: Sequence[str]) -> bytes:
    if value[:1] == b"[":
        return encode([_trimmed_object(each, names) for each in _LIST.decode(value)])
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


def _absent(store: Store, table: Table, members: Sequence[str]) -> dict[str, bytes]:
    """Give what is served of members that a record lacks: blanks and empty lists.

    A member that is a record of its own is left out.

    Source: prismatic-io/components, ``examplePayloads.ts``: a null relation is
    an object with noughts and empty texts.
    """
    found: dict[str, bytes] = {}
    for name in members:
        record = table.shape.members[name]
        if record is not None and name in table.shape.many:
            found[name] = b"[]"
        elif record is not None and store.catalog.home(record) is None:
            found[name] = encode(blank(shape_of(record)))
    return found


def _related(
    store: Store, table: Table, rows: Rows, members: Sequence[str]
) -> dict[str, dict[int, bytes]]:
    """Find members that are records of their own: an order's customer.

    Returns:
        For each such member, its JSON by the key of the row that it is for.
    """
    found: dict[str, dict[int, bytes]] = {}
    for name in members:
        home = store.catalog.home(table.shape.members[name])
        link = f"{name}_id"
        if home is None or name in table.shape.many or link not in table.shape.scalars:
            continue
        trim = msgspec.json.Decoder(dict[str, Raw])
        links = {
            key: int(trim.decode(body).get(link, Raw(b"0"))) for key, body, _ in rows
        }
        bodies = store.bodies(home.path, links.values())
        found[name] = {
            key: bodies[other] for key, other in links.items() if other in bodies
        }
    return found
