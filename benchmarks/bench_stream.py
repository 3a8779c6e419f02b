"""How many records a second does one stream give, and how many do others?

Wide customers, 110 fields each, in pages of 5,000 and 16 MB from nginx; the consumer
counts them and adds up their balances. Each contender reads by the loop that its
library is best at. Two that are no clients show where the limits are: a socket that is
drained and nothing else, and pages in memory that are decoded in one call each.
Records a second; the most memory of the process in MiB.
"""

from __future__ import annotations

from benchmarks.figures import Answer, Bar, Row
from benchmarks.harness import Bench, Contender, Runs, agree, measured, race, ratio
from benchmarks.report import spread

OURS = "sage200_async"
HAND = "by hand: aiohttp + msgspec"
TARGETS = {
    HAND: 1.0,
    "aiohttp + json": 2.0,
    "httpx + pydantic": 3.0,
    "requests + python-odata": 3.0,
    "dlt, REST source": 5.0,
}
PACKED, PACKED_HAND = f"{OURS}, gzip", f"{HAND}, gzip"
DRAIN, DECODE = "a drained socket", "decoding alone, a page at once"


def run(bench: Bench) -> Answer:
    """Ask the question."""
    at = bench.server.given
    plain = at()
    many = {"count": bench.server.pages}
    folder = {"folder": str(bench.server.folder / "plain")}
    contenders = [
        Contender(OURS, "ours", "stream", plain),
        Contender(HAND, "by_hand", "stream", plain),
        Contender("aiohttp + orjson", "aiohttp_orjson", "stream", plain),
        Contender("aiohttp + json", "aiohttp_json", "stream", plain),
        Contender("httpx + pydantic", "httpx_pydantic", "stream", plain),
        Contender("requests + python-odata", "python_odata", "stream", at("v4")),
        Contender("requests + pyodata", "pyodata_v2", "stream", at("v2")),
        Contender("dlt, REST source", "dlt_rest", "stream", plain),
        Contender(DRAIN, "limit", "drain", plain | many),
        Contender(DECODE, "limit", "decode", folder),
        Contender(PACKED, "ours", "stream", at("gzip")),
        Contender(PACKED_HAND, "by_hand", "stream", at("gzip")),
    ]
    found = race(bench, contenders, bench.sized(5, 1))
    agree(found, apart=(DRAIN,))
    return Answer(
        name="stream",
        question=__doc__ or "",
        unit="records/s",
        bars=[
            Bar(
                name,
                measured(runs, "records/s"),
                memory=measured(runs, "peak MiB").median,
                beyond=name == DRAIN,
            )
            for name, runs in found.items()
        ],
        rows=[
            *(against(found, name, target) for name, target in TARGETS.items()),
            Row(
                f"records a second over gzip, against {HAND}",
                ratio(found, PACKED, PACKED_HAND, "records/s"),
                1.0,
            ),
        ],
        notes=[
            f"{OURS} / {name}: {spread(ratio(found, OURS, name, 'records/s'), 'x')}"
            for name in ("aiohttp + orjson", "requests + pyodata", DRAIN, DECODE)
        ],
    )


def against(found: Runs, name: str, target: float) -> Row:
    """Compare ours with another."""
    got = ratio(found, OURS, name, "records/s")
    return Row(f"records a second, against {name}", got, target)
