"""Check the built site: ``python -m docs.site.links [FOLDER]``.

Every link and every picture inside the site has to exist, with its anchor. Links to
other sites are not followed, since nobody else's server shall decide whether this build
passes: their form is checked, and their host has to be one that is listed here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

HOSTS: Final = {
    "api.columbus.sage.com",
    "arrow.apache.org",
    "developer.sage.com",
    "dlthub.com",
    "docs.python.org",
    "github.com",
    "id.sage.com",
    "llmstxt.org",
    "semver.org",
    "www.conventionalcommits.org",
    "zensical.org",
}
"""The hosts that pages may link to."""
_LINKS: Final = {"a": "href", "img": "src", "link": "href", "script": "src"}


class _Page(HTMLParser):
    """Collects the links and the anchors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {"", "top"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        link = values.get(_LINKS.get(tag, ""))
        if link and values.get("rel") not in {"canonical", "preconnect"}:
            self.links.append(link)
        for name in ("id", "name"):
            self.anchors.add(values.get(name) or "")


def broken_links(folder: Path) -> Iterator[str]:
    """Yield each link of the site in *folder* that leads nowhere, with its page."""
    pages = {path: _read(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":  # served at any address: its links are absolute
            continue
        own = "/" + path.relative_to(folder).as_posix()
        for link in dict.fromkeys(page.links):
            reason = _fault(link, own, folder, pages)
            if reason:
                yield f"{own}: {link}: {reason}"


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _fault(link: str, own: str, folder: Path, pages: dict[Path, _Page]) -> str:
    """Return what is wrong with a *link* of the page *own*, or nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return _outside_fault(parts.scheme, parts.hostname)
    target = urlsplit(urljoin(own, link))
    path = folder / unquote(target.path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    if not path.exists():
        return "there is no such page"
    page = pages.get(path)
    known = page is None or unquote(target.fragment) in page.anchors
    return "" if known else "there is no such anchor"


def _outside_fault(scheme: str, host: str | None) -> str:
    if scheme in {"mailto", "data"}:
        return ""
    if scheme != "https":
        return "expected https"
    return "" if host in HOSTS else f"{host} is not in HOSTS"


def main(folder: Path) -> int:
    """Print every broken link of the site in *folder*; return the exit status."""
    broken = list(broken_links(folder))
    print(*broken, f"{len(broken)} broken links", sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if sys.argv[1:] else "build/site")))
