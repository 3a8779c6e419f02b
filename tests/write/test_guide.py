"""The guide to jobs says of each resource what the catalog knows."""

import re
from pathlib import Path

from sage200_async.catalog.identities import IDENTITIES

GUIDE = Path(__file__).parents[2] / "docs" / "writing.md"
ROW = re.compile(r"\| (`[^|]*) \| ([^|]*) \| ([^|]*) \|")


def test_the_table_of_keys_and_markers() -> None:
    """Each natural key and each marker is in the table, and nothing else."""
    table: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for resources, by, where in ROW.findall(GUIDE.read_text("utf-8")):
        fields = tuple(re.findall(r"`(\w+)`", by))
        kind = "marker" if "marker" in by else "key"
        for resource in re.findall(r"`(\w+)`", resources):
            found_in = resource if where == "itself" else where.strip("`")
            table[resource] = (kind, fields, found_in)
    known = {k: (v.by, v.fields, v.resource) for k, v in IDENTITIES.items() if v}
    outcomes = {"created", "updated", "unchanged", "refused", "unknown"}
    assert {k: v for k, v in table.items() if k not in outcomes} == known
