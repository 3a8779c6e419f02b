"""One table of the source: a sync whose rows a pipeline loads."""

from __future__ import annotations

import logging
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sage200_async.engines.dlt.batches import DELETED
from sage200_async.engines.dlt.channel import Channel
from sage200_async.engines.dlt.held_rows import Location, TableState
from sage200_async.engines.dlt.location import (
    REPLACE,
    Disposition,
    current_load,
    current_location,
    has_failed,
    other_queries,
)
from sage200_async.engines.dlt.target import PipelineTarget
from sage200_async.extract.deletes import DeletePolicy
from sage200_async.extract.sync import sync
from sage200_async.extract.sync_run import with_stamp
from sage200_async.extract.sync_state import SYNC_STATE, decode_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.extract import DltResource

    from sage200_async.client import Sage200Client
    from sage200_async.engines.dlt.company_thread import CompanyThread
    from sage200_async.extract.extraction import Extraction
    from sage200_async.extract.sync_run import SyncResult
    from sage200_async.query.endpoint import Endpoint

_log = logging.getLogger(__name__)


class SyncArguments(Struct, frozen=True, kw_only=True):
    """How each table is kept in step: see `sage200_async.extract.sync`."""

    workers: int
    overlap: float
    deletes: DeletePolicy
    sweep_every: float
    whole_every: float | None

    @property
    def keeps_time(self) -> bool:
        """Whether a run has to know when the last comparison was."""
        return self.sweep_every > 0 or self.whole_every is not None


def resource_of(
    extraction: Extraction, thread: CompanyThread, arguments: SyncArguments
) -> DltResource:
    """Return the resource of one table.

    It is merged by its key where its records have one, and replaced otherwise.

    Args:
        extraction: What is read; its name is that of the table.
        thread: The client.
        arguments: How.

    Raises:
        QueryError: The catalog does not have its columns.
    """
    dlt: Any = import_module("dlt")
    extraction = with_stamp(extraction)
    endpoint: Endpoint[Any] = extraction.query.endpoint
    hints: dict[str, Any] = {"write_disposition": REPLACE}
    if endpoint.key is not None:
        hints = {"write_disposition": "merge", "primary_key": endpoint.key}
        hints["columns"] = {DELETED: {"data_type": "bool", "hard_delete": True}}
    table = TableRun(extraction, thread, arguments)

    def rows() -> Iterator[Any]:  # dlt sets attributes, which a method has none of
        yield from table.rows()

    resource: DltResource = dlt.resource(rows, name=extraction.name, **hints)
    return resource


class TableRun:
    """Reads what has changed of one table since the last run of the pipeline.

    Args:
        extraction: What is read.
        thread: The client.
        arguments: How.
    """

    def __init__(
        self, extraction: Extraction, thread: CompanyThread, arguments: SyncArguments
    ) -> None:
        self._extraction, self._thread = extraction, thread
        self._arguments = arguments
        self._layout = extraction.layout
        self._disposition = Disposition()

    def rows(self) -> Iterator[Any]:
        """Yield batches of rows; then change the state of the pipeline.

        It is changed last, so that a run which fails leaves it as it was.

        Raises:
            ExtractError: What was read cannot be proved complete, or more rows seem to
                be deleted than is believed.
        """
        current: Any = import_module("dlt").current
        state: dict[str, Any] = current.resource_state()
        resource = current.resource()
        location = current_location(resource)
        merges = not self._disposition.is_snapshot(resource)
        before = self._before(state, location) if merges else None
        self._disposition.set(resource, anew=before is None)
        channel = Channel()
        target = self._target(channel, before, location, merges=merges)
        job = self._thread.run(partial(self._sync, target, not merges))
        job.add_done_callback(lambda _: channel.finish())
        try:
            yield from channel.batches()
            job.result()
        finally:
            job.cancel()
            channel.close()
            self._thread.leave()
        after = target.state()
        if before is None or self._has_changed(before, after):
            state.clear()
            state.update(msgspec.to_builtins(replace(after, load=current_load())))

    def _before(self, state: dict[str, Any], location: Location) -> TableState | None:
        """Return what the pipeline has loaded to *location*; None for nothing."""
        name = self._extraction.name
        before = TableState.of(state, name) if state else None
        if before is None:
            _log.info("%s was never loaded: what the table has is replaced", name)
            return None
        if has_failed(before.load):
            _log.warning("%s is read anew: a part of its last load failed", name)
            return None
        if location.dataset and before.location.dataset and location != before.location:
            _log.warning("%s is read anew: it was last loaded elsewhere", name)
            return None
        return before

    def _target(
        self,
        channel: Channel,
        before: TableState | None,
        location: Location,
        *,
        merges: bool,
    ) -> PipelineTarget:
        source = import_module("dlt").current.source_schema().name
        return PipelineTarget(
            channel,
            before,
            location=location,
            others=list(other_queries(location, source)),
            layout=self._layout,
            stamp=self._extraction.query.endpoint.watermark,
            overlap=self._arguments.overlap,
            merges=merges,
        )

    async def _sync(
        self,
        target: PipelineTarget,
        whole: bool,  # noqa: FBT001 - bound by partial
        client: Sage200Client,
    ) -> SyncResult:
        return await sync(
            client,
            self._extraction,
            target,
            whole=whole,
            workers=self._arguments.workers,
            overlap=self._arguments.overlap,
            deletes=self._arguments.deletes,
            sweep_every=self._arguments.sweep_every,
            whole_every=self._arguments.whole_every,
        )

    def _has_changed(self, before: TableState, after: TableState) -> bool:
        """Return whether the state has to be stored: it is a row of the destination."""
        if self._progress(before) != self._progress(after):
            return True
        return (before.rows, before.layout) != (after.rows, after.layout)

    def _progress(self, state: TableState) -> tuple[object, ...]:
        """Return how far a table is in step, and when it was compared, if that counts."""
        sync = decode_state(state.metadata.get(SYNC_STATE))
        if not self._arguments.keeps_time:
            return (sync.newest,)
        return sync.newest, sync.swept_at, sync.whole_at
