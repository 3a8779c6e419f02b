"""Imports, each in a process that has imported nothing like it."""

from __future__ import annotations

import time

from told import tell


def bare() -> dict[str, float]:
    begun = time.perf_counter()
    import aiohttp  # noqa: F401
    import msgspec  # noqa: F401

    return {"ms": (time.perf_counter() - begun) * 1000}


def ours() -> dict[str, float]:
    begun = time.perf_counter()
    import sage200_async  # noqa: F401

    return {"ms": (time.perf_counter() - begun) * 1000}


if __name__ == "__main__":
    tell(bare=bare, ours=ours)
