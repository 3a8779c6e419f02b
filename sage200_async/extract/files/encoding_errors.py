"""Which value of a column a format cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async.errors import SinkError
from sage200_async.extract.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sage200_async.extract.tables import Column, Row

ENCODING_ERRORS: Final = (ValueError, TypeError, ArithmeticError)
"""What encoders raise for a value that they cannot hold; pyarrow's are among them."""
_SHOWN: Final = 40
# Characters of a value that a message shows.


def explained(
    table: Table, rows: Sequence[Row], encode: Callable[[Table, Sequence[Row]], object]
) -> SinkError:
    """Return an error that names the value for which *encode* fails.

    Args:
        table: The table of the rows.
        rows: Rows that cannot be encoded.
        encode: The function that fails on them.
    """
    for row in rows:
        for column, value in zip(table.columns, row, strict=True):
            try:
                encode(Table(table.name, (column,)), [(value,)])
            except ENCODING_ERRORS as error:
                return _error(table, row, column, value, error)
    return SinkError(f"{table.name}: rows cannot be written")


def _error(
    table: Table, row: Row, column: Column, value: object, error: Exception
) -> SinkError:
    pairs = zip(table.columns, row, strict=True)
    keys = [f"{other.name} {key}" for other, key in pairs if other.name in table.key]
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}…"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return SinkError(
        f"{table.name}, {' '.join(keys) or 'no key'}: {column.name}: {shown} does not "
        f"fit {column.kind}: {reason}"
    )
