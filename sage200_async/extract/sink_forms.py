"""The form in which records are read for a sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sage200_async.paging.raw_form import RawForm

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sage200_async.extract.sink import SinkForm
    from sage200_async.paging.parallel import Batch, ParallelRead
    from sage200_async.query.collection import CollectionQuery


def batches_for(
    query: CollectionQuery[Any], read: ParallelRead[Any], form: SinkForm
) -> AsyncGenerator[Batch[Any], None]:
    """Return the batches of *read*, in the form that a sink takes.

    Args:
        query: What is read.
        read: Its read.
        form: What the sink takes.
    """
    endpoint = query.endpoint
    record: Any = endpoint.record  # known, since the tables are
    if form == "lines":
        return read.batches_as(RawForm(record))
    if form == "columns":
        from sage200_async.arrow.frames import column_form  # noqa: PLC0415 - an extra

        key, path = endpoint.key, endpoint.path
        return read.batches_as(column_form(record, query.options, key, path))
    return read.batches()
