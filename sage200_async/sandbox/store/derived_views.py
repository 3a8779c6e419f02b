"""Views: rows that are made of other records, when they are first used.

A write only notes whose rows are out of date; they are made again before the view is
next read. The notes are in the database: they are undone with the write that is refused,
and a sandbox that is killed leaves them to the next.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw

from sage200_async.sandbox.store.aged_views import AGED_VIEWS, aged_rows
from sage200_async.sandbox.store.database import column_sql
from sage200_async.sandbox.store.rows import Row, join_object
from sage200_async.sandbox.store.view_plans import ROW, plan_of, split_path
from sage200_async.sandbox.store.view_specs import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sage200_async.sandbox.store.stored_tables import StoredTables
    from sage200_async.sandbox.store.view_plans import Field, Plan

    Fields = Mapping[str, Raw]
    Lookup = Callable[[str, int], Fields]
    """Returns the fields of a record of a resource; none if there is no such record."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_NOTHING: Final[dict[str, Raw]] = {}
_BATCH: Final = 1000
_ALL: Final = "*"
_BASE: Final = ""
# Columns of what is out of date: every row, or those of some records.
_NOTES: Final = """\
CREATE TABLE IF NOT EXISTS outdated_rows (
    view TEXT, field TEXT, key INTEGER, PRIMARY KEY (view, field, key)
) WITHOUT ROWID
"""


