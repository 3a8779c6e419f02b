"""Run all benchmarks, or those named, and write the results.

python -m benchmarks                  all; writes RESULTS.md and the README's table
python -m benchmarks stream stall     two of them; writes to .bench/out
python -m benchmarks --keep stall     one of them; the others stay in RESULTS.md as they are
python -m benchmarks --quick          small sizes, to check that everything runs
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import report
from benchmarks.bench_growth import sizes
from benchmarks.figures import Result
from benchmarks.harness import Bench
from benchmarks.server import serving

HERE: Final = Path(__file__).parent
BENCHMARKS: Final = (
    "stream",
    "into",
    "stall",
    "growth",
    "latency",
    "end",
    "rows",
    "query",
    "import",
    "small",
    "reset",
    "files",
    "frames",
    "export",
    "exports",
    "threads",
    "spark",
)


def run(names: list[str], cache: Path, *, quick: bool) -> list[Result]:
    """Run the named benchmarks, one after another."""
    results: list[Result] = []
    with serving(1 if quick else 6, sizes(quick=quick)) as server:
        bench = Bench(server, cache, quick)
        for name in names:
            print(f"\n{name} ...", flush=True)
            result = importlib.import_module(f"benchmarks.bench_{name}").run(bench)
            today = str(datetime.now(UTC).date())
            result = msgspec.structs.replace(result, measured_on=today)
            print(report.section(result), flush=True)
            results.append(result)
    return results


def kept(results: list[Result]) -> list[Result]:
    """Return *results* among those of earlier days, which are in results.json."""
    earlier = msgspec.json.decode(
        (HERE / "results.json").read_bytes(), type=list[Result]
    )
    by_name = {result.name: result for result in (*earlier, *results)}
    return [by_name[name] for name in BENCHMARKS if name in by_name]


def write(results: list[Result], folder: Path) -> None:
    """Write RESULTS.md, the pictures and results.json."""
    from benchmarks.pictures import draw

    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        draw(result, folder / "pictures")
    (folder / "RESULTS.md").write_text(report.page(results), "utf-8")
    figures = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / "results.json").write_bytes(figures + b"\n")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="BENCHMARK",
        help=f"default: all of {', '.join(BENCHMARKS)}",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small sizes, to check that everything runs",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="write RESULTS.md, with the others as they were measured before",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(".bench"),
        help="folder for the contenders' environments; default: %(default)s",
    )
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # so that nginx is stopped, too
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}"
        )
    cache = options.cache.resolve()
    results = run(options.names or list(BENCHMARKS), cache, quick=options.quick)
    if options.keep:
        results = kept(results)
    complete = not options.quick and (options.keep or not options.names)
    write(results, HERE if complete else cache / "out")
    if complete:
        report.update_readme(HERE.parent / "README.md", results)
    print(report.table(results))


if __name__ == "__main__":
    main()
