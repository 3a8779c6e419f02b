"""The command line: each command parses, calls the library once and prints."""

from __future__ import annotations

import importlib.util
import sys


def main() -> int:
    """Run the command line; the entry point of ``sage200``."""
    missing = [name for name in ("click", "rich") if not importlib.util.find_spec(name)]
    if missing:
        print(
            "The command line is not installed. Run: pip install 'sage200-async[cli]'",
            file=sys.stderr,
        )
        return 2
    from sage200_async.cli.app import run

    return run()
