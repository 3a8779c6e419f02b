"""From the staging tables to the tables: merged, or swapped as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.extract.databases import sql
from sage200_async.extract.databases.staging import clear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout


def merge(engine: Engine, layouts: Sequence[Layout]) -> int:
    """Insert or update the staged rows, and empty the staging tables.

    Related rows are replaced as a whole where their parents are staged. Rows that
    are the same are not written.

    Returns:
        How many rows were inserted, altered or removed.
    """
    own, *related = layouts
    removed = sum(engine.change(sql.delete_unlisted(layout, own)) for layout in related)
    return removed + _upsert(engine, layouts)


def publish(engine: Engine, layouts: Sequence[Layout]) -> int:
    """Make the tables hold the staged rows and no others.

    Returns:
        How many rows were inserted, altered or removed.
    """
    own = layouts[0]
    if own.table.key:
        removed = sum(engine.change(sql.delete_absent(layout)) for layout in layouts)
        return removed + _upsert(engine, layouts)
    written = 0
    if engine.execute(sql.staged_differ(own))[0][0]:
        written = engine.change(sql.delete_all(own))
        written += engine.change(sql.insert_staged(own))
    clear(engine, layouts)
    return written


def _upsert(engine: Engine, layouts: Sequence[Layout]) -> int:
    written = sum(engine.change(sql.upsert(layout)) for layout in layouts)
    clear(engine, layouts)
    return written
