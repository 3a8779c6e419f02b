"""Write the site's pages: ``python -m docs.site [FOLDER]``."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from docs.site.facts import AREAS, area_of, endpoints, operations, titles
from docs.site.llms import llms_text
from docs.site.resource_page import page, table

ROOT: Final = Path(__file__).parents[2]
GUIDES: Final = ROOT / "docs"
EXAMPLES: Final = ROOT / "examples"
_EXAMPLE: Final = re.compile(r"^<!-- example: (\S+) -->$", re.MULTILINE)
_LANGUAGES: Final = {
    ".py": "python",
    ".service": "ini",
    ".timer": "ini",
    ".xml": "xml",
    ".ps1": "powershell",
    ".yaml": "yaml",
    "": "dockerfile",
}


def main(folder: Path) -> None:
    """Write all pages to *folder*, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(GUIDES, folder, ignore=shutil.ignore_patterns("site"))
    for path in folder.rglob("*.md"):
        text = with_examples(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8", newline="\n")
    resources = folder / "resources"
    resources.mkdir()
    for name, text in resource_pages().items():
        (resources / name).write_text(text, encoding="utf-8", newline="\n")
    text = llms_text(folder, ROOT / "mkdocs.yml")
    (folder / "llms.txt").write_text(text, encoding="utf-8", newline="\n")


def with_examples(page: str) -> str:
    """Return a page with each ``<!-- example: FILE -->`` replaced by that file."""
    return _EXAMPLE.sub(_example, page)


def _example(match: re.Match[str]) -> str:
    path = EXAMPLES / match[1]
    code = path.read_text(encoding="utf-8").rstrip("\n")
    language = _LANGUAGES.get(path.suffix, "text")
    return f"`examples/{match[1]}`\n\n```{language}\n{code}\n```"


def resource_pages() -> dict[str, str]:
    """Return the pages of all resources and of their areas, by file name."""
    pages = {f"{path}.md": page(path, e) for path, e in endpoints().items()}
    pages |= {f"{area}.md": _area_page(area) for area in AREAS}
    return {"index.md": _index(), **pages}


def _index() -> str:
    count = len(endpoints())
    rows = [
        (f"[{title}]({area}.md)", str(len(_paths(area))))
        for area, title in AREAS.items()
    ]
    names = ", ".join(f"[{path}]({path}.md)" for path in endpoints())
    return (
        "# Resources\n\n"
        f"All {count} resources of Sage 200, from the catalog of this version: each is an "
        "attribute\nof the client. The search box finds them by name, `sage200 resources "
        "WORD` on the command\nline.\n\n"
        f"{table(('area', 'resources'), rows)}\n## By name\n\n{names}\n"
    )


def _paths(area: str) -> list[str]:
    return [path for path, endpoint in endpoints().items() if area_of(endpoint) == area]


def _area_page(area: str) -> str:
    rows = []
    for path in _paths(area):
        about = titles().get(path, "").rstrip(".").rpartition(":")[0]
        listed = ", ".join(operations(endpoints()[path]))
        rows.append((f"[`{path}`]({path}.md)", about, listed))
    return f"# {AREAS[area]}\n\n{table(('resource', '', 'operations'), rows)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "docs")
