"""sage200_async, as a user would write it."""

from __future__ import annotations

import asyncio
from typing import Any

from runner import (
    best_microseconds,
    measure_read,
    measure_small,
    peak_memory,
    process_memory,
    run_job,
)

from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer, SopOrder


def client_of(url: str) -> Sage200Client:
    base = url.rpartition("/")[0] + "/"
    settings = Settings(base_url=base, access_token="token", site="site", company=1)
    return Sage200Client(settings)


async def read(client: Sage200Client) -> tuple[int, Any]:
    records, balance = 0, 0
    async for customer in client.customers:
        records += 1
        balance += customer.balance
    return records, balance


def stream(url: str, **_: str) -> dict[str, float]:
    async def main() -> tuple[int, Any]:
        async with client_of(url) as client:
            return await read(client)

    return measure_read(lambda: asyncio.run(main()))


def grow(url: str) -> dict[str, float]:
    idle = 0.0

    async def main() -> tuple[int, Any]:
        nonlocal idle
        async with client_of(url) as client:
            idle = process_memory("VmRSS")
            return await read(client)

    figures = measure_read(lambda: asyncio.run(main()))
    return {**figures, "MiB above idle": peak_memory() - idle}


def stall(url: str) -> dict[str, float]:
    from stalls import longest_stall

    async def main() -> dict[str, float]:
        async with client_of(url) as client:
            return await longest_stall(read(client))

    return asyncio.run(main())


def stall_on(url: str, body: str) -> dict[str, float]:
    from stalls import longest_stall

    from sage200_async.errors import BadRequest

    async def orders(client: Sage200Client) -> tuple[int, Any]:
        lines = SopOrder.fields.lines
        rows = [len(order.lines) async for order in client.sop_orders.expand(lines)]
        return len(rows), sum(rows)

    async def refused(client: Sage200Client) -> tuple[int, Any]:
        try:
            await client.customers.first()
        except BadRequest:
            return 0, 0
        raise AssertionError("expected an error")

    async def as_columns(client: Sage200Client) -> tuple[int, Any]:
        table = await client.customers.to_arrow(workers=1)
        return table.num_rows, 0

    async def lines_as_columns(client: Sage200Client) -> tuple[int, Any]:
        table = await client.sop_orders.expand("lines").to_arrow(workers=1)
        return table.num_rows, 0

    works = {
        "lines": orders,
        "alike": orders,
        "error": refused,
        "columns": as_columns,
        "columns of lines": lines_as_columns,
        "columns of alike": lines_as_columns,
    }
    served = "plain" if body == "columns" else body.removeprefix("columns of ")

    async def main() -> dict[str, float]:
        async with client_of(f"{url}/{served}/customers") as client:
            return await longest_stall(works.get(body, read)(client))

    return asyncio.run(main())


def query(times: int, **_: str) -> dict[str, float]:
    client, c = client_of("http://127.0.0.1/customers"), Customer.fields

    def build(number: int) -> str:
        customers = client.customers.filter(
            (c.balance > number) & c.name.startswith("A"), on_hold=False
        )
        return customers.select(c.id, c.name).url

    return best_microseconds(build, times)


def small(url: str, job: str, times: int, **_: str) -> dict[str, float]:
    async def main() -> dict[str, float]:
        async with client_of(url) as client:

            async def get(number: int) -> float:
                return float((await client.customers.get(number)).balance)

            async def first(_: int) -> float:
                customer = await client.customers.first()
                assert customer is not None
                return float(customer.balance)

            async def create(_: int) -> float:
                values = {"reference": "ABC", "name": "A & B Ltd"}
                return float((await client.customers.create(values)).balance)

            async def count(_: int) -> float:
                return float(await client.customers.count())

            jobs = {"get": get, "first": first, "create": create}
            return await measure_small(jobs.get(job, count), times)

    return asyncio.run(main())


if __name__ == "__main__":
    run_job(
        stream=stream,
        grow=grow,
        stall=stall,
        stall_on=stall_on,
        query=query,
        small=small,
    )