class DerivedViews:
    """Keeps the views in step with the records that they show.

    Args:
        tables: Where both are.
    """

    def __init__(self, tables: StoredTables) -> None:
        self._tables = tables
        tables.database.execute(_NOTES)
        self._uses: dict[str, list[tuple[str, str]]] = {}
        known = tables.tables.keys()
        for view, ledger in AGED_VIEWS.items():
            if view in known:
                self._uses.setdefault(ledger, []).append((view, _ALL))
        for view, spec in VIEWS.items():
            if view in known and spec.base in known:
                self._uses.setdefault(spec.base, []).append((view, _BASE))
                for resource in {path for path, _ in spec.links.values()}:
                    self._uses.setdefault(resource, []).append((view, resource))

    def has(self, resource: str) -> bool:
        """Whether a resource is a view whose rows are made here."""
        return resource in VIEWS or resource in AGED_VIEWS

    def note_write(self, resource: str, keys: Iterable[int]) -> None:
        """Note that records of a resource were written or deleted."""
        written = list(keys)
        for view, use in self._uses.get(resource, ()):
            if not self._tables.has_table(view):
                continue
            is_column = use in {_ALL, _BASE}
            columns = [use] if is_column else plan_of(view).columns_of(use)
            notes = ((view, column, key) for column in columns for key in written)
            self._tables.database.execute_many(
                "INSERT OR IGNORE INTO outdated_rows VALUES (?, ?, ?)", notes
            )

    def forget_writes(self, view: str) -> None:
        """Take the rows of a view as they are."""
        self._tables.database.execute(
            "DELETE FROM outdated_rows WHERE view = ?", (view,)
        )

    def is_outdated(self, view: str) -> bool:
        """Whether rows of a view have to be made again."""
        sql = "SELECT 1 FROM outdated_rows WHERE view = ? LIMIT 1"
        return self.has(view) and bool(self._tables.database.execute(sql, (view,)))

    def update(self, view: str) -> None:
        """Make the rows again that are out of date."""
        keys, database = self._base_keys(view), self._tables.database
        self.forget_writes(view)
        if keys is None:
            database.execute(f'DELETE FROM "{view}"')  # noqa: S608 - the catalog's
        else:
            plan = plan_of(view)
            column = column_sql(plan.table, plan.base_column or plan.table.key)
            sql = f'DELETE FROM "{view}" WHERE {column} = ?'  # noqa: S608 - the catalog's
            for key in keys:
                database.execute(sql, (key,))
        database.insert_rows(view, list(self.rows(view, keys)))

    def rows(self, view: str, keys: Iterable[int] | None = None) -> Iterator[Row]:
        """Yield the rows of a view.

        Args:
            view: The view.
            keys: Those of the records that it is to show; None for all.
        """
        if view in AGED_VIEWS:
            yield from aged_rows(self._tables, view)
            return
        plan = plan_of(view)
        for batch in self._batches(plan.spec.base, keys):
            bases = [_OBJECT.decode(body) for _, body, _ in batch]
            lookup = self._lookup(plan, bases)
            for base, (_, _, expandables) in zip(bases, batch, strict=True):
                yield from rows_of(plan, base, _OBJECT.decode(expandables), lookup)

    def _base_keys(self, view: str) -> list[int] | None:
        """Return the keys of the records whose rows are out of date; None for all."""
        outdated: dict[str, set[int]] = {}
        sql = "SELECT field, key FROM outdated_rows WHERE view = ?"
        for field, number in self._tables.database.execute(sql, (view,)):
            outdated.setdefault(field.decode(), set()).add(number)
        if _ALL in outdated:
            return None
        plan, keys = plan_of(view), set(outdated.get(_BASE, ()))
        own = column_sql(plan.table, plan.base_column or plan.table.key)
        for column, others in outdated.items():
            if column != _BASE:
                marks = ",".join(map(str, sorted(others)))
                sql = (
                    f'SELECT DISTINCT {own} FROM "{view}" '  # noqa: S608 - the catalog's, and numbers
                    f"WHERE {column_sql(plan.table, column)} IN ({marks})"
                )
                keys.update(key for (key,) in self._tables.database.execute(sql))
        return sorted(keys)

    def _batches(
        self, resource: str, keys: Iterable[int] | None
    ) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Yield the records of a resource, as they are stored, in batches."""
        columns = f'SELECT key, body, expandables FROM "{resource}"'  # noqa: S608 - the catalog's
        if keys is not None:
            for some in _chunks(keys):
                marks = ",".join(map(str, some))
                sql = f"{columns} WHERE key IN ({marks}) ORDER BY key"
                yield self._tables.execute(sql)
            return
        last, sql = -(2**63), f"{columns} WHERE key > ? ORDER BY key LIMIT ?"
        while batch := self._tables.execute(sql, (last, _BATCH)):
            yield batch
            last = batch[-1][0]

    def _lookup(self, plan: Plan, bases: Iterable[Fields]) -> Lookup:
        """Return a function that finds linked records, most of them read at once."""
        cache: dict[tuple[str, int], Fields] = {}
        for resource, path in plan.spec.links.values():
            source, name = split_path(path)
            if not source and resource in self._tables.tables:
                keys = {_key(base, name) for base in bases}
                for key, body in self._tables.bodies(resource, keys).items():
                    cache[resource, key] = _OBJECT.decode(body)

        def lookup(resource: str, key: int) -> Fields:
            if (resource, key) not in cache:
                known = resource in self._tables.tables
                bodies = self._tables.bodies(resource, [key]) if known else {}
                body = bodies.get(key)
                cache[resource, key] = _OBJECT.decode(body) if body else _NOTHING
            return cache[resource, key]

        return lookup


def _chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]


def _key(fields: Fields, name: str) -> int:
    raw = bytes(fields.get(name, Raw(b"0")))
    return int(raw) if raw.isdigit() else 0


def rows_of(plan: Plan, base: Fields, related: Fields, lookup: Lookup) -> Iterator[Row]:
    """Yield the rows of a view that show one record.

    Args:
        plan: How they are made.
        base: The record's plain fields.
        related: Its related records.
        lookup: Finds the records that it is linked to.
    """
    spec = plan.spec
    lines: list[dict[str, Raw]] = [_NOTHING]
    if spec.rows:
        lines = _ROWS.decode(related.get(spec.rows, Raw(b"[]")))
    parts = {prefix: _part(related, name) for prefix, name in spec.parts.items()}
    for line in lines:
        sources = {"": base, ROW: line, **parts}
        for prefix, (resource, path) in spec.links.items():
            source, name = split_path(path)
            key = _key(sources[source], name)
            sources[prefix] = lookup(resource, key) if key else _NOTHING
        yield _row(plan, sources, related)


def _row(plan: Plan, sources: Mapping[str, Fields], related: Fields) -> Row:
    fields: dict[str, bytes] = {}
    for field in plan.fields:
        value = _value(field, sources[field.source].get(field.source_name))
        if value:
            fields[field.name] = value
    if plan.is_computed:
        fields |= _computed(fields, related)
    own = plan.table.shape.expandables
    lists = {name: bytes(raw) for name, raw in related.items() if name in own}
    return Row(int(fields[plan.table.key]), join_object(fields), join_object(lists))


def _value(field: Field, raw: Raw | None) -> bytes:
    """Return the JSON of a field; ``b""`` if it is left out."""
    if raw is None:
        return field.blank
    value = bytes(raw)
    return value if field.numbers is None else field.numbers.get(value, field.blank)


def _part(related: Fields, name: str) -> Fields:
    """Return a stored related record; of a list, its default or else its first row."""
    raw = bytes(related.get(name, Raw(b"{}")))
    if raw[:1] != b"[":
        return _OBJECT.decode(raw)
    rows = _ROWS.decode(raw)
    defaults = (
        row for row in rows if bytes(row.get("is_default", Raw(b""))) == b"true"
    )
    return next(defaults, rows[0] if rows else _NOTHING)


def _computed(body: Mapping[str, bytes], related: Fields) -> dict[str, bytes]:
    """Return the fields of a view that are computed from others."""
    fields: dict[str, bytes] = {}
    for name in body:
        if name.endswith("_location_full_address"):
            fields[name] = _full_address(body, name.removesuffix("full_address"))
    if "is_over_credit_limit" in body:
        limit, balance = (
            Decimal(body[name].decode()) for name in ("credit_limit", "balance")
        )
        fields["is_over_credit_limit"] = b"true" if 0 < limit < balance else b"false"
    if "quantity_allocated_bom" in body and "warehouse_holdings" in related:
        fields |= _stock_levels(related["warehouse_holdings"])
    return fields


def _full_address(body: Mapping[str, bytes], prefix: str) -> bytes:
    names = [f"address_line_{number}" for number in range(1, 5)]
    names += ["city", "county", "post_code", "country"]
    lines = [msgspec.json.decode(body[prefix + name]) for name in names]
    return msgspec.json.encode(", ".join(line for line in lines if line))


_LEVELS: Final = {
    "quantity_reserved": "quantity_reserved",
    "confirmed_quantity_in_stock": "confirmed_qty_in_stock",
    "unconfirmed_quantity_in_stock": "unconfirmed_qty_in_stock",
    "actual_quantity": "quantity_in_stock",
    "quantity_allocated_stock": "quantity_allocated_stock",
    "quantity_allocated_sop": "quantity_allocated_sop",
    "quantity_allocated_bom": "quantity_allocated_bom",
    "quantity_on_pop_order": "quantity_on_order",
    "reorder_level": "reorder_level",
}
# Stock levels of a product: the sums of these fields of its holdings.


def _stock_levels(holdings: Raw) -> dict[str, bytes]:
    rows = _ROWS.decode(holdings)
    return {
        name: str(
            sum(
                (Decimal(bytes(row.get(source, Raw(b"0"))).decode()) for row in rows),
                Decimal(0),
            )
        ).encode()
        for name, source in _LEVELS.items()
    }
