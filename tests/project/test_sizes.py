"""Modules and functions stay small enough to be read at one sitting."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "sage200_async"
LONGEST_MODULE = 350  # lines
LONGEST_FUNCTION = 45  # lines of its body, without the docstring
LONG_FUNCTION = 25  # nine of ten functions are no longer


def modules() -> dict[str, str]:
    """Return the text of each handwritten module, by its path in the package."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
        if PACKAGE / "catalog" not in path.parents
    }


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield each function in *tree* as "line name", and the lines of its body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            has_docstring = ast.get_docstring(node, clean=False) is not None
            body = node.body[has_docstring:]
            length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{node.lineno} {node.name}", length


LENGTHS = {
    f"{path}:{name}": length
    for path, text in modules().items()
    for name, length in functions(ast.parse(text))
}


def test_modules_are_short() -> None:
    """No handwritten module is longer than 350 lines."""
    lines = {path: len(text.splitlines()) for path, text in modules().items()}
    assert {p: n for p, n in lines.items() if n > LONGEST_MODULE} == {}


def test_no_function_is_long() -> None:
    """No function's body is longer than 45 lines."""
    assert {f: n for f, n in LENGTHS.items() if n > LONGEST_FUNCTION} == {}


def test_most_functions_are_short() -> None:
    """Nine of ten functions have 25 lines or fewer."""
    print("half of the functions have", statistics.median(LENGTHS.values()), "lines")
    longest = sorted(LENGTHS.items(), key=lambda item: item[1])
    nine_of_ten = longest[: -(-len(longest) * 9 // 10)]
    assert nine_of_ten[-1][1] <= LONG_FUNCTION, longest[len(nine_of_ten) :]
