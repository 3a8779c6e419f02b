"""One table of the source: a sync whose rows a pipeline loads."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from sage200_async.engines.dlt.batches import DELETED
from sage200_async.engines.dlt.channel import Channel
from sage200_async.engines.dlt.held_rows import TableState
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

REPLACE: Final = "replace"


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

    def rows(self) -> Iterator[Any]:
        """Yield batches of rows; then change the state of the pipeline.

        It is changed last, so that a run which fails leaves it as it was.

        Raises:
            ExtractError: What was read cannot be proved complete, or more rows seem to
                be deleted than is believed.
        """
        current: Any = import_module("dlt").current
        state: dict[str, Any] = current.resource_state()
        merges = _disposition(current.resource()) != REPLACE
        before = TableState.of(state, self._extraction.name) if state else None
        channel = Channel()
        target = self._target(channel, before, merges=merges)
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
            state.update(msgspec.to_builtins(after))

    def _target(
        self, channel: Channel, before: TableState | None, *, merges: bool
    ) -> PipelineTarget:
        return PipelineTarget(
            channel,
            before,
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


def _disposition(resource: Any) -> str:
    """Return how the rows of a resource are written: ``merge``, ``replace`` and so on."""
    disposition = resource.write_disposition
    with suppress(TypeError, KeyError):
        disposition = disposition["disposition"]
    return str(disposition)
