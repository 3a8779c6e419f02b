"""References and codes: that no two records share one, and that none is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.store import Store

_ACCOUNT_EXISTS: Final = (
    "The account reference already exists. You cannot have two accounts with the same "
    "account reference."
)
# Sage 200 API guide, "Getting started", for customers. The others: inference.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "alternative_products": ("product_id", "alternative_product_id"),
    "banks": ("code",),
    "cost_centres": ("code",),
    "cross_sell_products": ("product_id", "cross_sell_product_id"),
    "customers": ("reference",),
    "departments": ("code",),
    "nominal_codes": ("reference", "cost_centre_id", "department_id"),
    "product_suppliers": ("product_id", "supplier_id"),
    "products": ("code",),
    "suppliers": ("reference",),
    "warehouse_holdings": ("product_id", "warehouse_id"),
    "warehouses": ("name",),
}
_FIXED: Final = frozenset({"customers", "nominal_codes", "products", "suppliers"})
# Resources whose keys ledgers and documents repeat.


def check_unique(
    store: Store, table: Table, values: Mapping[str, Any], key: int
) -> None:
    """Check that no other record has the same reference or code.

    Args:
        store: The records.
        table: The resource.
        values: What a body sets.
        key: The key of the record that it changes; 0 for a new one.

    Raises:
        WriteError: Another record has it.
    """
    names = _FIELDS.get(table.path, ())
    if values.keys().isdisjoint(names):
        return
    old = store.get(table.path, key) if key else dict.fromkeys(names, 0)
    new = {name: values.get(name, old.get(name)) for name in names}
    if new[names[0]] and store.exists(table.path, new, other_than=key):
        raise WriteError(_message(table, names))


def check_unchanged(
    store: Store, table: Table, values: Mapping[str, Any], key: int
) -> None:
    """Check that a change leaves the reference or code of a record.

    Raises:
        WriteError: It is another.
    """
    name = _FIELDS.get(table.path, ("",))[0]
    if table.path in _FIXED and name in values:
        old = store.get(table.path, key).get(name)
        if values[name] != old:
            raise WriteError(f"{name}: it cannot be changed from {old!r}.")


def _message(table: Table, names: tuple[str, ...]) -> str:
    if names[0] == "reference":
        return _ACCOUNT_EXISTS
    thing = table.path.removesuffix("s").replace("_", " ")
    called = " and ".join(name.removesuffix("_id").replace("_", " ") for name in names)
    return (
        f"{names[-1]}: the {thing} {called} already exists. You cannot have two "
        f"{table.path.replace('_', ' ')} with the same {called}."
    )
