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
_WRITTEN: Final = ("*.py", "*.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the catalog, or compare it; give the exit code."""
    given = _parser().parse_args(arguments)
    try:
        catalog = build(given.folder, Overrides.load(given.overrides))
    except (OverrideError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    report(catalog)
    with tempfile.TemporaryDirectory() as made:
        write(catalog, Path(made))
        if given.check:
            return _compared(Path(made), given.catalog)
        _replace(Path(made), given.catalog)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sage200_async._codegen")
    parser.add_argument("folder", type=Path, help="where Sage's OpenAPI documents lie")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where files differ"
    )
    parser.add_argument("--catalog", type=Path, default=CATALOG)
    parser.add_argument("--overrides", type=Path, default=HERE / "overrides.toml")
    return parser


def report(catalog: Catalog) -> None:
    """Print the counts, then every irregularity by name."""
    print(", ".join(f"{count} {what}" for what, count in catalog.counts.items()))
    for what, group in groupby(catalog.findings, lambda each: each.what):
        found = list(group)
        print(f"\n{what} ({len(found)}):")
        for each in found:
            print(f"  {each.name}{f': {each.note}' if each.note else ''}")


def write(catalog: Catalog, folder: Path) -> None:
    """Write every file into *folder*, formatted."""
    for name, text in catalog.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache"]
    # Files by name: below a folder that ruff passes over, such as .nox, it would
    # pass over them too.
    files = [str(folder / name) for name in catalog.files if name.endswith(".py")]
    subprocess.run([*ruff, "--config", str(_SETTINGS), *files], check=True)


def _names(folder: Path) -> set[Path]:
    return {
        file.relative_to(folder)
        for pattern in _WRITTEN
        for file in folder.rglob(pattern)
    }


def _compared(made: Path, kept: Path) -> int:
    different = [
        str(name)
        for name in sorted(_names(made) | _names(kept))
        if _bytes(made / name) != _bytes(kept / name)
    ]
    for name in different:
        print(f"differs: {name}", file=sys.stderr)
    return 1 if different else 0


def _bytes(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _replace(made: Path, kept: Path) -> None:
    for name in _names(kept) - _names(made):
        (kept / name).unlink()
    for name in _names(made):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).write_bytes((made / name).read_bytes())


if __name__ == "__main__":
    sys.exit(main())
