"""A server that can serve small pages and no large ones."""

import asyncio

import pytest

from sage200_async.events import PageRead, PageSizeChanged, ReadFinished, RetryScheduled
from sage200_async.sandbox import Behaviour, Sandbox

ROWS = 6_000


@pytest.mark.parametrize("how", ["504", "silence"])
def test_pages_that_take_too_long(lab, row, how):
    """A reading finds the size that the server can serve, and says how it did."""

    async def main():
        behaviour = Behaviour(slow_above=600, slow_as=how)
        events = []
        patience = 1.0 if how == "silence" else 60.0
        async with Sandbox({"customers": ROWS}, behaviour=behaviour) as sandbox:
            keys = sandbox.store.keys("customers")
            async with lab.connected(sandbox, read_timeout=patience) as client:
                stop = client.subscribe(events.append)
                reading = await lab.read(client, keys, page=5_000)
                stop()
                reading.seen = list(sandbox.requests)
            return reading, events

    reading, events = asyncio.run(main())
    row(f"pages above 600 time out, {how}", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.keys) == ROWS
    assert len(reading.seen) <= 30

    def told(kind):
        return [each for each in events if isinstance(each, kind)]

    sizes = [each.new for each in told(PageSizeChanged)]
    assert sizes[0] == 312  # 5000, 2500, 1250 and 625 were too much
    assert max(sizes) <= 600
    assert [each.page_reduced for each in told(RetryScheduled)] == [True] * 4
    assert sum(page.records for page in told(PageRead)) == ROWS
    [end] = told(ReadFinished)
    assert (end.records, end.error) == (ROWS, "")
