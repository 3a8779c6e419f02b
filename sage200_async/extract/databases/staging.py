"""The tables of rows that are not visible yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.extract.databases import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.extract.checkpoint import Checkpoint
    from sage200_async.extract.databases.engine import Engine
    from sage200_async.extract.databases.sql import Layout
    from sage200_async.extract.databases.state import State


def prepared(
    engine: Engine, state: State, layouts: Sequence[Layout]
) -> Checkpoint | None:
    """Create what is missing; return the checkpoint of the rows that are staged.

    They are dropped, with all that is known of the read, if they are not those of
    the checkpoint or have other columns, and without a unique key.
    """
    created = [layout for layout in layouts if _created(engine, layout)]
    checkpoint = state.checkpoint() if layouts[0].table.key and not created else None
    if checkpoint is not None and state.get("staged") == _count(engine, layouts):
        return checkpoint
    state.drop_unfinished()
    clear(engine, layouts)
    return None


def clear(engine: Engine, layouts: Sequence[Layout]) -> None:
    """Drop the rows that are staged."""
    for layout in layouts:
        engine.execute(sql.clear_staging(layout))


def _created(engine: Engine, layout: Layout) -> bool:
    """Create a staging table unless there is one with the same columns."""
    if engine.columns(layout.staging_name) == layout.staged_types:
        return False
    engine.execute(sql.drop_table(layout.staging))
    engine.execute(sql.create_staging(layout))
    return True


def _count(engine: Engine, layouts: Sequence[Layout]) -> str:
    """Return the number of rows that are staged."""
    counts = (engine.execute(sql.count_staged(layout))[0][0] for layout in layouts)
    return str(sum(counts))
