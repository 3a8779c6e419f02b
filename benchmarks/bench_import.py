"""What does ``import sage200_async`` cost beside aiohttp and msgspec alone?

Milliseconds, bytecode cached.
"""

from __future__ import annotations

import os
import tempfile
import time

from benchmarks.harness import Figures, compare, ratio, report


def bare() -> Figures:
    begun = time.perf_counter()
    import aiohttp  # noqa: F401
    import msgspec  # noqa: F401

    return {"import": (time.perf_counter() - begun) * 1000}


def ours() -> Figures:
    begun = time.perf_counter()
    import sage200_async  # noqa: F401

    return {"import": (time.perf_counter() - begun) * 1000}


if __name__ == "__main__":
    # Bytecode is cached, as it is wherever a package was installed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", tempfile.mkdtemp())
    contenders = {"aiohttp and msgspec": bare, "sage200_async": ours}
    found = compare("benchmarks.bench_import", contenders, runs=15)
    report("Importing", found, {"import": "ms"})
    print(ratio(found, "import", "sage200_async", "aiohttp and msgspec"))
