"""A collection read by several at once, while replies fail."""

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
EVERY_THIRD = [each for fault in FAULTS for each in (None, None, fault)] * 3


async def bulk(client, page):
    """Read all by four at once; give the ids, and the proof or the error."""
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
    [("every third request fails", EVERY_THIRD), ("dead from the third on", None)],
)
def test_several_at_once(lab, row, database, name, script):
    """All come, once, with a proof; or the error is named. Nothing runs on."""

    async def main():
        async with Sandbox(database=database) as sandbox:
            keys = sandbox.store.keys("customers")
            async with lab.connected(sandbox) as client:
                dead = [None, None, *[Fault(status=500)] * 500]
                sandbox.faults = dead if script is None else script
                ids, proof = await bulk(client, 100)
                return keys, ids, proof, len(sandbox.requests)

    keys, ids, proof, requests = asyncio.run(main())
    row(f"4 at once, {name}", type(proof).__name__, requests)
    assert len(ids) == len(set(ids))
    if script is None:
        assert isinstance(proof, errors.Sage200Error)
        assert set(ids) < set(keys)
        assert requests <= 2 + 4 * 5 + 1
    else:
        assert sorted(ids) == keys
        assert proof.records == len(keys)
        assert requests <= 100
