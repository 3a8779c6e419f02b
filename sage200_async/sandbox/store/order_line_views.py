"""``sop_order_line_views``: each order's lines, with the order's header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.store.rows import decode, row_from_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.lazy_tables import LazyTables
    from sage200_async.sandbox.store.rows import Row, Values

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
_RENAMED: Final = {
    ("sop_order_line_", "product_code"): "code",
    ("sop_order_line_", "product_description"): "description",
    ("sop_order_line_", "number"): "line_number",
    ("sop_order_line_", "quantity"): "line_quantity",
    ("sop_order_line_", "total_value"): "line_total_value",
    ("sop_order_line_", "type"): "line_type",
    ("sop_delivery_addr_", "post_code"): "postcode",
}
_BLANKS: Final[dict[str, Any]] = {
    "text": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
}


Source = tuple[str, str, str, Any]
"""A field of the view, the prefix of its source, its name there, and its default."""


def sources_of(table: Table) -> list[Source]:
    """Return where each field of the view comes from."""
    sources: list[Source] = []
    for name, kind in table.shape.scalars.items():
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
        source_name = name.removeprefix(prefix)
        source_name = _RENAMED.get((prefix, source_name), source_name)
        sources.append((name, prefix, source_name, _BLANKS.get(kind)))
    return sources


def views_of(
    sources: list[Source],
    order: Mapping[str, Any],
    customer: Values,
    products: Mapping[int, Values],
) -> Iterator[Values]:
    """Yield the view's record of each line of *order*."""
    for line in order.get("lines") or ():
        product = products.get(line.get("product_id", 0), {})
        by_prefix: dict[str, Mapping[str, Any]] = {
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
            name: by_prefix[prefix].get(source_name, blank)
            for name, prefix, source_name, blank in sources
        }
        yield {name: value for name, value in view.items() if value is not None}


class OrderLineViews:
    """Keeps the view in step with the orders.

    Args:
        tables: Where both are.
    """

    def __init__(self, tables: LazyTables) -> None:
        self._tables = tables

    def rows(self, orders: Iterable[Values]) -> Iterator[Row]:
        """Yield the view's rows of some orders, from the tables as they are now."""
        table = self._tables.tables[VIEW]
        sources = sources_of(table)
        for order in orders:
            customer_id = order.get("customer_id", 0)
            lines = order.get("lines") or ()
            customers = self._records("customers", [customer_id])
            products = self._records(
                "products", {line.get("product_id", 0) for line in lines}
            )
            customer = customers.get(customer_id, {})
            for view in views_of(sources, order, customer, products):
                yield row_from_record(table, view)

    def refresh(self, resource: str, record: Values) -> None:
        """Replace the rows of an order that was written."""
        if resource == ORDERS and VIEW in self._tables.tables:
            self.remove(resource, record["id"])
            self._tables.database.insert_rows(VIEW, list(self.rows([record])))
            self._tables.reserve_ids(VIEW)

    def remove(self, resource: str, key: int) -> None:
        """Delete the rows of an order that was deleted."""
        if resource == ORDERS and VIEW in self._tables.tables:
            for view_key in self._tables.keys(VIEW, "sop_order_id", key):
                self._tables.database.delete_row(VIEW, view_key)

    def _records(self, resource: str, keys: Iterable[int]) -> dict[int, Values]:
        if resource not in self._tables.tables:
            return {}
        bodies = self._tables.bodies(resource, keys)
        return {key: decode(body) for key, body in bodies.items()}
