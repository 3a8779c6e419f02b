"""Imports, each in a fresh process."""

from __future__ import annotations

import time

from runner import run_job


def bare() -> dict[str, float]:
    started = time.perf_counter()
    import aiohttp  # noqa: F401
    import msgspec  # noqa: F401

    return {"ms": (time.perf_counter() - started) * 1000}


def ours() -> dict[str, float]:
    started = time.perf_counter()
    import sage200_async  # noqa: F401

    return {"ms": (time.perf_counter() - started) * 1000}


if __name__ == "__main__":
    run_job(bare=bare, ours=ours)
