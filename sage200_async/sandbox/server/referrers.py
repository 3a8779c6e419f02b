"""What refers to a record: it cannot be deleted while something does.

That Sage refuses such deletes is inference: a database with foreign keys cannot carry
them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.sandbox.schema.naming import referenced_resource
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.server.derived_values import number
from sage200_async.sandbox.store.records import WriteError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sage200_async.sandbox.schema.tables import Shape, Table
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_DEPTH = 3
# A product's holdings have bins; nothing is nested deeper.


def check_unreferenced(store: Store, table: Table, record: Values, key: int) -> None:
    """Check that nothing refers to a record that is to be deleted.

    Tables that are not made up yet will refer to records that exist then; views and
    the tables of embedded rows repeat what others hold.

    Args:
        store: The records.
        table: Its resource.
        record: The record.
        key: Its key.

    Raises:
        WriteError: Another record refers to it, or it is a holding with stock.
    """
    if number(record.get("quantity_in_stock")):
        raise WriteError(f"{table.path}: the record {key} has stock, and is kept.")
    own = _owner(store, table.path)
    for path in store.tables:
        if not store.has_table(path) or _is_copy(store, path):
            continue
        if path == own and own != table.path:
            continue
        names = {
            name
            for name in _id_fields(store.tables[path].shape)
            if referenced_resource(name, store.tables) == table.path
        }
        if names and _refers(store, path, names, key, is_own=path == own):
            raise WriteError(
                f"The record {key} in {table.path} cannot be deleted: {path} refer to "
                "it."
            )


def _owner(store: Store, path: str) -> str:
    """Return the resource whose records hold those of another, or that itself."""
    embedded = store.embedded_lists.of_child(path)
    return path if embedded is None else _owner(store, embedded.owner)


def _is_copy(store: Store, path: str) -> bool:
    return (
        store.embedded_lists.of_child(path) is not None
        or store.views.has(path)
        or path.endswith("_views")
        or path.startswith("lookup_")
    )


def _refers(
    store: Store, path: str, names: Collection[str], key: int, *, is_own: bool
) -> bool:
    """Whether a row of a table has the key in one of these fields, at any depth.

    Stored JSON has no spaces, and no bare quote within a text: what looks like a field
    is one.
    """
    texts = [f'"{name}":{key}{end}' for name in names for end in ",}"]
    condition = " OR ".join(["instr(body || expandables, ?) > 0"] * len(texts))
    others = "key <> ?" if is_own else "? IS NOT NULL"
    sql = f'SELECT 1 FROM "{path}" WHERE {others} AND ({condition}) LIMIT 1'  # noqa: S608 - the catalog's
    return bool(store.execute(sql, (key, *texts)))


def _id_fields(shape: Shape, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the names of a record's ids, and of those nested in it."""
    yield from (name for name in shape.scalars if name.endswith("_id"))
    for record in shape.expandables.values() if depth else ():
        if record is not None:
            yield from _id_fields(shape_of(record), depth - 1)
