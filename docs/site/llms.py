"""``llms.txt``: the site for language models, as llmstxt.org proposes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HEAD: Final = """\
# sage200_async

> An async Python client for the Sage 200 API of the UK and Ireland (Standard and
> Professional): typed records of all resources, a query builder, exports and syncs with a
> proof, a sandbox and a command line.

The library is async: use `async with` and `async for`. A query is immutable; nothing is
sent until it is read. Names of fields and resources are Sage's own, in snake_case; every
resource has a page `resources/NAME/` with its fields, keys and examples. Money is
`Decimal`, times are aware and in UTC. Without an account, run everything against
`sage200_async.sandbox.Sandbox`.
"""


def llms_text(pages: Path, config: Path) -> str:
    """Return the text of ``llms.txt``: the *pages* in the order of the navigation."""
    lines = [_HEAD]
    for title, name in _navigation(config.read_text(encoding="utf-8")):
        if name is None:
            lines.append(f"\n## {title}\n")
        else:
            summary = _summary(pages / name)
            lines.append(f"- [{title}]({url_of(name)}){': ' * bool(summary)}{summary}")
    return "\n".join(lines) + "\n"


def url_of(name: str) -> str:
    """Return where the site has the page of a file, below its own address."""
    return name.removesuffix("index.md").replace(".md", "/") or "./"


def _navigation(config: str) -> Iterator[tuple[str, str | None]]:
    """Yield the titles of ``nav:``, each with its file, or None for a section."""
    nav = config.partition("\nnav:\n")[2]
    for match in re.finditer(r"^ +- (?:([^:\n]+):)? ?(\S+\.md)?$", nav, re.MULTILINE):
        yield match[1] or "Overview", match[2]


def _summary(path: Path) -> str:
    """Return the first sentence of a page; nothing if it begins with something else."""
    body = path.read_text(encoding="utf-8").partition("\n\n")[2]
    paragraph = " ".join(body.partition("\n\n")[0].split())
    if paragraph.startswith((":::", "#", "|")):
        return ""
    return re.split(r"(?<=[.:])\s", paragraph, maxsplit=1)[0].rstrip(":")
