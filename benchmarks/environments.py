"""One virtual environment per contender, made once, with the versions that it pins."""

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
    """Return a contender's dependencies; none if it runs in our environment."""
    header = HEADER.search((CONTENDERS / f"{name}.py").read_text("utf-8"))
    if header is None:
        return []
    lines = re.sub(r"^# ?", "", header[1], flags=re.MULTILINE)
    return tomllib.loads(lines)["dependencies"]


def python_for(name: str, cache: Path) -> str:
    """Return a contender's interpreter; make its environment first if necessary."""
    dependencies = pins(name)
    if not dependencies:
        return sys.executable
    digest = hashlib.sha256(
        "\n".join([sys.version, *dependencies]).encode()
    ).hexdigest()[:8]
    folder = cache / f"{name}-{digest}"
    python = folder / (
        "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    )
    if not (folder / "complete").exists():
        print(
            f"making the environment of {name}: {', '.join(dependencies)}", flush=True
        )
        _make(folder, python, dependencies)
        (folder / "complete").touch()
    return str(python)


def _make(folder: Path, python: Path, dependencies: list[str]) -> None:
    uv = shutil.which("uv")
    if uv:
        create = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder]
        install = [uv, "pip", "install", "--quiet", "--python", python, *dependencies]
    else:
        create = [sys.executable, "-m", "venv", "--clear", folder]
        install = [python, "-m", "pip", "install", "--quiet", *dependencies]
    subprocess.run(create, check=True)
    subprocess.run(install, check=True)
