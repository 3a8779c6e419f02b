"""The site's pages: all written, all linked to pages that exist, in one navigation."""

import re
from pathlib import Path

import pytest

import sage200_async.errors
from docs.site.__main__ import main as write_pages
from docs.site.links import broken_links
from docs.site.llms import url_of
from sage200_async.cli.app import app
from sage200_async.errors import Sage200Error

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GUIDES = sorted(DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of all pages, as the site is built from it."""
    folder = tmp_path_factory.mktemp("site") / "docs"
    write_pages(folder)
    return folder


def test_every_page_is_in_the_navigation_and_exists(pages: Path) -> None:
    """The navigation has each guide once, and no page that is missing."""
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    names = re.findall(r"\S+\.md$", nav, re.MULTILINE)
    assert len(names) == len(set(names))
    assert [name for name in names if not (pages / name).exists()] == []
    assert {path.relative_to(DOCS).as_posix() for path in GUIDES} <= set(names)


def test_links_between_pages_lead_to_pages(pages: Path) -> None:
    """Each link from one Markdown page to another names a file that exists."""
    missing = [
        f"{path.relative_to(pages)}: {link}"
        for path in pages.rglob("*.md")
        for link in re.findall(r"\]\(([^)#:]+\.md)", path.read_text("utf-8"))
        if not (path.parent / link).exists()
    ]
    assert missing == []


def test_every_recipe_is_on_its_page_and_in_its_table(pages: Path) -> None:
    """The site shows each file in examples/recipes/ whole, and says what tests do with it."""
    source = (DOCS / "guides" / "recipes.md").read_text("utf-8")
    shown = (pages / "guides" / "recipes.md").read_text("utf-8")
    recipes = [p for p in (ROOT / "examples" / "recipes").iterdir() if p.is_file()]
    assert len(recipes) >= 11
    table = source.partition("\n## ")[0]
    for path in recipes:
        assert path.read_text("utf-8").rstrip("\n") in shown
        assert f"`{path.name}`" in table or f"`{path.suffix}`" in table, path
    assert not [
        p for p in pages.rglob("*.md") if "<!-- example" in p.read_text("utf-8")
    ]


def test_every_extra_that_a_recipe_installs_exists() -> None:
    """Each extra that a recipe asks for is one of pyproject.toml."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for path in (ROOT / "examples" / "recipes").glob("*.*"):
        for group in re.findall(r"sage200-async\[([\w,]+)\]", path.read_text("utf-8")):
            assert set(group.split(",")) <= set(project["optional-dependencies"]), path


def test_llms_txt_lists_every_guide(pages: Path) -> None:
    """llms.txt names each page of the navigation, and nearly all with a sentence."""
    text = (pages / "llms.txt").read_text("utf-8")
    for path in GUIDES:
        url = url_of(path.relative_to(DOCS).as_posix())
        assert re.search(rf"^- \[.+\]\({re.escape(url)}\)", text, re.MULTILINE), url
    assert len(re.findall(r"\): \S", text)) > len(GUIDES) * 2 / 3


def test_every_command_is_on_the_page_of_the_command_line() -> None:
    """The page names each command, and each command has a help text."""
    text = (DOCS / "command-line.md").read_text("utf-8")
    for name, command in app.commands.items():
        assert f"`sage200 {name}`" in text
        assert command.help


def test_every_error_has_a_cure() -> None:
    """The page of errors has a row for each class of error."""
    rows = (DOCS / "errors.md").read_text("utf-8")
    classes = {
        name
        for name, value in vars(sage200_async.errors).items()
        if isinstance(value, type) and issubclass(value, Sage200Error)
    }
    assert len(classes) > 30
    missing = [
        n for n in sorted(classes - {"Sage200Error"}) if f"| `{n}` |" not in rows
    ]
    assert missing == []


def test_the_promises_name_tests_that_exist() -> None:
    """Each file and folder that the page of promises names exists."""
    text = (DOCS / "promises.md").read_text("utf-8")
    names = re.findall(r"`((?:tests|benchmarks)/[\w./]+)`", text)
    assert len(names) > 20
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_every_extra_that_a_page_installs_exists() -> None:
    """Each extra in a `pip install` is one of pyproject.toml, and all are documented."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = set(project["optional-dependencies"])
    texts = [path.read_text("utf-8") for path in [ROOT / "README.md", *GUIDES]]
    extras = {
        extra
        for text in texts
        for group in re.findall(r"(?:sage200-async|/clone|[\"'].)\[([\w,]+)\]", text)
        for extra in group.split(",")
    }
    assert extras <= known
    versions = (DOCS / "project" / "versions.md").read_text("utf-8")
    assert [e for e in sorted(known) if f"`{e}`" not in versions] == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    """The check of the site refuses missing pages and anchors, and unknown hosts."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text('<p id="here">', "utf-8")
    links = [
        "page/",
        "page/#here",
        "page/#gone",
        "gone/",
        "https://docs.python.org/3/",
        "https://elsewhere.example/",
        "http://docs.python.org/3/",
        "mailto:someone@example.com",
    ]
    html = "".join(f'<a href="{link}">' for link in links)
    (tmp_path / "index.html").write_text(html, "utf-8")
    assert list(broken_links(tmp_path)) == [
        "/index.html: page/#gone: there is no such anchor",
        "/index.html: gone/: there is no such page",
        "/index.html: https://elsewhere.example/: elsewhere.example is not in HOSTS",
        "/index.html: http://docs.python.org/3/: expected https",
    ]
