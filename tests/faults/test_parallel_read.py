"""A parallel read while responses fail."""

import asyncio

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault, Sandbox

FAULTS = [
    Fault(cut=0, then="reset"),
    Fault(cut=0.5, then="close"),
    Fault(cut=-1, length=None, then="close"),
    Fault(status=503),
    Fault(status=429),
    Fault(status=401),
    Fault(body=b""),
]
EVERY_THIRD = [step for fault in FAULTS for step in (None, None, fault)] * 3


async def parallel_read(client, page):
    """Read with four workers; return the ids, and the certificate or the error."""
    ids = []
    try:
        async with client.customers.page_size(page).read(workers=4) as customers:
            async for customer in customers:
                ids.append(customer.id)
    except errors.Sage200Error as error:
        return ids, error
    return ids, customers.certificate


@pytest.mark.parametrize(
    "name,script",
    [
        ("every third request fails", EVERY_THIRD),
        ("every request from the third fails", None),
    ],
)
def test_parallel_read(helpers, row, database, name, script):
    """All records come once, with a certificate, or an error is raised; no task is left."""

    async def main():
        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            async with helpers.connected(sandbox) as client:
                down = [None, None, *[Fault(status=500)] * 500]
                sandbox.faults = down if script is None else script
                ids, outcome = await parallel_read(client, 100)
                return keys, ids, outcome, len(sandbox.requests)

    keys, ids, outcome, requests = asyncio.run(main())
    row(f"4 workers, {name}", type(outcome).__name__, requests)
    assert len(ids) == len(set(ids))
    if script is None:
        assert isinstance(outcome, errors.Sage200Error)
        assert set(ids) < set(keys)
        assert requests <= 2 + 5 + 4 * 5  # both edges, the count, and four workers
    else:
        assert sorted(ids) == keys
        assert outcome.records == len(keys)
        assert requests <= 100
