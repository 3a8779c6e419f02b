"""Public names are listed, documented and importable."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import sage200_async

ROOT = Path(sage200_async.__file__).parent
MODULES = [
    info.name
    for info in pkgutil.walk_packages([str(ROOT)], "sage200_async.")
    if not info.name.endswith("__main__")
    and (find_spec("pyspark") or ".engines.spark." not in info.name)
]
# `nox -s spark` tests those that need PySpark.


@pytest.mark.parametrize("name", ["sage200_async", *MODULES])
def test_all_is_sorted_and_true(name: str) -> None:
    """`__all__` is sorted, names nothing twice, and every name in it exists."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    plain = [other for other in names if not other.startswith("__")]
    assert plain == sorted(set(plain), key=str.casefold) or plain == sorted(set(plain))
    assert all(hasattr(module, other) for other in names)


def test_the_root_exposes_what_all_names() -> None:
    """The package's root holds its public names, its modules, and nothing else."""
    parts = {path.stem for path in ROOT.iterdir()} | {"logging"}
    # pytest adds names with an @ to packages that have a plugin.
    names = [name for name in vars(sage200_async) if not name.startswith(("_", "@"))]
    assert set(names) - parts <= set(sage200_async.__all__)


@pytest.mark.parametrize("name", [name for name in MODULES if ".catalog" not in name])
def test_public_things_are_documented(name: str) -> None:
    """Every public class, function and method has a docstring."""
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    undocumented = [
        node.name
        for node in defined(tree)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert undocumented == []


def defined(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the classes, functions and methods of a module, without setters."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from defined(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = [ast.unparse(expression) for expression in node.decorator_list]
            if not any(name.endswith(".setter") for name in decorators):
                yield node


def test_the_changelog_is_of_this_version() -> None:
    """The newest entry of the changelog is the package's version."""
    text = Path("CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", text, re.MULTILINE)
    assert newest
    assert newest[1] == sage200_async.__version__


def test_only_one_module_uses_aiohttp_and_one_backoff() -> None:
    """One module of the client imports aiohttp, and one imports backoff."""
    users: dict[str, set[str]] = {"aiohttp": set(), "backoff": set()}
    for path in ROOT.rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            for name, files in users.items():
                if re.match(rf"\s*(import|from) {name}\b", line):
                    files.add(path.name)
    assert users == {"aiohttp": {"http.py"}, "backoff": {"retry.py"}}
