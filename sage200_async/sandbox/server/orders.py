"""The rules of orders and quotes: drafts, document numbers, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.server.derived_values import (
    ORDER_TRADERS,
    derived_line,
    line_sums,
    number,
    order_sums,
)
from sage200_async.sandbox.server.stock import allocate, release
from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

ORDERS: Final = frozenset(ORDER_TRADERS)
"""Resources whose records can be drafts."""
_REQUIRED: Final[dict[str, dict[str, str]]] = {
    "Standard": {"product_id": "", "warehouse_id": ""},
    "FreeText": {"description": ""},
    "Comment": {"description": ""},
    "Charge": {"code": "description"},
}
# The fields that each type of line requires, each with its alternative.
_KEPT: Final = (
    "line_type",
    "line_quantity",
    "unit_discount_percent",
    "unit_discount_value",
    "requested_delivery_date",
    "promised_delivery_date",
)
# What a line keeps if it is moved to another product.
DRAFT: Final = {"is_draft": True, "document_no": "TBA"}
"""Fields of a draft. Source: prismatic-io/components, examplePayloads.ts."""


def number_fields(
    store: Store, table: Table, body: Mapping[str, Any], old: Mapping[str, Any] | None
) -> Values:
    """Return the document number that a write gives an order, or none.

    With ``is_editing`` true a new order is a draft; with false it is confirmed.

    Args:
        store: The records.
        table: The order's resource.
        body: The request's body.
        old: The order before; None for a new one.

    Source:
        The OpenAPI documents, ``sop_orders``.
    """
    if table.path not in ORDERS or "is_draft" not in table.shape.scalars:
        return {}
    editing = body.get("is_editing")
    if old is None and editing is True:
        return dict(DRAFT)
    if old is None or (old.get("is_draft") and editing is False):
        number = (
            body.get("document_no") or f"{_last_number(store, table.path) + 1:010d}"
        )
        return {"is_draft": False, "document_no": number}
    return {}


def create_order(store: Store, table: Table, values: Values) -> Values:
    """Add an order with its lines' sums and its own."""
    lines = [
        derived_line(store, table, values, line, number)
        for number, line in enumerate(values.get("lines", ()), 1)
    ]
    order = store.insert(table.path, {"memos": [], **values, "lines": lines})
    return _with_sums(store, table, order, {line["id"] for line in order["lines"]})


def update_order(
    store: Store, table: Table, old: Values, values: Mapping[str, Any]
) -> Values:
    """Change an order but for its lines, and what follows from that.

    A draft that is confirmed takes stock for its lines, as a new order does.

    Args:
        store: The records.
        table: The order's resource.
        old: The order as it is stored.
        values: The fields to change.
    """
    order = store.update(table.path, old["id"], values)
    is_confirmed = old.get("is_draft") and not order.get("is_draft")
    if not is_confirmed and "document_discount_percent" not in values:
        return order
    lines = order.get("lines", ())
    changed = {line["id"] for line in lines if is_confirmed}
    return _with_sums(store, table, order, changed)


def update_lines(
    store: Store,
    table: Table,
    order: Values,
    lines: Iterable[Mapping[str, Any]],
    behaviour: Behaviour,
) -> Values:
    """Write lines of an order one after the other.

    If one is refused, those before it are saved and those after it are not tried.

    Args:
        store: The records.
        table: The order's resource.
        order: The order as it is stored.
        lines: What to write; each is read when its turn has come.
        behaviour: The sandbox's switches.

    Returns:
        The order after them.

    Raises:
        WriteError: A line is refused.

    Source:
        The OpenAPI documents, PUT of ``sop_orders`` and ``pop_orders``.
    """
    for line in lines:
        check_lines(table, [line], behaviour)
        with store.database.transaction():
            order = _write_line(store, table, order, line)
    return order


def _write_line(
    store: Store, table: Table, order: Values, line: Mapping[str, Any]
) -> Values:
    """Add, change or remove one line of an order."""
    lines: list[Values] = order.get("lines", [])
    old = next((row for row in lines if row["id"] == line.get("id")), None)
    if old is None and not line.get("id"):
        last = max((row.get("line_number", 0) for row in lines), default=0)
        row = derived_line(store, table, order, line, last + 1)
    elif old is not None and line.get("is_to_delete"):
        row = dict(line)
        release(store, [old])
    else:
        row = _changed_line(store, table, order, old or {}, line)
    before = {row["id"] for row in lines}
    order = store.update(table.path, order["id"], {"lines": [row]})
    changed = {row["id"] for row in order["lines"]} - before | {line.get("id", 0)}
    return _with_sums(store, table, order, changed)


def _changed_line(
    store: Store,
    table: Table,
    order: Values,
    old: Values,
    line: Mapping[str, Any],
) -> Values:
    """Return what a line is changed to.

    Of two discounts the last one written counts. A line of another product is as a new
    one in its place: it frees the stock of the old one. Both are inference.
    """
    row = dict(line)
    if "unit_discount_percent" in line:
        row.setdefault("unit_discount_value", 0)
    elif "unit_discount_value" in line:
        row["unit_discount_percent"] = 0
    product = old.get("product_id")
    if not product or line.get("product_id", product) == product:
        return {**row, **line_sums(store, {**old, **row})}
    release(store, [old])
    row = {name: old[name] for name in _KEPT if name in old} | row
    row["allocated_quantity"] = 0
    return derived_line(store, table, order, row, old.get("line_number", 0))


def _with_sums(
    store: Store, table: Table, order: Values, changed: Collection[int]
) -> Values:
    """Return an order after its totals and the stock of *changed* lines were set."""
    percent = number(order.get("document_discount_percent"))
    sums = order_sums(order.get("lines", []), percent)
    sums = {name: sums[name] for name in sums if name in table.shape.scalars}
    if table.path == "sop_orders" and not order.get("is_draft"):
        sums["lines"] = allocate(store, order.get("lines", []), changed)
    return store.update(table.path, order["id"], sums, touch=False)


def check_lines(
    table: Table, lines: Sequence[Mapping[str, Any]], behaviour: Behaviour
) -> None:
    """Check that new lines of an order have the fields that their type requires.

    Raises:
        WriteError: A field is missing.

    Source:
        The OpenAPI documents, ``sop_orders``: a product and a warehouse for
        standard lines, a description for free text and comments, a code or a
        description for charges. Public clients leave the warehouse out.
    """
    if table.path not in ORDERS or behaviour.missing_fields == "take":
        return
    for line in lines:
        line_type = str(line.get("line_type", "")).removeprefix("EnumLineType")
        required = {} if line.get("id") else _REQUIRED.get(line_type, {})
        for name, alternative in required.items():
            if name == "warehouse_id" and behaviour.missing_warehouse == "take":
                continue
            if not line.get(name) and not line.get(alternative):
                raise WriteError(f"lines.{name}: a value is required.")


def _last_number(store: Store, path: str) -> int:
    number = "CAST(json_extract(body, '$.document_no') AS INTEGER)"
    sql = f'SELECT max({number}) FROM "{path}"'  # noqa: S608 - the catalog's
    return int(store.execute(sql)[0][0] or 0)
