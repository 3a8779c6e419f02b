"""Request handlers of the resources: list, get, create, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sage200_async.sandbox.query.options import (
    QueryOptionError,
    parse_collection_query,
    parse_record_query,
)
from sage200_async.sandbox.server.actions import run_action
from sage200_async.sandbox.server.derived_values import derived_values
from sage200_async.sandbox.server.http_errors import record_not_found
from sage200_async.sandbox.server.natural_keys import check_unchanged, check_unique
from sage200_async.sandbox.server.nested_paths import Scope, scope_of
from sage200_async.sandbox.server.orders import (
    ORDERS,
    check_lines,
    create_order,
    number_fields,
    update_lines,
    update_order,
)
from sage200_async.sandbox.server.references import check_owner
from sage200_async.sandbox.server.referrers import check_unreferenced
from sage200_async.sandbox.server.responses import (
    collection_json,
    metadata_json,
    record_jsons,
)
from sage200_async.sandbox.server.routes import Route
from sage200_async.sandbox.server.stock import release, rename_warehouse
from sage200_async.sandbox.server.validation import (
    BodyReader,
    parse_json,
    require_object,
)
from sage200_async.sandbox.server.written_records import written_json
from sage200_async.sandbox.store.records import WriteError
from sage200_async.wire.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

Response = tuple[bytes, int]
"""A response body, and how many records are in it."""


class ApiRequest(Struct, frozen=True):
    """A request whose path and verb are known."""

    route: Route
    verb: str
    parents: tuple[int, ...]
    """The ids in the path, without that of the record itself."""
    key: int | None
    """The id of the record; None for a collection."""
    query: dict[str, str]
    body: bytes
    salt: int
    """A number that makes an unspecified order differ each time."""


def handle(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    """Carry out a request.

    Raises:
        HttpError: The record, or a parent of it, does not exist.
        QueryOptionError: The service would refuse the query options.
        FilterError: The service would refuse the ``$filter``.
        WriteError: The service would refuse the body.
    """
    store.touch_owners = behaviour.touch_owners
    if request.verb not in {"list", "get"} and request.query:
        raise QueryOptionError("No query parameter is supported here.")
    if not request.route.has_table:
        return _act(store, request, behaviour)
    if request.verb in {"list", "get"}:
        return _HANDLERS[request.verb](store, request, behaviour)
    with store.database.lock:  # nothing changes between the checks and the write
        return _HANDLERS[request.verb](store, request, behaviour)


def _act(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    body = require_object(parse_json(request.body))
    with store.database.transaction():
        return run_action(store, request.route, request.key, body, behaviour), 0


def _list(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    scope = scope_of(store, request.route, request.parents)
    table = store.tables[request.route.name]
    query = parse_collection_query(table, request.query, behaviour, request.salt)
    if table.path == "sites" and behaviour.empty_sites:
        return b"[]", 0
    if table.path == "sites" and not behaviour.tenant_ids:
        query = query.without("tenant_id", table)
    query = query.narrowed(scope.where, scope.values)
    return collection_json(store, table, query, behaviour)


def _get(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    table = store.tables[request.route.name]
    selection, metadata = parse_record_query(table, request.query, behaviour)
    key = _require_record(store, request)
    if metadata is not None and behaviour.metadata_by_id == "fields":
        return metadata_json(table, behaviour, with_expandables=metadata), 0
    sql = f'SELECT key, body, expandables FROM "{table.path}" WHERE key = ?'  # noqa: S608 - the catalog's
    rows = store.execute(sql, (key,))
    return b"".join(record_jsons(store, table, rows, selection)), 1


def _create(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    scope = scope_of(store, request.route, request.parents)
    body = require_object(parse_json(request.body))
    store.ensure_table(request.route.name)  # so that it stays if this is refused
    with store.database.transaction():
        return _create_record(store, request.route, body, scope, behaviour), 0


def _update(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    key = _require_record(store, request)
    table = store.tables[request.route.name]
    body = require_object(parse_json(request.body))
    return _update_record(store, table, key, body, behaviour), 0


def _update_many(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    """Update, add and remove rows one after the other, until one is refused."""
    rows = parse_json(request.body)
    if not is_array(rows):
        raise WriteError("The body must be a JSON array.")
    table, written = store.tables[request.route.name], list[bytes]()
    for row in rows:
        body = require_object(row)
        key = body.get("id")
        with store.database.transaction():
            if not key:
                written.append(
                    _create_record(store, request.route, body, Scope(), behaviour)
                )
            elif body.get("is_to_delete"):
                _delete_record(store, table, key, behaviour)
            else:
                written.append(_update_record(store, table, key, body, behaviour))
    return b"[" + b",".join(written) + b"]", 0


def _delete(store: Store, request: ApiRequest, behaviour: Behaviour) -> Response:
    key = _require_record(store, request)
    with store.database.transaction():
        _delete_record(store, store.tables[request.route.name], key, behaviour)
    return b"", 0


_HANDLERS: Final[dict[str, Callable[[Store, ApiRequest, Behaviour], Response]]] = {
    "list": _list,
    "get": _get,
    "create": _create,
    "update": _update,
    "update_many": _update_many,
    "delete": _delete,
}


def _require_record(store: Store, request: ApiRequest) -> int:
    """Return the key of the record that a path names, if it exists below its parents.

    A single object has no id in its path; its key is the lowest.
    """
    scope = scope_of(store, request.route, request.parents)
    table = store.tables[request.route.name]
    store.ensure_table(table.path)
    if request.key is None:
        return min(store.keys(table.path), default=0)
    sql = f'SELECT 1 FROM "{table.path}" WHERE key = ? AND {scope.where}'  # noqa: S608 - the catalog's
    if not store.execute(sql, (request.key, *scope.values)):
        raise record_not_found(table, request.key)
    return request.key


def _create_record(
    store: Store, route: Route, body: Values, scope: Scope, behaviour: Behaviour
) -> bytes:
    table = store.tables[route.name]
    reader = BodyReader(store, behaviour)
    values = reader.values(table.shape, body)
    values.pop(table.key, None)
    values |= scope.links | number_fields(store, table, body, None)
    reader.require(table.shape, values)
    check_lines(table, values.get("lines", []), behaviour)
    if behaviour.duplicate_keys == "refuse":
        check_unique(store, table, values, 0)
    values |= derived_values(store, table, values)
    check_owner(store, table, values)
    if table.path in ORDERS:
        record = create_order(store, table, values)
    else:
        record = store.insert(table.path, values, scope.parent)
    return written_json(store, table, record, is_new=True)


def _update_record(
    store: Store, table: Table, key: int, body: Values, behaviour: Behaviour
) -> bytes:
    reader = BodyReader(store, behaviour)
    has_lines = table.path in ORDERS and is_array(body.get("lines"))
    rows = body.pop("lines") if has_lines else ()
    values = reader.values(table.shape, body)
    old = _existing(store, table, key)
    if behaviour.changed_references == "refuse":
        check_unchanged(store, table, values, key)
    if behaviour.duplicate_keys == "refuse":
        check_unique(store, table, values, key)
    values |= number_fields(store, table, body, old)
    if table.path in ORDERS:
        record = update_order(store, table, old, values)
    else:
        record = store.update(table.path, key, values)
    if table.path == "warehouses" and "name" in values:
        rename_warehouse(store, key, values["name"])
    lines = reader.rows(table.shape, "lines", rows)
    record = update_lines(store, table, record, lines, behaviour)
    return written_json(store, table, record, is_new=False)


def _delete_record(store: Store, table: Table, key: int, behaviour: Behaviour) -> None:
    old = _existing(store, table, key)
    if behaviour.referenced_deletes == "refuse":
        check_unreferenced(store, table, old, key)
    if table.path == "sop_orders":
        release(store, old.get("lines", ()))
    store.delete(table.path, key)


def _existing(store: Store, table: Table, key: int) -> Values:
    """Return the record that a write changes or removes."""
    try:
        return store.get(table.path, key)
    except KeyError:
        raise record_not_found(table, key) from None
