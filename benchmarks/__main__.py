"""Ask every question, or those that are named, and write down what came of it.

python -m benchmarks                  all; writes RESULTS.md and the README's table
python -m benchmarks stream stall     two of them; writes into .bench/
python -m benchmarks --quick          small sizes, to see that everything runs
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import report
from benchmarks.bench_growth import sizes
from benchmarks.figures import Answer
from benchmarks.harness import Bench
from benchmarks.server import serving

HERE: Final = Path(__file__).parent
QUESTIONS: Final = (
    "stream",
    "stall",
    "growth",
    "latency",
    "rows",
    "query",
    "import",
    "files",
    "export",
)


def ask(names: list[str], cache: Path, *, quick: bool) -> list[Answer]:
    """Ask the questions that are named, one after the other."""
    answers: list[Answer] = []
    with serving(1 if quick else 6, sizes(quick=quick)) as server:
        bench = Bench(server, cache, quick)
        for name in names:
            print(f"\n{name} ...", flush=True)
            answer = importlib.import_module(f"benchmarks.bench_{name}").run(bench)
            print(report.section(answer), flush=True)
            answers.append(answer)
    return answers


def write(answers: list[Answer], folder: Path) -> None:
    """Write the page, its pictures and the figures."""
    from benchmarks.pictures import draw

    folder.mkdir(parents=True, exist_ok=True)
    for answer in answers:
        draw(answer, folder / "pictures")
    (folder / "RESULTS.md").write_text(report.results(answers), "utf-8")
    figures = msgspec.json.format(msgspec.json.encode(answers), indent=1)
    (folder / "results.json").write_bytes(figures + b"\n")


def main() -> None:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help="all of them")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument(
        "--cache", type=Path, default=Path(".bench"), help="environments; %(default)s"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and take nginx along
    if unknown := set(given.questions) - set(QUESTIONS):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(QUESTIONS)}")
    cache = given.cache.resolve()
    answers = ask(given.questions or list(QUESTIONS), cache, quick=given.quick)
    whole = not given.questions and not given.quick
    write(answers, HERE if whole else cache / "out")
    if whole:
        report.into_readme(HERE.parent / "README.md", answers)
    print(report.table(answers))


if __name__ == "__main__":
    main()
