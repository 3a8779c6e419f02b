"""Each module imports only from lower or equal ranks, and no imports run in circles."""

import ast
from pathlib import Path

import pytest

import sage200_async

ROOT = Path(sage200_async.__file__).parent


def name_of(path: Path) -> str:
    """Return the dotted name of the module in *path*."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


PATHS = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports(path: Path) -> set[str]:
    """Return what a module imports: at its top, in functions and for types."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= {name if name in PATHS else str(node.module) for name in names}
    return modules


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """Return the modules that *start* imports, directly or not."""
    reached: set[str] = set()
    pending = list(graph[start])
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += graph[name]
    return reached


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or not."""
    below = {name: reachable(name, graph) for name in graph}
    groups = {
        tuple(sorted(o for o in below[name] if name in below[o]))
        for name in graph
        if name in below[name]
    }
    return [list(group) for group in sorted(groups)]


RANKS = {
    0: [
        "_version",
        "errors",
        "events",
        "limits",
        "settings",
        "_optional",
        "_environment",
        "_url_checks",
        "_private_files",
        "_keyring",
        "profiles",
        "_notebook",
    ],
    1: ["odata"],
    2: ["wire"],
    3: ["paging", "transport", "auth", "arrow"],
    4: ["changes", "write"],
    5: ["query"],
    6: ["catalog"],
    7: ["client", "telemetry"],
    8: ["extract", "sandbox"],
    9: ["testing", "engines"],
    10: ["cli", "_codegen", "__main__"],
}
RANK_OF = {part: rank for rank, parts in RANKS.items() for part in parts}
PACKAGE = "sage200_async"
PURE = {"odata", "wire"}
IMPURE = {"aiohttp", "asyncio", "backoff", "time", "os", "socket", "random"}
MODULES = [name for name in PATHS if name != PACKAGE]


def part_of(module: str) -> str:
    """Return the folder or module directly below the package."""
    return module.split(".")[1] if "." in module else ""


def rank_of(module: str) -> int:
    """Return a module's rank. The package itself imports the client: one above."""
    part = part_of(module)
    return RANK_OF[part] if part else RANK_OF["client"] + 1


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    """No module imports from a higher rank, not even for a type checker."""
    own = RANK_OF[part_of(name)]
    ours = {other for other in imports(PATHS[name]) if other.startswith(PACKAGE)}
    assert {other for other in ours if rank_of(other) > own} == set()


def test_no_circles() -> None:
    """No modules import each other in a circle, not even for a type checker."""
    graph = {name: imports(path) & PATHS.keys() for name, path in PATHS.items()}
    assert circles(graph) == []


def test_circles_are_found() -> None:
    """The search for circles finds long ones and a module that imports itself."""
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set(), "e": {"e"}}
    assert circles(graph) == [["a", "b", "c"], ["e"]]


@pytest.mark.parametrize("name", [name for name in MODULES if part_of(name) in PURE])
def test_pure_folders_do_no_input_or_output(name: str) -> None:
    """odata/ and wire/ import nothing that could do I/O."""
    assert not {other.split(".")[0] for other in imports(PATHS[name])} & IMPURE


def test_every_part_has_a_rank() -> None:
    """Every module and folder below the package has a rank."""
    parts = {path.relative_to(ROOT).with_suffix("").parts[0] for path in PATHS.values()}
    parts.discard("__init__")
    assert parts | {"_codegen"} == set(RANK_OF)  # which is not in the wheel


def test_the_ranks_are_those_of_the_contributors_guide() -> None:
    """CONTRIBUTING.md draws the same ranks."""
    text = Path("CONTRIBUTING.md").read_text(encoding="utf-8")
    for rank, parts in RANKS.items():
        line = next(
            line for line in text.splitlines() if line.startswith(f"{rank:>2}  ")
        )
        assert all(part in line for part in parts), line
