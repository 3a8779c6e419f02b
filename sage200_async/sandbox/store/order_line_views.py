"""``sop_order_line_views``: each order's lines, with the order's header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.store.rows import decode, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Table
    from sage200_async.sandbox.store.store import Store

VIEW: Final = "sop_order_line_views"
ORDERS: Final = "sop_orders"
_PREFIXES: Final = (
    "sop_order_line_",
    "sop_order_",
    "sop_delivery_addr_",
    "customer_",
    "product_",
    "warehouse_",
    "tax_code_",
)
_OTHERWISE: Final = {
    ("sop_order_line_", "product_code"): "code",
    ("sop_order_line_", "product_description"): "description",
    ("sop_order_line_", "number"): "line_number",
    ("sop_order_line_", "quantity"): "line_quantity",
    ("sop_order_line_", "total_value"): "line_total_value",
    ("sop_order_line_", "type"): "line_type",
    ("sop_delivery_addr_", "post_code"): "postcode",
}
_BLANK: Final[dict[str, Any]] = {
    "text": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
}


Source = tuple[str, str, str, Any]
"""A field of the view, whose it is, its name there, and what it is when absent."""


def sources_of(table: Table) -> list[Source]:
    """Tell where each field of the view comes from."""
    found: list[Source] = []
    for name, kind in table.shape.scalars.items():
        prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
        own = name.removeprefix(prefix)
        own = _OTHERWISE.get((prefix, own), own)
        found.append((name, prefix, own, _BLANK.get(kind)))
    return found


def views_of(
    sources: list[Source],
    order: Mapping[str, Any],
    customer: Values,
    products: Mapping[int, Values],
) -> Iterator[Values]:
    """Give the view's record of each line of *order*."""
    for line in order.get("lines") or ():
        product = products.get(line.get("product_id", 0), {})
        owners: dict[str, Mapping[str, Any]] = {
            "": {},
            "sop_order_line_": line,
            "sop_order_": order,
            "sop_delivery_addr_": order.get("delivery_address") or {},
            "customer_": customer | {"id": order.get("customer_id", 0)},
            "product_": product | {"id": line.get("product_id", 0)},
            "warehouse_": {"id": line.get("warehouse_id", 0)},
            "tax_code_": {"id": line.get("tax_code_id", 0)},
        }
        view = {
            name: owners[prefix].get(own, blank) for name, prefix, own, blank in sources
        }
        yield {name: value for name, value in view.items() if value is not None}


class LineViews:
    """Keeps the view in step with the orders of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def views(self, sources: list[Source], order: Values) -> Iterator[Values]:
        """Give the view's records of an order, from the store as it is now."""
        numbers = {line.get("product_id", 0) for line in order.get("lines") or ()}
        number = order.get("customer_id", 0)
        customers = self._found("customers", [number])
        products = self._found("products", numbers)
        return views_of(sources, order, customers.get(number, {}), products)

    def follow(self, resource: str, record: Values) -> None:
        """Write the lines of an order that was written."""
        if resource != ORDERS or VIEW not in self._store.tables:
            return
        self.forget(resource, record["id"])
        table = self._store.tables[VIEW]
        views = self.views(sources_of(table), record)
        self._store.add_rows(VIEW, [row_of(table, view) for view in views])

    def forget(self, resource: str, key: int) -> None:
        """Remove the lines of an order that was deleted."""
        if resource == ORDERS and VIEW in self._store.tables:
            for each in self._store.keys(VIEW, "sop_order_id", key):
                self._store.database.remove(VIEW, each)

    def _found(self, resource: str, keys: Any) -> dict[int, Values]:
        if resource not in self._store.tables:
            return {}
        wanted = self._store.bodies(resource, keys).items()
        return {key: decode(body) for key, body in wanted}
