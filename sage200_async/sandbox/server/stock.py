"""Stock that orders allocate: a line's quantities, and the levels of its product."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.server.derived_values import number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

    Lines = Sequence[Mapping[str, Any]]

_STANDARD: Final = "EnumLineTypeStandard"
_NOTHING: Final = Decimal(0)
_TAKEN: Final = ("quantity_allocated_sop", "quantity_allocated")
_FREE: Final = ("free_stock_available", "free_stock_available_less_reserved")


def allocate(store: Store, lines: Lines, changed: Collection[int]) -> list[Values]:
    """Allocate free stock to lines of an order, as far as it goes.

    Args:
        store: The records.
        lines: All lines of the order.
        changed: The ids of those that are new or were changed.

    Returns:
        The quantities of these lines, with their ids.

    Source:
        prismatic-io/components, ``examplePayloads.ts``, a line of an order; that every
        line is allocated at once is inference.
    """
    return [
        _allocate_line(store, line)
        for line in lines
        if line["id"] in changed
        and store.bodies("products", [line.get("product_id", 0)])
        and not line.get("is_complete")
    ]


def release(store: Store, lines: Lines) -> None:
    """Free what lines had allocated that are no more."""
    for line in lines:
        _take(store, line.get("product_id", 0), -number(line.get("allocated_quantity")))


def rename_warehouse(store: Store, key: int, name: str) -> None:
    """Rename a warehouse in its holdings."""
    for product in list(store.rows("products")):
        rows: list[Values] = [
            {"id": row["id"], "warehouse_name": name}
            for row in product.get("warehouse_holdings", ())
            if row.get("warehouse_id") == key
        ]
        if rows:
            changes = {"warehouse_holdings": rows}
            store.update("products", product["id"], changes, touch=False)


def _allocate_line(store: Store, line: Mapping[str, Any]) -> Values:
    quantity, had = (
        number(line.get("line_quantity")),
        number(line.get("allocated_quantity")),
    )
    product = store.get("products", line["product_id"])
    free = number(product.get("free_stock_quantity")) + had
    wanted = quantity if line.get("line_type") == _STANDARD else _NOTHING
    taken = max(min(wanted, free), _NOTHING)
    _take(store, line["product_id"], taken - had)
    status = "Fully" if taken and taken == quantity else "None"
    quantities = {
        "to_allocate_quantity": wanted,
        "allocated_quantity": taken,
        "available_for_despatch": taken,
    }
    return {
        "id": line["id"],
        "allocation_status": f"EnumLineStatus{status}",
        "stock_unit_available_quantity": free - taken,
        **quantities,
        **{f"stock_unit_{name}": value for name, value in quantities.items()},
    }


def _take(store: Store, product_id: int, quantity: Decimal) -> None:
    """Move a quantity from a product's free stock to what orders have allocated."""
    if not quantity or not store.bodies("products", [product_id]):
        return
    product = store.get("products", product_id)
    values: Values = {
        "free_stock_quantity": number(product.get("free_stock_quantity")) - quantity
    }
    for row in product.get("warehouse_holdings", ())[:1]:
        bins = [_moved(own, quantity) for own in row.get("bin_holdings", ())[:1]]
        values["warehouse_holdings"] = [_moved(row, quantity) | {"bin_holdings": bins}]
    store.update("products", product_id, values, touch=False)


def _moved(row: Mapping[str, Any], quantity: Decimal) -> Values:
    changes = dict.fromkeys(_TAKEN, quantity) | dict.fromkeys(_FREE, -quantity)
    moved = {name: number(row.get(name)) + change for name, change in changes.items()}
    return {"id": row["id"], **moved}
