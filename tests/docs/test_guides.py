"""Every block of code in the README and in docs/ runs, or is at least parsed."""

import asyncio
import shutil
import socket
from pathlib import Path

import pytest
from page_blocks import Block, blocks
from page_run import RECORDS, PageRun, environment
from page_syntax import CAN_PARSE_POWERSHELL, parse, powershell_errors

from sage200_async.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_block_runs(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each page's blocks run in their order, in one folder and against one sandbox."""
    if shutil.which("bash") is None and any(b.language == "sh" for b in blocks(page)):
        pytest.skip("blocks in sh are run by bash, which is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))

    async def main() -> None:
        async with Sandbox(records=RECORDS) as sandbox:
            # A page that sets everything up begins with nothing, as its reader does.
            if not any("set-up" in block.notes for block in blocks(page)):
                for name, value in environment(sandbox, tmp_path).items():
                    monkeypatch.setenv(name, value)
            run = PageRun(tmp_path)
            try:
                for block in blocks(page):
                    await run.run(block)
            finally:
                run.close()

    asyncio.run(main())


def needs_a_loop(block: Block) -> bool:
    """Return whether Python refuses the block in a file: it awaits outside a function."""
    if block.language != "python":
        return False
    try:
        compile(block.code, block.where, "exec")
    except SyntaxError:
        return True
    return False


def test_pages_say_how_code_runs_that_awaits_outside_a_function() -> None:
    """A page whose code is refused in a file links to where to put it."""
    silent = {
        page.name
        for page in PAGES
        if any(needs_a_loop(block) for block in blocks(page))
        and "index.md#how-to-run-the-examples" not in page.read_text("utf-8")
        and "async def main()" not in page.read_text("utf-8")
    }
    assert silent == set()
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert "\n## How to run the examples\n" in index


def test_blocks_that_are_not_run_say_why() -> None:
    """A block that is not run has a reason, and there are few of them.

    Some are run by tests of another session, and name it.
    """
    not_run = [block for block in ALL_BLOCKS if "not run" in block.notes]
    assert all(len(block.notes["not run"]) > 10 for block in not_run)
    nowhere = [b for b in not_run if " runs it" not in b.notes["not run"]]
    assert len(nowhere) <= len(ALL_BLOCKS) / 15


def test_a_port_that_is_taken_is_no_server_of_the_page(tmp_path: Path) -> None:
    """A page does not run against a server that answered before it started its own."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"http://127.0.0.1:{other.getsockname()[1]}"
        block = Block("page.md:1", "sh", "sleep 60", {"background": address})
        run = PageRun(tmp_path)
        with pytest.raises(AssertionError, match="is taken"):
            asyncio.run(run.run(block))
        assert run.servers == {}


@pytest.mark.skipif(
    not CAN_PARSE_POWERSHELL, reason="tree-sitter-powershell is not installed"
)
@pytest.mark.parametrize(
    "block",
    [block for block in ALL_BLOCKS if block.language == "powershell"],
    ids=lambda block: Path(block.where).name,
)
def test_powershell_is_powershell(block: Block) -> None:
    """Every block for PowerShell has its syntax, and wrong ones are noticed."""
    assert powershell_errors(block.code) == []
    assert powershell_errors(block.code + "\nif (") != []


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "a b"),
        ("json", "{"),
        ("csv", "a,b\n1"),
        ("ini", "name"),
        ("dockerfile", "FORM x"),
        ("cobol", ""),
    ],
)
def test_wrong_blocks_are_noticed(language: str, code: str) -> None:
    """A block that is wrong in its language, or in a language nobody checks, fails."""
    with pytest.raises((AssertionError, SyntaxError, ValueError)):
        parse(language, code, "page.md:1")
