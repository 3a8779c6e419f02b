"""An environment for each contender, made once, with the versions that it pins."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

CONTENDERS: Final = Path(__file__).parent / "contenders"
HEADER: Final = re.compile(r"^# /// script\n(.*?)^# ///$", re.MULTILINE | re.DOTALL)
# PEP 723, inline script metadata.


def pins(name: str) -> list[str]:
    """Read what a contender needs; nothing where it runs in our environment."""
    found = HEADER.search((CONTENDERS / f"{name}.py").read_text("utf-8"))
    if found is None:
        return []
    lines = re.sub(r"^# ?", "", found[1], flags=re.MULTILINE)
    return tomllib.loads(lines)["dependencies"]


def python_for(name: str, cache: Path) -> str:
    """Give the interpreter of a contender, and make its environment if need be."""
    needs = pins(name)
    if not needs:
        return sys.executable
    mark = hashlib.sha256("\n".join([sys.version, *needs]).encode()).hexdigest()[:8]
    folder = cache / f"{name}-{mark}"
    python = folder / (
        "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    )
    if not (folder / "made").exists():
        print(f"making the environment of {name}: {', '.join(needs)}", flush=True)
        _make(folder, python, needs)
        (folder / "made").touch()
    return str(python)


def _make(folder: Path, python: Path, needs: list[str]) -> None:
    uv = shutil.which("uv")
    if uv:
        made = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder]
        fill = [uv, "pip", "install", "--quiet", "--python", python, *needs]
    else:
        made = [sys.executable, "-m", "venv", "--clear", folder]
        fill = [python, "-m", "pip", "install", "--quiet", *needs]
    subprocess.run(made, check=True)
    subprocess.run(fill, check=True)
