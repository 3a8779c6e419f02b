"""Each module imports only from lower ranks, or from its own folder."""

import ast
from pathlib import Path

import pytest

import sage200_async

ROOT = Path(sage200_async.__file__).parent
RANKS = {
    "_version": 0,
    "errors": 0,
    "events": 0,
    "units": 0,
    "tokens": 0,
    "settings": 0,
    "odata": 1,
    "records": 2,
    "wire": 2,
    "transport": 3,
    "fetch": 4,
    "bulk": 4,
    "signin": 4,
    "stream": 4,
    "endpoint": 4,
    "resource": 4,
    "view": 4,
    "question": 4,
    "catalog": 5,
    "client": 6,
    "sandbox": 7,
    "telemetry": 7,
    "cli": 8,
    "_codegen": 9,
}
PURE = {"odata", "wire", "records"}
IMPURE = {"aiohttp", "asyncio", "backoff", "time", "os", "socket", "random"}
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)
MODULES += sorted(path for path in ROOT.glob("*.py") if path.name != "__init__.py")


def imports(path: Path) -> set[str]:
    """Name what a module imports when it runs, typing-only imports left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_go_down(path: Path) -> None:
    """No module imports from a higher rank, and none imports the package's root."""
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    for name in imports(path):
        if not name.startswith("sage200_async"):
            continue
        other = part(name)
        if other not in RANKS:
            assert RANKS[own] > RANKS["client"], f"{own} imports the root: {name}"
        else:
            assert other == own or RANKS[other] <= RANKS[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_pure_folders_do_no_input_or_output(path: Path) -> None:
    """The query language and the wire import nothing that could do I/O."""
    if path.relative_to(ROOT).with_suffix("").parts[0] in PURE:
        assert not {name.split(".")[0] for name in imports(path)} & IMPURE


def test_every_part_has_a_rank() -> None:
    """A new module or folder has to be given its place."""
    parts = {path.relative_to(ROOT).with_suffix("").parts[0] for path in MODULES}
    assert parts | {"_codegen"} == set(RANKS)  # which is not in the wheel
