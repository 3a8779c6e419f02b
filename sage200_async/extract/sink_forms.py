"""The form in which records are read for a sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sage200_async.paging.raw_form import RawForm

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sage200_async.extract.sink import SinkForm
    from sage200_async.paging.parallel import Batch, ParallelRead


def batches_for(
    read: ParallelRead[Any], form: SinkForm
) -> AsyncGenerator[Batch[Any], None]:
    """Return the batches of *read*, in the form that a sink takes."""
    if form == "lines":
        return read.batches_as(RawForm(read.model))
    return read.batches()
