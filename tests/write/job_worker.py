"""Runs a job in a process of its own, to be killed: URL, journal, rows, workers, kind."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from writing import run_job

SETTLE = 1.0
# Seconds: longer than the server of the tests takes for a write that is late.


def customers(count: int) -> list[dict[str, str]]:
    """Return the rows of a job: some new, some changed, some as they are."""
    return [{"reference": f"C{n:05}", "name": f"Customer {n}"} for n in range(count)]


def invoices(count: int) -> list[dict[str, object]]:
    """Return the rows of a job: documents, of which some are equal."""
    return [{"customer_id": n // 2, "document_goods_value": 10} for n in range(count)]


def main(url: str, journal: str, count: str, workers: str, kind: str) -> None:
    """Run the job, and print its outcomes."""
    insert = kind == "invoices"
    rows = invoices(int(count)) if insert else customers(int(count))
    outcomes, report = run_job(
        url, rows, Path(journal), insert=insert, workers=int(workers), settle=SETTLE
    )
    ended = [(one.row, one.key, one.kind, one.id, one.reason) for one in outcomes]
    print(json.dumps({"outcomes": ended, "complete": report.is_complete}))


if __name__ == "__main__":
    main(*sys.argv[1:])
