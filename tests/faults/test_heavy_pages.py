"""A server that can serve small pages, but not large ones."""

import asyncio

import pytest

from sage200_async.events import PageRead, PageSizeChanged, ReadFinished, RetryScheduled
from sage200_async.sandbox import Behaviour, Sandbox

ROWS = 6_000


@pytest.mark.parametrize("how", ["504", "silence"])
def test_pages_that_take_too_long(helpers, row, how):
    """A read finds a page size that the server can serve, and emits events about it."""

    async def main():
        behaviour = Behaviour(slow_above=600, slow_as=how)
        events = []
        timeout = 1.0 if how == "silence" else 60.0
        async with Sandbox({"customers": ROWS}, behaviour=behaviour) as sandbox:
            keys = sandbox.store.keys("customers")
            async with helpers.connected(sandbox, read_timeout=timeout) as client:
                stop = client.subscribe(events.append)
                result = await helpers.read(client, keys, page=5_000)
                stop()
                result.requests = list(sandbox.requests)
            return result, events

    result, events = asyncio.run(main())
    row(f"pages above 600 time out, {how}", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.keys) == ROWS
    assert len(result.requests) <= 30

    def of_type(event_type):
        return [event for event in events if isinstance(event, event_type)]

    sizes = [event.new for event in of_type(PageSizeChanged)]
    assert sizes[0] == 312  # 5000, 2500, 1250 and 625 were too many
    assert max(sizes) <= 600
    assert [event.page_reduced for event in of_type(RetryScheduled)] == [True] * 4
    assert sum(page.records for page in of_type(PageRead)) == ROWS
    [end] = of_type(ReadFinished)
    assert (end.records, end.error) == (ROWS, "")
