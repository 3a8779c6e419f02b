"""A stream of record batches for synchronous consumers, on a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Protocol

from sage200_async.arrow.frames import arrow_schema
from sage200_async.arrow.libraries import RecordBatch, Schema, pa

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sage200_async.arrow.frames import Described
    from sage200_async.paging.certificate import Certificate

    Take = Callable[[RecordBatch], Awaitable[None]]
    Read = Callable[[Take], Awaitable[None]]

_WAITING: Final = 8
# Batches that may wait for the consumer.


class Runner(Protocol):
    """A client that is not open yet."""

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *_: object) -> None: ...

    def run(self, query: Any) -> Any:
        """Return *query*, bound to the client."""
        ...


class ArrowStream:
    """A query as an Arrow stream, for consumers that know nothing of asyncio.

    Hand it to ``polars.DataFrame``, ``pyarrow.table``, DuckDB, or whatever takes the
    Arrow PyCapsule interface. It reads in a thread with an event loop of its own, so it
    works in a notebook, too, and reads on while the consumer works, some batches ahead.
    Rows come as they arrive: by key, they are in no order.

    Args:
        query: What is read. One that is bound to another client is bound anew.
        client: A client that is not open: the stream opens it in its own loop, and
            closes it. One client is for one stream.
        schema: The columns of a resource that the catalog does not know.
        workers: Requests at once, where it is read by key.

    Raises:
        QueryError: The catalog does not know the resource, and there is no *schema*.

    Example:
        >>> import asyncio, pyarrow
        >>> from sage200_async.arrow import ArrowStream
        >>> query = client.customers.select("id", "balance")
        >>> stream = ArrowStream(query, Sage200Client(sandbox.settings))
        >>> table = run(asyncio.to_thread(pyarrow.table, stream))
        >>> table.num_rows, str(table.schema.field("balance").type)
        (50, 'decimal128(38, 10)')
        >>> stream.certificate.records
        50
    """

    def __init__(
        self,
        query: Described,
        client: Runner,
        *,
        schema: Schema | None = None,
        workers: int = 4,
    ) -> None:
        self.schema: Schema = arrow_schema(query, schema=schema)
        """The columns."""
        self.certificate: Certificate | None = None
        """Why what was read is complete, once the stream is at its end; None before, and
        for a query with an order, a skip or a top."""
        self._query = query
        self._client = client
        self._given = schema
        self._workers = workers

    def __arrow_c_schema__(self) -> object:
        """Return the columns as a PyCapsule; no I/O."""
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the stream as a PyCapsule; it is read from the first batch on."""
        reader = pa.RecordBatchReader.from_batches(self.schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[RecordBatch]:
        self.certificate = None
        return each_batch(self._read)

    async def _read(self, take: Take) -> None:
        async def pass_on(batch: RecordBatch, *_: object) -> None:
            await take(batch)

        async with self._client as client:
            query = client.run(self._query)
            passing = query._pass_columns(pass_on, self._given, self._workers)  # noqa: SLF001
            self.certificate = await passing


def each_batch(read: Read) -> Iterator[RecordBatch]:
    """Yield the batches that *read* passes on, from a thread with a loop of its own.

    The thread ends with the iterator, whether that is at its end or not.

    Args:
        read: Called in the loop with a function that takes a batch.
    """
    thread = _ReadingThread(read)
    thread.start()
    try:
        while (item := thread.arrived.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            thread.taken()
            yield item
    finally:
        thread.stop()


class _ReadingThread(threading.Thread):
    """Reads in a loop of its own; batches arrive in a queue, the last item is None."""

    def __init__(self, read: Read) -> None:
        super().__init__(name="sage200-arrow-stream", daemon=True)
        self.arrived: SimpleQueue[Any] = SimpleQueue()
        self._read = read
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def run(self) -> None:
        """Read until the end, an error, or `stop`."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001 - raised to the consumer
            self.arrived.put(error)
        finally:
            self.arrived.put(None)

    def taken(self) -> None:
        """Note that a batch was taken: there is room for another one."""
        self._call(self._room.release)

    def stop(self) -> None:
        """End the reading, whether it is at its end or not, and wait for it."""
        self._call(self._cancel)
        self.join()

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        if not self._stopped:
            await self._read(self._take)

    async def _take(self, batch: RecordBatch) -> None:
        await self._room.acquire()
        self.arrived.put(batch)

    def _cancel(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def _call(self, function: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # it has ended, and its loop is closed
            return
