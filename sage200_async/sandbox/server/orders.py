"""How orders are numbered, and what makes one a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.server.writes import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.schema import Table
    from sage200_async.sandbox.store.store import Store

NUMBERED: Final = frozenset({"sop_orders", "sop_quotes", "pop_orders"})
"""Resources whose records are drafts until they are confirmed."""
_NEEDED: Final[dict[str, dict[str, str]]] = {
    "Standard": {"product_id": "", "warehouse_id": ""},
    "FreeText": {"description": ""},
    "Comment": {"description": ""},
    "Charge": {"code": "description"},
}
# What each type of line needs, each with what does as well.
DRAFT: Final = {"is_draft": True, "document_no": "TBA"}
"""What a draft says of itself: prismatic-io/components, examplePayloads.ts."""


def numbered(
    store: Store, table: Table, body: Mapping[str, Any], old: Mapping[str, Any] | None
) -> Values:
    """Give a document its number, unless it is a draft.

    ``is_editing`` keeps it a draft, or with false confirms it.

    Args:
        store: Where it is, or is to be.
        table: Its resource.
        body: What is written.
        old: What it was; None for a new one.

    Source: the OpenAPI documents, ``sop_orders``.
    """
    if table.path not in NUMBERED or "is_draft" not in table.shape.scalars:
        return {}
    editing = body.get("is_editing")
    if old is None and editing is True:
        return dict(DRAFT)
    if old is None or (old.get("is_draft") and editing is False):
        number = body.get("document_no") or f"{_last(store, table.path) + 1:010d}"
        return {"is_draft": False, "document_no": number}
    return {}


def applied(store: Store, table: Table, key: int, values: Values) -> Values:
    """Change a record; a document's lines one after the other.

    A line that is refused leaves those before it saved, and those after it
    untried.

    Source: the OpenAPI documents, PUT of ``sop_orders`` and ``pop_orders``.

    Raises:
        KeyError: There is no such record.
        WriteError: A line is refused.
    """
    if table.path not in NUMBERED or not values.get("lines"):
        return store.update(table.path, key, values)
    *_, last = (store.update(table.path, key, each) for each in _steps(table, values))
    return last


def _steps(table: Table, values: Values) -> Iterator[Values]:
    yield {name: value for name, value in values.items() if name != "lines"}
    for line in values["lines"]:
        check_lines(table, [line])
        yield {"lines": [line]}


def check_lines(table: Table, lines: Sequence[Mapping[str, Any]]) -> None:
    """Refuse new lines that lack what their type needs.

    Source: the OpenAPI documents, ``sop_orders``: a product and a warehouse
    for standard lines, a description for free text and comments, a code or a
    description for charges.

    Raises:
        WriteError: A line lacks something.
    """
    if table.path not in NUMBERED:
        return
    for line in lines:
        kind = str(line.get("line_type", "")).removeprefix("EnumLineType")
        needed = {} if line.get("id") else _NEEDED.get(kind, {})
        for name, instead in needed.items():
            if not line.get(name) and not line.get(instead):
                raise WriteError(f"lines.{name}: a value is required.")


def _last(store: Store, path: str) -> int:
    store.touch(path)
    sql = f"SELECT max(CAST(json_extract(body, '$.document_no') AS INTEGER)) FROM \"{path}\""  # noqa: S608 - the catalog's
    return int(store.ask(sql)[0][0] or 0)
