"""Whether what a body refers to exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.sandbox.schema.tables import Shape, Table
    from sage200_async.sandbox.store.store import Store

_BY_TEXT: Final = {
    "default_nominal_code_reference": ("nominal_codes", "reference"),
    "nominal_reference": ("nominal_codes", "reference"),
    "payment_nominal_reference": ("nominal_codes", "reference"),
    "bank_account_nominal_reference": ("nominal_codes", "reference"),
    "bank_charges_nominal_reference": ("nominal_codes", "reference"),
    "exchange_diff_nominal_reference": ("nominal_codes", "reference"),
    "nominal_cost_centre": ("cost_centres", "code"),
    "nominal_department": ("departments", "code"),
    "default_nominal_code_cost_centre": ("cost_centres", "code"),
    "default_nominal_code_department": ("departments", "code"),
}
# Texts that name a record.
_ANALYSIS: Final = {
    "code": ("nominal_codes", "reference"),
    "cost_centre": ("cost_centres", "code"),
    "department": ("departments", "code"),
}
# The same in a row of nominal analysis.
_RENAMED: Final = {"customer_delivery_address_id": "customer_delivery_addresses"}


class ReferenceChecker:
    """Looks for the records that a body refers to.

    That Sage refuses what leads nowhere is inference: a database with foreign keys
    cannot store it.

    Args:
        store: The records.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, shape: Shape, values: Mapping[str, Any], path: str) -> None:
        """Check the ids and codes in a body, or in a row of it.

        Args:
            shape: The fields of its record.
            values: What it sets.
            path: Where in the body it is.

        Raises:
            WriteError: A record does not exist.
        """
        is_analysis = "narrative" in shape.scalars and "nominal" in path
        is_tax = path.rpartition(".")[0].partition("[")[0] == "tax_analysis_items"
        for name, value in values.items():
            kind = shape.scalars.get(name)
            if kind == "integer":
                self._check_id(name, value, path, is_tax=is_tax)
            elif kind == "text" and value:
                target = _ANALYSIS.get(name) if is_analysis else _BY_TEXT.get(name)
                if target and not self._store.exists(target[0], {target[1]: value}):
                    raise _nowhere(path + name, value, target[0])
        self._check_delivery_address(values, path)

    def _check_id(self, name: str, value: int, path: str, *, is_tax: bool) -> None:
        tables = self._store.tables
        resource = _RENAMED.get(name) or referenced_resource(name, tables)
        if is_tax and name == "id":
            resource = "tax_codes"
        if not resource or (not value and name != "id"):
            return  # zero is no record
        if not self._store.bodies(resource, [value]):
            raise _nowhere(path + name, value, resource)

    def _check_delivery_address(self, values: Mapping[str, Any], path: str) -> None:
        """Check that a delivery address is the customer's own."""
        address = values.get("customer_delivery_address_id")
        customer = values.get("customer_id")
        if not address or not customer:
            return
        if (
            self._store.get("customer_delivery_addresses", address)["customer_id"]
            != customer
        ):
            raise WriteError(
                f"{path}customer_delivery_address_id: the address {address} belongs to "
                "another customer."
            )


def check_owner(store: Store, table: Table, values: Mapping[str, Any]) -> None:
    """Check that the record exists that a new one is embedded in.

    Raises:
        WriteError: It does not exist.
    """
    embedded = store.embedded_lists.of_child(table.path)
    if embedded is None:
        return
    owner = values.get(embedded.link) or 0
    if not store.bodies(embedded.owner, [owner]):
        raise WriteError(f"{embedded.link}: an existing record is expected.")


def _nowhere(name: str, value: Any, resource: str) -> WriteError:
    return WriteError(f"{name}: there is no record {str(value)[:40]!r} in {resource}.")
