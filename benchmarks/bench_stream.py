"""How many records per second does one stream read, compared with other clients?

Wide customers, 110 fields each, in pages of 5,000 records and 16 MB from nginx; the
consumer counts them and adds up their balances. Each contender uses its library's
fastest loop. Two are no clients but show the limits: draining a socket and nothing else,
and decoding pages in memory in one call each. Records per second; peak memory of the
process in MiB.
"""

from __future__ import annotations

from benchmarks.figures import Bar, Result, Row
from benchmarks.harness import (
    Bench,
    Contender,
    Runs,
    measurement,
    race,
    ratio,
    require_agreement,
)
from benchmarks.report import spread

OURS = "sage200_async"
HAND = "by hand: aiohttp + msgspec"
TARGETS = {
    HAND: 1.5,
    "aiohttp + json": 2.0,
    "httpx + pydantic": 3.0,
    "requests + python-odata": 3.0,
    "dlt, REST source": 5.0,
}
GZIP, GZIP_HAND = f"{OURS}, gzip", f"{HAND}, gzip"
DRAIN, DECODE = "draining a socket", "decoding only, a page at once"


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    arguments = bench.server.arguments
    plain = arguments()
    count = {"count": bench.server.pages}
    folder = {"folder": str(bench.server.folder / "plain")}
    contenders = [
        Contender(OURS, "ours", "stream", plain),
        Contender(HAND, "by_hand", "stream", plain),
        Contender("aiohttp + orjson", "aiohttp_orjson", "stream", plain),
        Contender("aiohttp + json", "aiohttp_json", "stream", plain),
        Contender("httpx + pydantic", "httpx_pydantic", "stream", plain),
        Contender("requests + python-odata", "python_odata", "stream", arguments("v4")),
        Contender("requests + pyodata", "pyodata_v2", "stream", arguments("v2")),
        Contender("dlt, REST source", "dlt_rest", "stream", plain),
        Contender(DRAIN, "limit", "drain", plain | count),
        Contender(DECODE, "limit", "decode", folder),
        Contender(GZIP, "ours", "stream", arguments("gzip")),
        Contender(GZIP_HAND, "by_hand", "stream", arguments("gzip")),
    ]
    runs = race(bench, contenders, bench.size(5, 1))
    require_agreement(runs, ignore=(DRAIN,))
    return Result(
        name="stream",
        description=__doc__ or "",
        unit="records/s",
        bars=[
            Bar(
                name,
                measurement(runs[name], "records/s"),
                memory=measurement(runs[name], "peak MiB").median,
                off_scale=name == DRAIN,
            )
            for name in runs
        ],
        rows=[
            *(comparison(runs, name, target) for name, target in TARGETS.items()),
            Row(
                f"records a second over gzip, against {HAND}",
                ratio(runs, GZIP, GZIP_HAND, "records/s"),
                1.0,
            ),
        ],
        notes=[
            f"{OURS} / {name}: {spread(ratio(runs, OURS, name, 'records/s'), 'x')}"
            for name in ("aiohttp + orjson", "requests + pyodata", DRAIN, DECODE)
        ],
    )


def comparison(runs: Runs, name: str, target: float) -> Row:
    """Compare our stream with another contender."""
    quotient = ratio(runs, OURS, name, "records/s")
    return Row(f"records a second, against {name}", quotient, target)
