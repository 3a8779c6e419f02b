"""``python -m sage200_async._codegen FOLDER [--check]``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sage200_async._codegen.build import build
from sage200_async._codegen.overrides import OverrideError, Overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async._codegen.build import Catalog

HERE: Final = Path(__file__).parent
CATALOG: Final = HERE.parent / "catalog"
_SETTINGS: Final = HERE.parents[1] / "pyproject.toml"
_GENERATED: Final = ("*.py", "*.pyi", "*.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the catalog, or compare it; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        catalog = build(options.folder, Overrides.load(options.overrides))
    except (OverrideError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    report(catalog)
    with tempfile.TemporaryDirectory() as folder:
        write(catalog, Path(folder))
        if options.check:
            return _compare(Path(folder), options.catalog)
        _replace(Path(folder), options.catalog)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sage200_async._codegen")
    parser.add_argument(
        "folder", type=Path, help="the folder of Sage's OpenAPI documents"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where files differ"
    )
    parser.add_argument("--catalog", type=Path, default=CATALOG)
    parser.add_argument("--overrides", type=Path, default=HERE / "overrides.toml")
    return parser


def report(catalog: Catalog) -> None:
    """Print the counts, then every irregularity by name."""
    print(", ".join(f"{count} {what}" for what, count in catalog.counts.items()))
    for what, group in groupby(catalog.findings, lambda finding: finding.what):
        findings = list(group)
        print(f"\n{what} ({len(findings)}):")
        for finding in findings:
            print(f"  {finding.name}{f': {finding.note}' if finding.note else ''}")


def write(catalog: Catalog, folder: Path) -> None:
    """Write every file into *folder*, formatted."""
    for name, text in catalog.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache"]
    # Files by name: in a folder that ruff excludes, such as .nox, it would exclude
    # them too.
    files = [
        str(folder / name) for name in catalog.files if name.endswith((".py", ".pyi"))
    ]
    subprocess.run([*ruff, "--config", str(_SETTINGS), *files], check=True)


def _names(folder: Path) -> set[Path]:
    return {
        file.relative_to(folder)
        for pattern in _GENERATED
        for file in folder.rglob(pattern)
    }


def _compare(generated: Path, existing: Path) -> int:
    different = [
        str(name)
        for name in sorted(_names(generated) | _names(existing))
        if _bytes(generated / name) != _bytes(existing / name)
    ]
    for name in different:
        print(f"differs: {name}", file=sys.stderr)
    return 1 if different else 0


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _replace(generated: Path, existing: Path) -> None:
    for name in _names(existing) - _names(generated):
        (existing / name).unlink()
    for name in _names(generated):
        (existing / name).parent.mkdir(parents=True, exist_ok=True)
        (existing / name).write_bytes((generated / name).read_bytes())


if __name__ == "__main__":
    sys.exit(main())
