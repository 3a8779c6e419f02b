"""Actions: POSTs to paths that have no records, such as postings and copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.query.endpoint import load_record
from sage200_async.sandbox.data.values import ValueGenerator
from sage200_async.sandbox.schema.naming import singular
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.server.http_errors import record_not_found
from sage200_async.sandbox.server.orders import DRAFT, ORDERS
from sage200_async.sandbox.server.postings import allocate_transactions, post
from sage200_async.sandbox.server.validation import BodyReader
from sage200_async.sandbox.store.records import WriteError, blank_record
from sage200_async.sandbox.store.rows import encode
from sage200_async.wire.json_types import is_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.schema.tables import Shape, Table
    from sage200_async.sandbox.server.routes import Route
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_COPY_FIELDS: Final = {"new_code": "code", "new_name": "name"}
_SAMPLES: Final = 2


def run_action(
    store: Store,
    route: Route,
    key: int | None,
    body: Values,
    behaviour: Behaviour,
) -> bytes:
    """Return the response to an action.

    Raises:
        WriteError: The service would refuse the body.
        HttpError: It refers to a record that does not exist.

    Source:
        The OpenAPI documents: postings return a URN, ``*_new`` stores nothing,
        ``*_duplicate`` makes a draft.
    """
    record = route.reply_record or route.model
    base, _, action = route.name.rpartition("_")
    values = _read_body(store, route, key, body, behaviour)
    if route.name == "sales_allocations":
        with store.database.transaction():
            allocate_transactions(store, route.name, values)
    if record is None:
        return encode(values)
    if shape_of(record).scalars.keys() == {"urn"}:
        with store.database.transaction():
            urn = post(store, route.name, values)
        return encode({"urn": str(urn) if behaviour.urn_as == "text" else urn})
    if action == "new":
        return encode(_with_defaults(store, base, record, key, values))
    if action == "duplicate":
        return encode(_duplicate(store, store.tables[base], values))
    if route.returns_many:
        return encode(_samples(store, record))
    return encode(_referenced_record(store, record, body | values))


def _read_body(
    store: Store, route: Route, key: int | None, body: Values, behaviour: Behaviour
) -> Values:
    """Return the values of a body, checked if its type is known."""
    if route.model is None:
        return body
    shape, reader = shape_of(route.model), BodyReader(store, behaviour)
    values = reader.values(shape, body)
    if key is None:
        reader.require(shape, values)
    return values


def _with_defaults(
    store: Store,
    base: str,
    record: type[Record] | str,
    key: int | None,
    values: Values,
) -> Values:
    """Return a new or an existing record with *values*, without storing it."""
    shape = shape_of(record)
    if key is None:
        return blank_record(shape) | _fields_of(shape, values)
    try:
        return store.get(base, key) | _fields_of(shape, values)
    except KeyError:
        raise record_not_found(store.tables[base], key) from None


def _duplicate(store: Store, table: Table, values: Values) -> Values:
    """Copy a record with its related records; orders become drafts."""
    source = values.get("source_id", 0)
    try:
        old = store.get(table.path, source)
    except KeyError:
        raise record_not_found(table, source) from None
    copy = _without_ids(old)
    if "code" in copy:
        copy["code"] = f"{copy['code']}-2"
    copy |= _fields_of(
        table.shape, {_COPY_FIELDS.get(k, k): v for k, v in values.items()}
    )
    if table.path in ORDERS:
        copy |= DRAFT
    if "code" in table.shape.required and store.exists(
        table.path, {"code": copy["code"]}
    ):
        raise WriteError("The code already exists.")
    return store.insert(table.path, copy)


def _without_ids(record: Mapping[str, Any]) -> Values:
    """Return a record and its rows without ids and timestamps."""
    return {
        name: [_without_ids(row) for row in value] if is_array(value) else value
        for name, value in record.items()
        if name not in {"id", "date_time_created", "date_time_updated"}
    }


def _samples(store: Store, model: type[Record] | str) -> list[Values]:
    """Return made-up records, which are not stored."""
    generator = ValueGenerator(store.tables, lambda path: store.keys(path)[:1])
    record = load_record(model)
    if record is None:
        return []
    return [generator.record(record, "", index) for index in range(_SAMPLES)]


def _referenced_record(
    store: Store, record: type[Record] | str, values: Values
) -> Values:
    """Return the record that a body refers to, or else a new one of its values."""
    shape, table = shape_of(record), store.catalog.table_of(record)
    key = 0
    if table is not None:
        key = values.get("id") or values.get(f"{singular(table.path)}_id") or 0
    if table is not None and key:
        try:
            return store.get(table.path, key)
        except KeyError:
            raise record_not_found(table, key) from None
    return blank_record(shape) | _fields_of(shape, values)


def _fields_of(shape: Shape, values: Values) -> Values:
    """Return the values that a record type has fields or related records for."""
    return {
        name: value
        for name, value in values.items()
        if name in shape.scalars
        or (name in shape.expandables and is_array(value) is (name in shape.lists))
    }
