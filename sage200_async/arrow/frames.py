"""Whole tables: for pyarrow, polars and pandas."""

from __future__ import annotations

from importlib import import_module
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

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

    Args:
        schema: The columns.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._parts: list[tuple[Any, RecordBatch]] = []

    async def add(self, batch: RecordBatch, rank: Any) -> None:
        """Add *batch*; the table is in the order of ranks."""
        if batch.num_rows:
            self._parts.append((rank, batch))

    def table(self, certificate: Certificate | None) -> Table:
        """Return the table; it takes time, so call it in a thread."""
        batches = [batch for _, batch in sorted(self._parts, key=itemgetter(0))]
        self._parts = []
        for start in range(0, len(batches), _JOINED):
            joined = pa.concat_batches(batches[start : start + _JOINED])
            batches[start : start + _JOINED] = [joined, *[None] * (_JOINED - 1)]
        whole = [batch for batch in batches if batch is not None]
        table = pa.Table.from_batches(whole, self._schema)
        if certificate is None:
            return table
        text = msgspec.json.encode(certificate)
        known: Any = self._schema.metadata or {}
        return table.replace_schema_metadata({**known, CERTIFICATE: text})


def as_polars(table: Table) -> Any:
    """Return *table* as a polars DataFrame."""
    polars: Any = import_module("polars")
    return polars.from_arrow(table)


def as_pandas(table: Table) -> Any:
    """Return *table* as a pandas DataFrame of Arrow columns."""
    pandas: Any = import_module("pandas")
    return table.to_pandas(types_mapper=pandas.ArrowDtype)
