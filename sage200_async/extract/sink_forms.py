"""The form in which records are read for a sink."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sage200_async.paging.raw_form import RawForm
from sage200_async.query.bound_endpoint import connection_of

if TYPE_CHECKING:
    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.sink_thread import SinkThread
    from sage200_async.paging.page_forms import Form
    from sage200_async.query.collection import CollectionQuery


def form_for(query: CollectionQuery[Any], thread: SinkThread) -> SinkForm:
    """Return the form in which the records of *query* are to come to a sink."""
    form = thread.form
    if form == "lines" and query.options.select:
        return "rows"  # a server may ignore $select; in the file is what was selected
    has_quarantine = connection_of(query).quarantine is not None
    if form == "columns" and thread.sets_aside and not has_quarantine:
        return "rows"  # what does not fit in columns is an error of decoding
    return form


async def reading_form(query: CollectionQuery[Any], form: SinkForm) -> Form[Any] | None:
    """Return the form of a read whose records a sink takes in *form*; None for rows.

    Args:
        query: What is read.
        form: What the sink takes.
    """
    endpoint = query.endpoint
    if form == "lines":
        record: Any = endpoint.record
        return RawForm(record)
    if form == "rows":
        return None
    return await asyncio.to_thread(_columns, query)


def _columns(query: CollectionQuery[Any]) -> Form[Any]:
    """Return the columns of *query*; in a thread, as importing pyarrow takes long."""
    frames, endpoint = import_module("sage200_async.arrow.frames"), query.endpoint
    columns: Form[Any] = frames.column_form(
        endpoint.record, query.options, endpoint.key, endpoint.path
    )
    return columns
