"""aiohttp + msgspec: the best hand-written loop.

It reads by key, so the server never skips rows. The whole page is read, then decoded in
one call into the same typed records as ours.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import yarl
from runner import (
    PAGE,
    measure_read,
    measure_small,
    peak_memory,
    process_memory,
    run_job,
)

from sage200_async.catalog import Customer

DECODER = msgspec.json.Decoder(list[Customer])


async def read(session: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    records, balance = 0, 0
    condition = ""
    while True:
        page_url = yarl.URL(f"{url}?{condition}$orderby=id&$top={PAGE}", encoded=True)
        async with session.get(page_url) as response:
            body = await response.read()
        page = DECODER.decode(body)
        for customer in page:
            records += 1
            balance += customer.balance
        if len(page) < PAGE:
            return records, balance
        condition = f"$filter=id%20gt%20{page[-1].id}&"


def stream(url: str, **_: str) -> dict[str, float]:
    async def main() -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session:
            return await read(session, url)

    return measure_read(lambda: asyncio.run(main()))


def grow(url: str) -> dict[str, float]:
    idle = 0.0

    async def main() -> tuple[int, Any]:
        nonlocal idle
        async with aiohttp.ClientSession() as session:
            idle = process_memory("VmRSS")
            return await read(session, url)

    figures = measure_read(lambda: asyncio.run(main()))
    return {**figures, "MiB above idle": peak_memory() - idle}


def stall(url: str) -> dict[str, float]:
    from stalls import longest_stall

    async def main() -> dict[str, float]:
        async with aiohttp.ClientSession() as session:
            return await longest_stall(read(session, url))

    return asyncio.run(main())


def ndjson(url: str) -> dict[str, float]:
    """Write each page with `encode_lines`; a run that is stopped starts over."""
    encoder = msgspec.json.Encoder(decimal_format="number")

    async def main(path: Path) -> int:
        records, condition = 0, ""
        async with aiohttp.ClientSession() as session:
            with path.open("wb") as file:
                while True:
                    page_url = f"{url}?{condition}$orderby=id&$top={PAGE}"
                    address = yarl.URL(page_url, encoded=True)
                    async with session.get(address) as response:
                        page = DECODER.decode(await response.read())
                    file.write(encoder.encode_lines(page))
                    records += len(page)
                    if len(page) < PAGE:
                        return records
                    condition = f"$filter=id%20gt%20{page[-1].id}&"

    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        records = asyncio.run(main(Path(folder) / "customers.ndjson"))
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    return {
        "records": records,
        "seconds": seconds,
        "CPU seconds": cpu,
        "peak MiB": peak_memory(),
    }


def small(url: str, job: str, times: int, **_: str) -> dict[str, float]:
    one = msgspec.json.Decoder(Customer, float_hook=Decimal)
    several = msgspec.json.Decoder(list[Customer], float_hook=Decimal)
    values = {"reference": "ABC", "name": "A & B Ltd"}
    first, count = {"$orderby": "id", "$top": "1"}, {"$count": "true"}

    async def main() -> dict[str, float]:
        headers = {"Authorization": "Bearer token", "X-Site": "site", "X-Company": "1"}
        connector = aiohttp.TCPConnector(limit=10)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

            async def body_of(response: Any) -> bytes:
                async with response as received:
                    received.raise_for_status()
                    return await received.read()

            async def get(number: int) -> float:
                customer = one.decode(await body_of(http.get(f"{url}/{number}")))
                return float(customer.balance)

            async def get_first(_: int) -> float:
                body = await body_of(http.get(url, params=first))
                return float(several.decode(body)[0].balance)

            async def create(_: int) -> float:
                body = msgspec.json.encode(values)
                kind = {"Content-Type": "application/json"}
                reply = await body_of(http.post(url, data=body, headers=kind))
                return float(one.decode(reply).balance)

            async def get_count(_: int) -> float:
                return float(await body_of(http.get(url, params=count)))

            jobs = {"get": get, "first": get_first, "create": create}
            return await measure_small(jobs.get(job, get_count), times)

    return asyncio.run(main())


if __name__ == "__main__":
    run_job(ndjson=ndjson, stream=stream, grow=grow, stall=stall, small=small)
