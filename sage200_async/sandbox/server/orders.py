"""The rules of orders and quotes: drafts, document numbers, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.sandbox.schema.tables import Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

ORDERS: Final = frozenset({"sop_orders", "sop_quotes", "pop_orders"})
"""Resources whose records can be drafts."""
_REQUIRED: Final[dict[str, dict[str, str]]] = {
    "Standard": {"product_id": "", "warehouse_id": ""},
    "FreeText": {"description": ""},
    "Comment": {"description": ""},
    "Charge": {"code": "description"},
}
# The fields that each type of line requires, each with its alternative.
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


def update_in_steps(store: Store, table: Table, key: int, values: Values) -> Values:
    """Update a record; the lines of an order one after the other.

    If a line is refused, those before it are saved and those after it are not
    tried.

    Raises:
        KeyError: There is no such record.
        WriteError: A line is refused.

    Source:
        The OpenAPI documents, PUT of ``sop_orders`` and ``pop_orders``.
    """
    if table.path not in ORDERS or not values.get("lines"):
        return store.update(table.path, key, values)
    *_, last = (store.update(table.path, key, step) for step in _steps(table, values))
    return last


def check_lines(table: Table, lines: Sequence[Mapping[str, Any]]) -> None:
    """Check that new lines of an order have the fields that their type requires.

    Raises:
        WriteError: A field is missing.

    Source:
        The OpenAPI documents, ``sop_orders``: a product and a warehouse for
        standard lines, a description for free text and comments, a code or a
        description for charges.
    """
    if table.path not in ORDERS:
        return
    for line in lines:
        line_type = str(line.get("line_type", "")).removeprefix("EnumLineType")
        required = {} if line.get("id") else _REQUIRED.get(line_type, {})
        for name, alternative in required.items():
            if not line.get(name) and not line.get(alternative):
                raise WriteError(f"lines.{name}: a value is required.")


def _steps(table: Table, values: Values) -> Iterator[Values]:
    yield {name: value for name, value in values.items() if name != "lines"}
    for line in values["lines"]:
        check_lines(table, [line])
        yield {"lines": [line]}


def _last_number(store: Store, path: str) -> int:
    number = "CAST(json_extract(body, '$.document_no') AS INTEGER)"
    sql = f'SELECT max({number}) FROM "{path}"'  # noqa: S608 - the catalog's
    return int(store.execute(sql)[0][0] or 0)
