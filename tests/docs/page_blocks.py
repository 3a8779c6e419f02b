"""The blocks of code of a Markdown page, with what the comments above them say.

Comments stand on lines of their own, right above their block, and readers do not see them:

- ``<!-- file: job.py -->``: the block is saved in the page's folder, and run unless it
  is a program or a test, which the page runs by a command;
- ``<!-- continued -->``: a Python block goes on with the names of the one before;
- ``<!-- output -->``: the block is what the one before printed; ``...`` is any text;
- ``<!-- set-up -->``: the block makes the page's environment, with a wheel if there is one;
- ``<!-- background: http://127.0.0.1:8200 -->``: the block goes on until the page's end,
  or until another one takes its address, and the next begins when the address answers;
- ``<!-- terminal -->``: the block sees a terminal, 88 characters wide;
- ``<!-- not run: why -->``: the block is only parsed.
"""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r"^(?P<notes>(?:[ ]*<!-- [^\n]*? -->\n)*)"
    r"(?P<indent>[ ]*)```(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_NOTE = re.compile(r"<!-- ([\w -]+?)(?:: (.*?))? -->")
NOTES = {"background", "continued", "file", "not run", "output", "set-up", "terminal"}


class Block(NamedTuple):
    """One block of code."""

    where: str
    """Its file and line."""
    language: str
    code: str
    notes: dict[str, str]
    """What stands before the colon of each comment, and what after it."""


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    return blocks_of(path.read_text(encoding="utf-8"), path.as_posix())


def blocks_of(text: str, name: str) -> list[Block]:
    """Return the blocks of a page's *text*."""
    result = []
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        notes = {note[1]: note[2] or "" for note in _NOTE.finditer(match["notes"])}
        assert notes.keys() <= NOTES, f"{name}:{line}: {notes}"
        code = textwrap.dedent(match["code"])
        result.append(Block(f"{name}:{line}", match["language"], code, notes))
    return result
