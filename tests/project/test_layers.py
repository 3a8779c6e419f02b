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
    """Return all that a module imports: at its top, in functions, for types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in PATHS else str(node.module) for name in names}
    return found


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    """Return the modules that *start* imports, directly or not."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or not."""
    below = {name: reachable(name, graph) for name in graph}
    looped = [name for name in graph if name in below[name]]
    groups = {
        tuple(sorted(o for o in looped if o in below[name] and name in below[o]))
        for name in looped
    }
    return [list(group) for group in sorted(groups)]


RANKS = {
    0: ["_version", "errors", "events", "limits", "settings", "_optional"],
    1: ["odata"],
    2: ["wire"],
    3: ["paging", "transport", "auth"],
    5: ["query"],
    6: ["catalog"],
    7: ["client", "telemetry"],
    8: ["extract", "sandbox"],
    10: ["cli", "_codegen"],
}
RANK_OF = {part: rank for rank, parts in RANKS.items() for part in parts}
PURE = {"odata", "wire"}
IMPURE = {"aiohttp", "asyncio", "backoff", "time", "os", "socket", "random"}
MODULES = [name for name in PATHS if name != "sage200_async"]


def part_of(module: str) -> str:
    """Return the folder or module directly below the package."""
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    """No module imports from a higher rank, not even for a type checker.

    Only what stands above the client may import the package itself.
    """
    own = RANK_OF[part_of(name)]
    ours = {each for each in imports(PATHS[name]) if each.startswith("sage200_async")}
    above = {
        each
        for each in ours
        if (RANK_OF[part_of(each)] if part_of(each) else RANK_OF["client"] + 1) > own
    }
    assert above == set()


def test_no_circles() -> None:
    """No module imports itself by way of others, not even for a type checker."""
    graph = {name: imports(path) & PATHS.keys() for name, path in PATHS.items()}
    assert circles(graph) == []


def test_circles_are_found() -> None:
    """The search for circles finds those that there are."""
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set(), "e": {"e"}}
    assert circles(graph) == [["a", "b", "c"], ["e"]]


@pytest.mark.parametrize("name", [each for each in MODULES if part_of(each) in PURE])
def test_pure_folders_do_no_input_or_output(name: str) -> None:
    """The query language and the wire import nothing that could do I/O."""
    assert not {each.split(".")[0] for each in imports(PATHS[name])} & IMPURE


def test_every_part_has_a_rank() -> None:
    """A new module or folder has to be given its place."""
    parts = {path.relative_to(ROOT).with_suffix("").parts[0] for path in PATHS.values()}
    parts.discard("__init__")
    assert parts | {"_codegen"} == set(RANK_OF)  # which is not in the wheel


def test_the_ranks_are_those_of_the_contributors_guide() -> None:
    """CONTRIBUTING.md draws the same ranks."""
    text = Path("CONTRIBUTING.md").read_text(encoding="utf-8")
    for rank, parts in RANKS.items():
        line = next(
            each for each in text.splitlines() if each.startswith(f"{rank:>2}  ")
        )
        assert all(part in line for part in parts), line
