"""Which value a database refuses, and why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout
    from sage200_async.extract.tables import Row


def rejected_value(engine: Engine, layout: Layout, rows: Sequence[Row]) -> str:
    """Return the first value that its column cannot hold, and what it has to be.

    Empty if every value fits as far as is known.
    """
    for row in rows:
        values = dict(zip(layout.table.columns, row, strict=True))
        for column, value in values.items():
            in_key = column.name in layout.table.key
            if value is None:
                needed = "a value" if in_key else ""
            else:
                needed = engine.explain_rejection(column, value)
            if needed:
                key = [values[c] for c in values if c.name in layout.table.key]
                return (
                    f"table {layout.name}, key {key}, column {column.name}: needs "
                    f"{needed}, got {_shown(value)}"
                )
    return ""


def _shown(value: object) -> str:
    """Show numbers; of other values, which may be personal data, only the type."""
    shown = value is None or isinstance(value, int | Decimal)
    return str(value) if shown else f"other {type(value).__name__}"
