"""Jobs on the sandbox: other resources, keys of several fields, and memory."""

import asyncio
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from job_worker import customers

from sage200_async import Sage200Client
from sage200_async.errors import QueryError
from sage200_async.sandbox import Fault, Sandbox
from sage200_async.write.write_journal import Journal

LOST = Fault(carried_out=True, cut=0, then="reset")
WORKER = Path(__file__).parent / "job_worker.py"


def on_sandbox(body: Any, **records: int) -> Any:
    """Run a coroutine function with a client and its sandbox."""

    async def main() -> Any:
        async with (
            Sandbox(records=records) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            return await body(client, sandbox)

    return asyncio.run(main())


async def kinds_of(job: Any) -> list[str]:
    """Run a job; return how its rows ended, in their order."""
    async with job:
        ended = {outcome.row: outcome async for outcome in job}
    return [f"{ended[row].kind} {ended[row].reason}".strip() for row in sorted(ended)]


def test_contacts_of_customers(tmp_path: Path) -> None:
    """Related rows are looked up with their records: added once, then unchanged."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        some = await client.customers.first()
        assert some is not None
        row = {"reference": some.reference, "contacts": [{"name": "Zoë Zell"}]}
        options: Any = {"nested_by": {"contacts": "name"}, "settle": 0.05}
        for run, kind in enumerate(("updated", "unchanged")):
            job = client.customers.upsert(
                [row],  # type: ignore[list-item]
                journal=tmp_path / f"{run}.db",
                **options,
            )
            assert await kinds_of(job) == [kind]
        contacts = client.customers[some.id].customer_contacts
        assert len([c async for c in contacts if c.name == "Zoë Zell"]) == 1
        assert [r.method for r in sandbox.requests].count("PUT") == 1

    on_sandbox(body, customers=3)


def test_a_key_of_two_fields(tmp_path: Path) -> None:
    """Records are looked up by several fields together, those of the catalog."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        links = [link async for link in client.product_suppliers]
        pairs = sorted({(one.product_id, one.supplier_id) for one in links})
        rows: Any = [
            {"product_id": product, "supplier_id": supplier, "lead_time": 9}
            for product, supplier in pairs
        ]
        job = client.product_suppliers.upsert(rows, journal=tmp_path / "links.db")
        several = "2 records have the same product_id and supplier_id"
        kinds = await kinds_of(job)  # the sandbox has made one of them up twice
        assert kinds == [f"refused {several}, so that none can be chosen", "updated"]
        asked = [r.query.get("$filter", "") for r in sandbox.requests]
        pair = f"product_id eq {pairs[0][0]} and supplier_id eq {pairs[0][1]}"
        assert any(pair in text for text in asked)

    on_sandbox(body, product_suppliers=3, products=2, suppliers=2)


def test_a_resource_that_the_catalog_does_not_have(tmp_path: Path) -> None:
    """An untyped resource is written by a field that the caller names."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        departments = client.resource("departments", key="id")
        rows = [{"code": "ZZ1", "name": "New"}]
        job = departments.upsert(rows, by="code", journal=tmp_path / "a.db")
        assert await kinds_of(job) == ["created"]
        again = departments.upsert(rows, by="code", journal=tmp_path / "b.db")
        assert await kinds_of(again) == ["unchanged"]
        with pytest.raises(QueryError, match="key='id'"):
            client.resource("departments").upsert([], by="code", journal="c.db")

    on_sandbox(body, departments=2)


def test_orders_are_found_by_the_document_number_of_the_customer(
    tmp_path: Path,
) -> None:
    """An order whose response is lost is looked for by its marker."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        customer = await client.customers.first()
        assert customer is not None
        rows: Any = [{"customer_id": customer.id, "customer_document_no": "WEB-1"}]
        sandbox.faults = [None, None, LOST]
        job = client.sop_orders.insert(rows, journal=tmp_path / "o.db", settle=0.1)
        assert await kinds_of(job) == ["created"]
        assert [r.method for r in sandbox.requests].count("POST") == 1

    on_sandbox(body, customers=1, sop_orders=2)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A row that has been taken from a generator leaves less than 20 bytes behind."""

    async def peak(client: Sage200Client, count: int) -> int:
        text = "x" * 60
        rows = ({"reference": f"R{n}", "name": text} for n in range(count))
        journal = tmp_path / f"{count}.db"
        tracemalloc.start()
        async with client.customers.upsert(rows, journal=journal, dry_run=True) as job:
            async for outcome in job:  # all rows are in the journal by now
                assert outcome.kind == "created"
                break
            assert job.report.rows == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    async def body(client: Sage200Client, _: Sandbox) -> None:
        await peak(client, 10)
        few, many = await peak(client, 2_000), await peak(client, 20_000)
        assert many - few < 18_000 * 20  # requests under way differ by chance

    on_sandbox(body, customers=1)


def test_a_journal_that_another_process_has_open(tmp_path: Path) -> None:
    """A second process on a journal ends at once, and says why."""
    journal = Journal(tmp_path / "job.db")
    try:
        command = [sys.executable, WORKER, "http://127.0.0.1:1/v1/", journal.path]
        ended = subprocess.run(
            [*map(str, command), "1", "1", "customers"],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        journal.close()
    assert ended.returncode == 1
    assert "JournalError" in ended.stderr
    assert "another process is using this journal" in ended.stderr
    assert customers(1)


def test_a_report_within_the_block(tmp_path: Path) -> None:
    """Once the outcomes have come to their end, the rows left can be written at once."""

    async def body(client: Sage200Client, _: Sandbox) -> None:
        rows: Any = [{"reference": "N1"}]
        async with client.customers.upsert(rows, journal=tmp_path / "j.db") as job:
            report = await job.finish()
            assert report.write_csv(tmp_path / "rest.csv") == 1
            assert (report.rows, report.waiting, report.is_complete) == (1, 0, False)

    on_sandbox(body, customers=1)
