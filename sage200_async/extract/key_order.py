"""The check that rows are those of a range of keys, in their order."""

from __future__ import annotations

from operator import le, lt
from typing import TYPE_CHECKING

from sage200_async.errors import SinkConflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Sized

    from sage200_async.extract.tables import Row, Table
    from sage200_async.paging.key_ranges import KeyRange


def require_key_order(
    tables: Sequence[Table],
    key_range: KeyRange | None,
    rows: Mapping[str, Sequence[Row]],
) -> None:
    """Refuse rows that are not in *key_range*, or not in the order of their keys.

    Raises:
        SinkConflict: They are not, or there is a range but no unique key.
    """
    own = tables[0]
    if bool(own.key) != (key_range is not None):
        needed = "a" if own.key else "no"
        raise SinkConflict(f"{own.name}: its rows need {needed} range of keys")
    if key_range is None:
        return
    for table in tables:
        if not _in_order(
            table, key_range, rows.get(table.name, ()), unique=table is own
        ):
            message = (
                f"{table.name}: rows must be in the order of their keys, each above "
                f"{key_range.low} and at most {key_range.high}; some are not"
            )
            raise SinkConflict(message)


def require_count(name: str, key_range: KeyRange | None, records: Sized) -> None:
    """Refuse records that are not as many as *key_range* says.

    Raises:
        SinkConflict: They are not, or there is no range.
    """
    if key_range is None or key_range.records != len(records):
        expected = "a range of keys" if key_range is None else key_range.records
        message = f"{name}: expected {expected}, got {len(records)} records"
        raise SinkConflict(message)


def _in_order(
    table: Table, key_range: KeyRange, rows: Sequence[Row], *, unique: bool
) -> bool:
    position = [column.name for column in table.columns].index(table.key[0])
    keys = [row[position] for row in rows]
    if not keys:
        return True
    if None in keys:
        return False
    ascending = all(map(lt if unique else le, keys, keys[1:]))
    return bool(ascending and key_range.low < keys[0] and keys[-1] <= key_range.high)
