# /// script
# dependencies = [
#   "aiohttp==3.14.5",
#   "orjson==3.13.0",
# ]
# ///
"""aiohttp + orjson: the loop of aiohttp + json, with another parser."""

from __future__ import annotations

import asyncio

import orjson
from aiohttp_json import read
from runner import measure_read, run_job


def stream(url: str, **_: str) -> dict[str, float]:
    return measure_read(lambda: asyncio.run(read(url, orjson.loads)))


if __name__ == "__main__":
    run_job(stream=stream)
