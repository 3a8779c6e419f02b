"""How much faster are ten of 110 fields than whole records?

The same customers from nginx, in pages of 5,000: as whole records, as records with ten
fields selected, and as four kinds of types of the consumer's own with these fields. Each
is our client, one stream after another; the consumer counts and adds up the balances.
"""

from __future__ import annotations

from benchmarks.figures import Result
from benchmarks.harness import (
    Bench,
    Comparison,
    Contender,
    bars,
    comparisons,
    race,
    require_agreement,
)

WHOLE = "whole records"
TYPES = {
    "into a struct": "struct",
    "into a dataclass": "dataclass",
    "into a TypedDict": "typed_dict",
    "into a NamedTuple": "named_tuple",
}
WANTED = [
    Comparison(f"ten of 110 fields {name}, against {WHOLE}", name, WHOLE, 6.0)
    for name in TYPES
]


def run(bench: Bench) -> Result:
    """Run the benchmark."""
    ten = bench.server.arguments("ten")
    contenders = [
        Contender(WHOLE, "ours_into", "whole", bench.server.arguments()),
        Contender("ten fields selected", "ours_into", "whole", ten),
        *(Contender(name, "ours_into", kind, ten) for name, kind in TYPES.items()),
    ]
    runs = race(bench, contenders, bench.size(9, 1))
    require_agreement(runs)
    return Result(
        name="into",
        description=__doc__ or "",
        unit="records/s",
        bars=bars(runs, "records/s"),
        rows=comparisons(runs, "records/s", WANTED),
    )
