"""What is public is meant, documented and reachable."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sage200_async

ROOT = Path(sage200_async.__file__).parent
MODULES = [
    info.name
    for info in pkgutil.walk_packages([str(ROOT)], "sage200_async.")
    if not info.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["sage200_async", *MODULES])
def test_all_is_sorted_and_true(name: str) -> None:
    """`__all__` is sorted, without doubles, and every name in it exists."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    plain = [each for each in names if not each.startswith("__")]
    assert plain == sorted(set(plain), key=str.casefold) or plain == sorted(set(plain))
    assert all(hasattr(module, each) for each in names)


def test_the_root_exposes_what_all_names() -> None:
    """The package's root holds its public names, its parts, and nothing else."""
    parts = {path.stem for path in ROOT.iterdir()} | {"logging"}
    public = {name for name in vars(sage200_async) if not name.startswith("_")}
    assert public - parts <= set(sage200_async.__all__)


@pytest.mark.parametrize("name", [each for each in MODULES if ".catalog" not in each])
def test_public_things_are_documented(name: str) -> None:
    """Every public class, function and method says what it is for."""
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    bare = [
        node.name
        for node in defined(tree)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


def defined(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Find what a module and its classes define; a setter is its property's."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from defined(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if not any(mark.endswith(".setter") for mark in marks):
                yield node


def test_the_changelog_is_of_this_version() -> None:
    """The newest entry of the changelog is this version."""
    text = Path("CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", text, re.MULTILINE)
    assert newest
    assert newest[1] == sage200_async.__version__


def test_only_one_module_uses_aiohttp_and_one_backoff() -> None:
    """HTTP and retrying are each in one module of the client."""
    users = {"aiohttp": set(), "backoff": set()}
    for path in ROOT.rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            for name, found in users.items():
                if re.match(rf"\s*(import|from) {name}\b", line):
                    found.add(path.name)
    assert users == {"aiohttp": {"http.py"}, "backoff": {"retry.py"}}
