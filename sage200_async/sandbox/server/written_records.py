"""Replies to writes: which related records come with a new or changed record.

Source:
    prismatic-io/components, ``examplePayloads.ts``: responses to POST and PUT of
    customers, products and ``sop_orders``. That quotes and purchase orders come alike
    is inference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.server.derived_values import ORDER_TRADERS, plain_record
from sage200_async.sandbox.store.records import blank_record
from sage200_async.sandbox.store.rows import encode
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_AFTER: Final = {
    "payment_method_id": "payment_method",
    "declared_payment_remaining": "payment_status",
    "document_discount_percent": "available_document_discount_percent",
}
# Related records that stand among the plain fields: each with the field before it.
_CUSTOMER: Final = {
    "default_tax_code": "tax_codes",
    "country_code": "country_codes",
    "currency": "currencies",
}
_AMENDABLE: Final = {
    "is_partially_invoiced": False,
    "is_amendable": True,
    "is_reference_amendable": True,
    "is_payment_method_amendable": True,
}


def written_json(store: Store, table: Table, record: Values, *, is_new: bool) -> bytes:
    """Return the response to a write.

    Args:
        store: The records.
        table: The resource.
        record: The whole record, as it is stored.
        is_new: Whether it was created; then it and its new rows lack timestamps.
    """
    if table.path in ORDER_TRADERS:
        reply = _order_reply(store, table, record, is_new=is_new)
    else:
        related = set(table.shape.expandables)
        if is_new and table.path == "products":
            related.discard("warehouse_holdings")
        reply = {name: value for name, value in record.items() if name not in related}
    return encode(_without_stamps(reply) if is_new else reply)


def _order_reply(store: Store, table: Table, record: Values, *, is_new: bool) -> Values:
    shape, reply = table.shape, dict[str, Any]()
    trader = ORDER_TRADERS[table.path]
    tail = {*STAMPS, "id"}
    for name in shape.scalars:
        if name in record and name not in tail:
            reply[name] = record[name]
        related = _AFTER.get(name, "")
        if related in shape.fields:
            reply[related] = _inline(shape.expandables, related)
    reply[trader] = _trader(store, trader, record.get(f"{trader}_id", 0))
    if "currency" in shape.expandables:
        reply["currency"] = plain_record(
            store, "currencies", record.get("currency_id", 0)
        )
    if not is_new and record.get("delivery_address"):
        reply["delivery_address"] = record["delivery_address"]
    reply["lines"] = _plain_rows(record.get("lines", ()))
    reply["memos"] = record.get("memos", [])
    if "profitability" in record:
        reply["profitability"] = record["profitability"]
    return reply | {name: record[name] for name in ("id", *STAMPS) if name in record}


def _inline(expandables: Mapping[str, Any], name: str) -> Any:
    """Return a related record without values: zeros and empty texts."""
    if name not in expandables:
        return 0
    if name == "payment_status":
        return _AMENDABLE
    blank = blank_record(shape_of(expandables[name]))
    return {field: value for field, value in blank.items() if field not in STAMPS}


def _trader(store: Store, trader: str, key: int) -> Values:
    """Return an order's customer or supplier with what Sage expands in it."""
    path = f"{trader}s"
    if not store.bodies(path, [key]):
        return {}
    record = store.get(path, key)
    expandables = store.tables[path].shape.expandables
    plain = plain_record(store, path, key)
    stamps = {name: plain.pop(name) for name in ("id", *STAMPS) if name in plain}
    if "main_address" in record:
        plain["main_address"] = record["main_address"]
    for name, other in _CUSTOMER.items():
        plain[name] = plain_record(store, other, record.get(f"{name}_id", 0))
    if "alerts" in expandables:
        plain["alerts"] = record.get("alerts", [])
    return plain | stamps


def _plain_rows(rows: Any) -> list[Values]:
    return [
        {name: value for name, value in row.items() if not is_object(value)}
        for row in rows
    ]


def _without_stamps(value: Values) -> Values:
    """Return a new record without the timestamps of its own and of its new rows."""
    result: Values = {}
    for name, item in value.items():
        if name in STAMPS:
            continue
        if name in {"profitability", "warehouse_holdings", "bin_holdings", "lines"}:
            is_list = is_array(item)
            rows = [_without_stamps(row) for row in item] if is_list else []
            result[name] = rows if is_list else _without_stamps(item)
        else:
            result[name] = item
    if "bin_holdings" in result:  # before the id, where they were seen
        result["id"] = result.pop("id")
    return result
