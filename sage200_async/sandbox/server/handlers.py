"""What a request about records brings: reading, and writing by the rules known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.sandbox.query.options import (
    QueryOptionError,
    question,
    question_about_one,
)
from sage200_async.sandbox.server import writes
from sage200_async.sandbox.server.actions import act
from sage200_async.sandbox.server.http_errors import missing
from sage200_async.sandbox.server.orders import NUMBERED, applied, check_lines, numbered
from sage200_async.sandbox.server.responses import collection, metadata, served
from sage200_async.sandbox.server.routes import Route
from sage200_async.sandbox.server.scope import Scope, scope_of
from sage200_async.sandbox.server.writes import WriteError
from sage200_async.sandbox.store.rows import decode, encode
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Table
    from sage200_async.sandbox.store.store import Store

Body = tuple[bytes, int]
"""A body, and how many records are in it."""
_ACCOUNT: Final = (
    "The account reference already exists. You cannot have two accounts with the same "
    "account reference."
)
# Sage 200 API guide, "Getting started".
_PRODUCT: Final = (
    "The product code already exists. You cannot have two products with the same "
    "product code."
)
_UNIQUE: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "customers": (("reference",), _ACCOUNT),
    "suppliers": (("reference",), _ACCOUNT),
    "nominal_codes": (("reference", "cost_centre_id", "department_id"), _ACCOUNT),
    "products": (("code",), _PRODUCT),
}
_CODE: Final = (
    "The code already exists. You cannot have two records with the same code."
)


class Asked(Struct, frozen=True):
    """A request that has found its route."""

    route: Route
    verb: str
    parents: tuple[int, ...]
    key: int | None
    query: dict[str, str]
    body: bytes
    salt: int
    """A number that makes an unspecified order differ each time."""


def answer(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    """Answer a request.

    Raises:
        Problem: There is no such record, or no such parent.
        QueryOptionError: The options are not what the service takes.
        FilterError: The same, of ``$filter``.
        WriteError: The body is not what the service takes.
    """
    store.parts_move_owners = behaviour.parts_move_owners
    if asked.verb not in {"list", "get"} and asked.query:
        raise QueryOptionError("No query parameter is supported here.")
    if not asked.route.kept:
        return act(store, asked.route, asked.key, _object(asked.body), behaviour), 0
    return _VERBS[asked.verb](store, asked, behaviour)


def _list(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    scope = scope_of(store, asked.route, asked.parents)
    table = store.tables[asked.route.name]
    found = question(table, asked.query, behaviour, asked.salt)
    if table.path == "sites" and behaviour.empty_sites:
        return b"[]", 0
    return collection(store, table, found.within(scope.where, scope.values), behaviour)


def _get(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    table = store.tables[asked.route.name]
    chosen, members = question_about_one(table, asked.query, behaviour)
    key = _found(store, asked)[0]
    if members is not None:
        return metadata(table, behaviour, members=members), 0
    sql = f'SELECT key, body, members FROM "{table.path}" WHERE key = ?'  # noqa: S608 - the catalog's
    return b"".join(served(store, table, store.ask(sql, (key,)), chosen)), 1


def _create(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    scope = scope_of(store, asked.route, asked.parents)
    body = _object(asked.body)
    return _created(store, asked.route, body, scope, behaviour), 0


def _update(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    key, _ = _found(store, asked)
    table = store.tables[asked.route.name]
    record = _changed(store, table, key, _object(asked.body), behaviour)
    return _shown(table, record, new=False), 0


def _update_many(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    """Change, add and remove rows, one after the other until one is refused."""
    rows = _parsed(asked.body)
    if not is_array(rows):
        raise WriteError("The body must be a JSON array.")
    table, shown = store.tables[asked.route.name], list[bytes]()
    for row in rows:
        body = _only_object(row)
        key = body.get("id")
        if not key:
            made = _created(store, asked.route, body, Scope(), behaviour)
            shown.append(made)
        elif body.get("is_to_delete"):
            _deleted(store, table, key)
        else:
            changed = _changed(store, table, key, body, behaviour)
            shown.append(_shown(table, changed, new=False))
    return b"[" + b",".join(shown) + b"]", 0


def _delete(store: Store, asked: Asked, behaviour: Behaviour) -> Body:
    del behaviour
    key, _ = _found(store, asked)
    _deleted(store, store.tables[asked.route.name], key)
    return b"", 0


_VERBS: Final[dict[str, Callable[[Store, Asked, Behaviour], Body]]] = {
    "list": _list,
    "get": _get,
    "create": _create,
    "update": _update,
    "update_many": _update_many,
    "delete": _delete,
}


def _found(store: Store, asked: Asked) -> tuple[int, Scope]:
    """Make sure that there is the record that a path names."""
    scope = scope_of(store, asked.route, asked.parents)
    table = store.tables[asked.route.name]
    store.touch(table.path)
    if asked.key is None:
        return min(store.keys(table.path), default=0), scope
    sql = f'SELECT 1 FROM "{table.path}" WHERE key = ? AND {scope.where}'  # noqa: S608 - the catalog's
    if not store.ask(sql, (asked.key, *scope.values)):
        raise missing(table, asked.key)
    return asked.key, scope


def _created(
    store: Store, route: Route, body: Values, scope: Scope, behaviour: Behaviour
) -> bytes:
    table = store.tables[route.name]
    values = writes.accepted(table.shape, body, bare_dates=behaviour.bare_dates)
    values.pop(table.key, None)
    values |= scope.links | numbered(store, table, body, None)
    if name := writes.missing(table.shape, values):
        raise WriteError(f"{name}: a value is required.")
    check_lines(table, values.get("lines", []))
    _refuse_duplicate(store, table, values, 0)
    try:
        record = store.insert(table.path, values, scope.parent)
    except KeyError:
        part = store.parts.holding(table.path)
        name = "" if part is None else part.link
        raise WriteError(f"{name}: an existing record is expected.") from None
    return _shown(table, record, new=True)


def _changed(
    store: Store, table: Table, key: int, body: Values, behaviour: Behaviour
) -> Values:
    values = writes.accepted(table.shape, body, bare_dates=behaviour.bare_dates)
    try:
        _refuse_duplicate(store, table, values, key)
        values |= numbered(store, table, body, store.get(table.path, key))
        return applied(store, table, key, values)
    except KeyError:
        raise missing(table, key) from None


def _deleted(store: Store, table: Table, key: int) -> None:
    try:
        store.delete(table.path, key)
    except KeyError:
        raise missing(table, key) from None


def _refuse_duplicate(store: Store, table: Table, values: Values, key: int) -> None:
    names, message = _UNIQUE.get(table.path, ((), ""))
    if not names and "code" in table.shape.required:
        names, message = ("code",), _CODE
    if values.keys().isdisjoint(names):
        return
    old = store.get(table.path, key) if key else writes.blank(table.shape)
    after = {name: (old | values).get(name) for name in names}
    if after[names[0]] and store.holds(table.path, after, but=key):
        raise WriteError(message)


def _shown(table: Table, record: Values, *, new: bool) -> bytes:
    """Write the answer to a write: orders come expanded, new records without stamps."""
    # prismatic-io/components, examplePayloads.ts: replies to POST sop_orders.
    expanded = table.path in NUMBERED
    left_out: set[str] = set() if expanded else set(table.shape.members)
    if new:
        left_out |= {"date_time_created", "date_time_updated"}
    return encode({k: value for k, value in record.items() if k not in left_out})


def _parsed(body: bytes) -> Any:
    try:
        return decode(body)
    except ValueError as error:
        raise WriteError(f"The body is no JSON: {error}") from error


def _object(body: bytes) -> Values:
    return _only_object(_parsed(body))


def _only_object(value: Any) -> Values:
    if not is_object(value):
        raise WriteError("The body must be a JSON object.")
    return dict(value)
