"""A parallel read by several workers of sage200_async."""

from __future__ import annotations

import asyncio
import time

from runner import run_job

from sage200_async import Sage200Client, Settings


def read(url: str, page: int, workers: int, *, ordered: bool) -> dict[str, float]:
    async def main() -> dict[str, float]:
        settings = Settings(
            base_url=url, access_token="token", site="s", company=1, page_size=page
        )
        async with Sage200Client(settings) as client:
            things = client.resource("things", key="id")
            started = time.perf_counter()
            async with things.read(workers=workers, ordered=ordered) as rows:
                ids = [row["id"] async for row in rows]
            seconds = time.perf_counter() - started
        assert ids == sorted(ids) or not ordered
        return {"records": len(set(ids)), "balance": sum(ids), "seconds": seconds}

    return asyncio.run(main())


if __name__ == "__main__":
    run_job(read=read)
