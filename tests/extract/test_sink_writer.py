"""Batches are written beside the read, all of them, whatever ends it."""

import asyncio
import threading

import pytest

from sage200_async.errors import SinkError
from sage200_async.extract.sink_thread import SinkThread
from sage200_async.extract.sink_writer import SinkWriter
from sage200_async.paging.key_ranges import KeyRange
from sage200_async.paging.parallel import Batch, Progress

COUNT = 40


class SlowSink:
    """A sink of lines that writes once it may; at some key it fails."""

    form = "lines"

    def __init__(self, fails_at=None):
        self.written, self.may_write = [], threading.Event()
        self._fails_at = fails_at

    def write(self, key_range, rows, *, requests=0, rejected=0):
        assert self.may_write.wait(10)
        if key_range.high == self._fails_at:
            raise SinkError("the disk is full")
        self.written.append((key_range.high, rows, requests))

    def close(self):
        pass


def batch(key):
    lines = [b'{"id":%d}' % key]
    return Batch(lines, KeyRange(key - 1, key, 1, key, key)), Progress(requests=key)


async def write_all(sink, *, stop_at=None, seen=None):
    """Add batches one after another; return how many were added before one was written."""
    async with (
        SinkThread(sink) as thread,
        SinkWriter(thread, thread.form, seen) as writer,
    ):
        for key in range(1, COUNT + 1):
            if key == stop_at:
                sink.may_write.set()
                raise KeyError(key)
            await writer.add(*batch(key))
        added = COUNT if not sink.written else 0
        sink.may_write.set()
    return added


def test_the_read_goes_on_while_the_sink_writes():
    """Batches are taken while the first is still written, then written in their order."""
    sink, seen = SlowSink(), []
    assert asyncio.run(write_all(sink, seen=seen.append)) == COUNT
    assert [key for key, _, _ in sink.written] == list(range(1, COUNT + 1))
    assert [requests for *_, requests in sink.written] == list(range(1, COUNT + 1))
    assert [progress.requests for progress in seen] == [1, COUNT]


def test_an_error_of_the_sink_ends_the_read():
    """The sink's error is raised, and nothing after it is written."""
    sink = SlowSink(fails_at=20)
    with pytest.raises(SinkError, match="the disk is full"):
        asyncio.run(write_all(sink))
    assert [key for key, _, _ in sink.written] == list(range(1, 20))


def test_what_was_read_is_written_though_the_read_failed():
    """A read that fails loses nothing: the next run resumes after what was added."""
    sink = SlowSink()
    with pytest.raises(KeyError):
        asyncio.run(write_all(sink, stop_at=30))
    assert [key for key, _, _ in sink.written] == list(range(1, 30))


@pytest.mark.parametrize("inside", [True, False])
def test_a_cancelled_read_loses_nothing(inside):
    """Cancelled while the sink is behind, inside the block or at its end: all is written."""

    async def read(sink):
        async with SinkThread(sink) as thread, SinkWriter(thread, "lines") as writer:
            for key in range(1, COUNT + 1):
                await writer.add(*batch(key))
            if inside:
                await asyncio.Event().wait()

    async def main():
        sink = SlowSink()
        task = asyncio.create_task(read(sink))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        assert sink.written == []
        sink.may_write.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return sink

    sink = asyncio.run(main())
    assert [key for key, _, _ in sink.written] == list(range(1, COUNT + 1))
