"""Whole tables: for pyarrow, polars and pandas."""

from __future__ import annotations

import asyncio
from importlib import import_module
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import msgspec

from sage200_async.arrow.columns import ColumnForm
from sage200_async.arrow.libraries import RecordBatch, Schema, Table, pa
from sage200_async.arrow.models import model_of
from sage200_async.arrow.schema import schema_of
from sage200_async.errors import QueryError

if TYPE_CHECKING:
    from sage200_async.odata.options import QueryOptions
    from sage200_async.paging.certificate import Certificate

CERTIFICATE: Final = b"sage200_async.certificate"
"""The key of a schema's metadata under which the certificate is, as JSON."""
_JOINED: Final = 16
# Batches that become one: a page has as many. Each array of a batch takes some memory.
Position: TypeAlias = tuple[int, int]
"""Where records are in the order of a query: the subquery, and the key that they follow."""


class Described(Protocol):
    """What is known of a query before it is read."""

    @property
    def endpoint(self) -> Any:
        """The resource."""
        ...

    @property
    def options(self) -> QueryOptions:
        """What is asked for."""
        ...


def arrow_schema(query: Described, *, schema: Schema | None = None) -> Schema:
    """Return the columns of *query*; no I/O.

    The types are those of the catalog: ``int64``, ``decimal128(38, 10)``,
    ``timestamp[us, UTC]``, ``bool`` and ``string``; expanded records are structs, or
    lists of structs. They are the same for an empty table.

    Args:
        query: A query or a resource, bound to a client or not.
        schema: The columns of a resource that the catalog does not know.

    Raises:
        QueryError: The catalog does not know the resource, and there is no *schema*;
            or it does, and there is one.

    Example:
        >>> from sage200_async.arrow import arrow_schema
        >>> arrow_schema(client.customers.select("balance", "on_hold"))
        id: int64 not null
        balance: decimal128(38, 10)
        on_hold: bool
    """
    endpoint = query.endpoint
    record, path = endpoint.record, endpoint.path
    return column_form(record, query.options, endpoint.key, path, schema).schema


def column_form(
    record: Any,
    options: QueryOptions,
    key: str | None,
    path: str,
    schema: Schema | None = None,
) -> ColumnForm:
    """Return the form that reads a query as columns.

    Args:
        record: The record of the catalog; None or a dict where it has none.
        options: What is selected and expanded.
        key: The unique key, or None.
        path: The resource's, for errors.
        schema: The columns, where the catalog has no record.

    Raises:
        QueryError: There is neither a record nor a schema, or there are both.
    """
    if hasattr(record, "fields"):
        if schema is not None:
            message = f"{path}: its columns are those of the catalog: leave schema out"
            raise QueryError(message)
        return ColumnForm(record, schema_of(record, options, key), key)
    if schema is None:
        message = f"{path}: the catalog does not know its columns: pass schema="
        raise QueryError(message)
    model = model_of(schema, key)
    if key and key not in schema.names:
        message = f"{path}: expected the key {key!r} among the columns of the schema"
        raise QueryError(message)
    return ColumnForm(model, schema, key)


class TableBuilder:
    """Puts a table together from batches that come in any order.

    Those that follow each other are joined in a thread while others are read.

    Args:
        schema: The columns.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._runs: dict[Position, tuple[Position, list[RecordBatch]]] = {}
        """What is not joined yet, by where it ends: where it starts, and the batches."""
        self._joined: list[tuple[Position, asyncio.Future[RecordBatch]]] = []

    async def add(self, batch: RecordBatch, start: Position, end: Position) -> None:
        """Add *batch*; the table is in the order of positions."""
        first, batches = self._runs.pop(start, (start, []))
        if batch.num_rows:
            batches.append(batch)
        if len(batches) == _JOINED:
            self._join(first, batches)
            first, batches = end, []
        if end in self._runs:
            self._join(*self._runs[end])
        self._runs[end] = first, batches

    async def table(self, certificate: Certificate | None) -> Table:
        """Return the table."""
        self._join_rest()
        parts = sorted(self._joined, key=itemgetter(0))
        batches = await asyncio.gather(*(batch for _, batch in parts))
        table = await asyncio.to_thread(pa.Table.from_batches, batches, self._schema)
        if certificate is None:
            return table
        text = msgspec.json.encode(certificate)
        known: Any = self._schema.metadata or {}
        return table.replace_schema_metadata({**known, CERTIFICATE: text})

    def _join_rest(self) -> None:
        """Join what is left, where nothing that was joined lies between."""
        joined: list[tuple[Position, list[RecordBatch] | None]] = [
            (start, None) for start, _ in self._joined
        ]
        first, waiting = (0, 0), list[RecordBatch]()
        rest = [*joined, *self._runs.values()]
        for start, batches in sorted(rest, key=itemgetter(0)):
            if batches is None or len(waiting) >= _JOINED:
                self._join(first, waiting)
                waiting = []
            first = first if waiting else start
            waiting = [*waiting, *(batches or ())]
        self._join(first, waiting)
        self._runs = {}

    def _join(self, start: Position, batches: list[RecordBatch]) -> None:
        if batches:
            loop = asyncio.get_running_loop()
            joined = loop.run_in_executor(None, pa.concat_batches, batches)
            self._joined.append((start, joined))


def as_polars(table: Table) -> Any:
    """Return *table* as a polars DataFrame."""
    polars: Any = import_module("polars")
    return polars.from_arrow(table)


def as_pandas(table: Table) -> Any:
    """Return *table* as a pandas DataFrame of Arrow columns."""
    pandas: Any = import_module("pandas")
    return table.to_pandas(types_mapper=pandas.ArrowDtype)
