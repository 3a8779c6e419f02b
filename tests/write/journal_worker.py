"""Opens a journal, says so, and after a line of input whether its file is still there."""

import sys
from pathlib import Path

from sage200_async.write.write_journal import Journal


def main(path: Path) -> None:
    """Open *path*."""
    journal = Journal(path)
    print("open", flush=True)
    input()
    print("there" if path.exists() else "gone", flush=True)
    journal.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
