"""The recipe of the guide "Orders from a web shop" doubles no order."""

import asyncio
import contextlib
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from page_blocks import blocks

from sage200_async import Sage200Client
from sage200_async.errors import JournalError
from sage200_async.sandbox import Fault, Sandbox
from sage200_async.write import Outcome, clear_journal

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "web-shop.md"
ORDER = {
    "customer_id": 1088,
    "customer_document_no": "WEB-1",
    "lines": [{"line_type": "EnumLineTypeFreeText", "description": "Delivery"}],
}
EMPTY = Fault(body=b"[]")
"""What a tunnel that is down answers to every request."""

EnterOrder = Callable[[Sage200Client, dict[str, Any]], Awaitable[Outcome]]


@pytest.fixture
def enter_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnterOrder:
    """Return `enter_order` of the guide's shop.py, whose journals go to a new folder."""
    monkeypatch.chdir(tmp_path)
    [code] = [b.code for b in blocks(GUIDE) if b.notes.get("file") == "shop.py"]
    module = types.ModuleType("shop")
    exec(code, vars(module))
    return module.enter_order


@contextlib.asynccontextmanager
async def company() -> AsyncIterator[tuple[Sandbox, Sage200Client]]:
    """Serve a company with some customers and orders, and open a client of it."""
    async with (
        Sandbox(records={"customers": 3, "sop_orders": 3}) as sandbox,
        Sage200Client(sandbox.settings) as client,
    ):
        yield sandbox, client


async def orders(client: Sage200Client) -> int:
    """Return how many orders have the shop's number."""
    return await client.sop_orders.filter(customer_document_no="WEB-1").count()


def test_an_empty_answer_doubles_no_order(enter_order: EnterOrder) -> None:
    """An order that is there is not sent again after look-ups answered with `[]`."""

    async def main() -> None:
        async with company() as (sandbox, client):
            await client.sop_orders.create(ORDER)
            sandbox.faults = [EMPTY, EMPTY]
            outcome = await enter_order(client, ORDER)
            assert not sandbox.faults
            assert outcome.kind in {"unchanged", "unknown"}
            assert await orders(client) == 1

    asyncio.run(main())


def test_workers_of_one_machine_create_an_order_once(enter_order: EnterOrder) -> None:
    """Of several workers with one order, one creates it; others get an error and try later."""

    async def main() -> None:
        async with company() as (sandbox, client):
            sandbox.faults = [Fault(delay=0.2, carried_out=True)]
            work = [enter_order(client, ORDER) for _ in range(4)]
            results = await asyncio.gather(*work, return_exceptions=True)
            late = [r for r in results if not isinstance(r, Outcome)]
            assert len(late) == 3
            assert all(isinstance(r, JournalError) and r.retryable for r in late)
            assert await orders(client) == 1
            assert (await enter_order(client, ORDER)).done
            assert await orders(client) == 1

    asyncio.run(main())


def test_a_refused_order_is_corrected(enter_order: EnterOrder) -> None:
    """An order that Sage refused is created once its journal is cleared and it is right."""

    async def main() -> None:
        async with company() as (_, client):
            refused = await enter_order(client, ORDER | {"customer_id": 2})
            assert refused.kind == "refused", refused
            with pytest.raises(JournalError):
                await enter_order(client, ORDER)
            clear_journal("journals/WEB-1.db")
            assert (await enter_order(client, ORDER)).kind == "created"
            assert await orders(client) == 1

    asyncio.run(main())
