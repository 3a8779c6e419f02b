"""Whether a document that has the marker of a row is the document of that row; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sage200_async.write.keys import comparable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sage200_async.write.target import Target

_OWNERS: Final = ("customer_id", "supplier_id", "bank_id")
_TYPES: Final = ("trader_transaction_type", "bank_transaction_type")
_KINDS: Final = ("invoice", "creditnote", "receipt", "payment")


def is_document_of(
    target: Target, row: Mapping[str, Any], record: Mapping[str, Any]
) -> bool:
    """Return whether *record* is of the account and of the kind that *row* is.

    What the record does not show counts as another's: a text such as ``PO-1001`` is the
    customer's, and others use it too. A posted transaction has to say its kind, as in
    ``TradingAccountEntryTypeCreditNote``.

    Source:
        Sage's OpenAPI documents, ``sales_posted_transactions`` and its kin.
    """
    owner = next((name for name in _OWNERS if row.get(name) is not None), None)
    elsewhere = target.path != target.found_in
    if owner is None:
        if elsewhere:
            return False
    elif record.get(owner) is None or comparable(record[owner]) != comparable(
        row[owner]
    ):
        return False
    return not elsewhere or _kind_in(record) == _kind_of(target.path)


def _kind_of(path: str) -> str:
    """Return the kind of document that a resource creates: ``sales_credit_notes``."""
    name = path.replace("_", "").removesuffix("s")
    return next((kind for kind in _KINDS if name.endswith(kind)), "")


def _kind_in(record: Mapping[str, Any]) -> str | None:
    """Return the kind of a posted transaction, or None where it does not show it."""
    shown = [str(record[name]).casefold() for name in _TYPES if record.get(name)]
    kinds = [kind for kind in _KINDS if any(text.endswith(kind) for text in shown)]
    return kinds[0] if len(kinds) == 1 else None
