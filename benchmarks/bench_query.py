"""How long does it take to build and compile a query of three conditions?

Microseconds for each URL.
"""

from __future__ import annotations

import time

from benchmarks.harness import Figures, compare, repeated, report
from sage200_async import Sage200Client, Settings
from sage200_async.catalog import Customer

TIMES = 2000


def built() -> Figures:
    settings = Settings(access_token="token", site="site", company=1)
    client = Sage200Client(settings)
    c = Customer.fields

    def once() -> float:
        begun = time.perf_counter()
        for number in range(TIMES):
            query = client.customers.filter(
                (c.balance > number) & c.name.startswith("A"), on_hold=False
            ).select(c.id, c.name)
            assert query.url
        return (time.perf_counter() - begun) / TIMES * 1e6

    return {"url": min(repeated(5, once))}


if __name__ == "__main__":
    found = compare("benchmarks.bench_query", {"build and compile": built})
    report("A query of three conditions", found, {"url": "µs"})
