"""A plan in four processes while others write: one certificate, or an error."""

import asyncio
import pickle
import random
import sys
from pathlib import Path

import pytest

from sage200_async import Sage200Client, certify
from sage200_async.errors import ExtractError
from sage200_async.sandbox import Sandbox

WORKER = Path(__file__).with_name("range_worker.py")
ROWS = 1200
PARTS = 4


class Worker:
    """A process that reads a range."""

    def __init__(self, process, result):
        self.process = process
        self.result = result

    @classmethod
    async def start(cls, folder, name, settings, key_range, *, stall=0):
        task, result = folder / f"{name}.task", folder / f"{name}.result"
        task.write_bytes(pickle.dumps((settings, key_range.to_json())))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            WORKER,
            task,
            result,
            str(stall),
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process, result)

    async def batches(self, count):
        """Wait until it has read *count* batches."""
        for _ in range(count):
            assert (await self.process.stdout.readline()).strip() == b"batch"

    async def kill(self):
        self.process.kill()
        await self.process.communicate()

    async def end(self):
        """Wait for its end; return the records and the certificate."""
        await self.process.communicate()
        assert self.process.returncode == 0
        return pickle.loads(self.result.read_bytes())


async def write(store, seed):
    """Insert above, delete and update anywhere, until it is cancelled."""
    chance, number = random.Random(seed), 0
    while True:
        number += 1
        key = chance.choice(store.keys("customers"))
        match chance.choice(["insert", "delete", "update"]):
            case "insert":
                name = f"new {number}"
                store.insert("customers", {"reference": name, "name": name})
            case "delete":
                store.delete("customers", key)
            case "update":
                store.update("customers", key, {"short_name": f"moved {number}"})
        await asyncio.sleep(0.01)


async def all_customers(client):
    return {customer.id: customer async for customer in client.customers}


async def read_in_processes(folder, client, sandbox):
    """Read a plan in four processes, one of them killed; return what it was about."""
    settings = (await client.access_token()).settings_for(client.settings)
    plan = await client.customers.page_size(40).plan(parts=PARTS)
    writer = asyncio.create_task(write(sandbox.store, 14))
    try:
        workers = [
            await Worker.start(
                folder, part.number, settings, part, stall=2 * (part.number == 2)
            )
            for part in plan.ranges
        ]
        await workers[2].batches(2)
        await workers[2].kill()
        assert not workers[2].result.exists()
        workers[2] = await Worker.start(folder, "again", settings, plan.ranges[2])
        results = [await worker.end() for worker in workers]
    finally:
        writer.cancel()
        await asyncio.wait([writer])
    return plan, results


def test_four_processes_one_killed(tmp_path):
    """Under a writer, with one process killed and its range read again, all comes once."""

    async def main():
        async with (
            Sandbox(records={"customers": ROWS}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            before = await all_customers(client)
            plan, results = await read_in_processes(tmp_path, client, sandbox)
            return plan, results, before, await all_customers(client)

    plan, results, before, after = asyncio.run(main())
    records = [record for part, _ in results for record in part]
    certificates = [certificate for _, certificate in results]
    arrived = {record.id: record for record in records}
    assert len(arrived) == len(records)
    stood = before.keys() & after.keys()
    assert stood <= arrived.keys() <= before.keys()
    assert before.keys() - stood
    assert after.keys() - stood
    unchanged = [key for key in stood if before[key] == after[key]]
    assert len(unchanged) < len(stood)
    assert all(arrived[key] == before[key] for key in unchanged)

    whole = certify(plan, certificates)
    assert (whole.records, whole.count_before) == (len(records), ROWS)
    assert (whole.lowest, whole.highest) == (min(arrived), max(arrived))
    assert (whole.min_key, whole.max_key) == (min(before), max(before))
    assert whole.requests == sum(part.requests for part in certificates)
    with pytest.raises(ExtractError, match="1 of 4 ranges"):
        certify(plan, certificates[1:])
    with pytest.raises(ExtractError, match=r"range 3 .* read twice"):
        certify(plan, [*certificates, certificates[3]])


def test_a_quiet_source_is_equal(tmp_path):
    """Without a writer the processes bring the source, and each what it was planned."""

    async def main():
        async with (
            Sandbox(records={"customers": 300}) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            query = client.customers.filter(on_hold=False).expand("contacts")
            source = [customer async for customer in query]
            settings = (await client.access_token()).settings_for(client.settings)
            plan = await query.page_size(40).plan(parts=2)
            workers = [
                await Worker.start(tmp_path, part.number, settings, part)
                for part in plan.ranges
            ]
            return source, plan, [await worker.end() for worker in workers]

    source, plan, results = asyncio.run(main())
    certificates = [certificate for _, certificate in results]
    assert [
        record for part, _ in results for record in sorted(part, key=by_id)
    ] == source
    assert any(customer.contacts for customer in source)
    assert [one.records for one in certificates] == [part.rows for part in plan.ranges]
    assert certify(plan, certificates).records == len(source)


def by_id(record):
    return record.id
