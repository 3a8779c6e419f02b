"""``$filter``, read by a parser that shares nothing with the client's printer.

The parser is the package odata-query; this module is the only one that touches
it. It gives back a small tree of its own, and works around what that parser
cannot read: names that begin with a keyword (``allow_sales_order``), and years
before 1000.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async.errors import MissingExtra

try:
    from odata_query import ast
    from odata_query.exceptions import ODataException
    from odata_query.grammar import ODataLexer, ODataParser
except ImportError as error:
    raise MissingExtra(
        "the sandbox needs: pip install 'sage200-async[sandbox]'", extra="sandbox"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT: Final = "_kept_"
_EARLY: Final = "\0early:"
_REPAIRED: Final = re.compile(
    r"'(?:[^']|'')*'"
    r"|(?<![\w.'/])(?P<name>(?:any|all|true|false|null)\w+)"
    r"|(?<![\w.:'+-])(?P<early>0\d{3}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)",
    re.IGNORECASE,
)
_DEPTH: Final = 150
_OPERATORS: Final[dict[type[Any], str]] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
_LITERALS: Final = {
    "String": "text",
    "Integer": "number",
    "Float": "number",
    "Boolean": "boolean",
    "Date": "datetime",
    "DateTime": "datetime",
}


class FilterError(ValueError):
    """A ``$filter`` that the service would not take."""


class Name(Struct, frozen=True):
    """A field, or a member's field with dots."""

    path: str


class Literal(Struct, frozen=True):
    """A value: its kind, and its text without quotes."""

    kind: str
    """``text``, ``number``, ``boolean``, ``moment`` or ``null``."""
    text: str


class Call(Struct, frozen=True):
    """A function of its arguments."""

    function: str
    arguments: tuple[Node, ...]


class Compare(Struct, frozen=True):
    """Two things and an operator between them."""

    operator: str
    left: Node
    right: Node


class Logic(Struct, frozen=True):
    """Conditions, all joined by ``and`` or all by ``or``."""

    operator: str
    parts: tuple[Node, ...]


class Not(Struct, frozen=True):
    """The opposite of a condition."""

    part: Node


Node = Name | Literal | Call | Compare | Logic | Not


def parse(text: str) -> Node:
    """Read a ``$filter``.

    Raises:
        FilterError: It is malformed, or uses what Sage does not document.

    Example:
        >>> parse("not (balance gt 1000)").part.operator
        'gt'
    """
    repaired = _REPAIRED.sub(_repair, text.strip())
    lexer: Any = ODataLexer()
    parser: Any = ODataParser()
    try:
        tree = parser.parse(lexer.tokenize(repaired))
    except (ODataException, NotImplementedError, AttributeError, TypeError) as error:
        raise FilterError(f"The filter could not be read: {error}") from error
    if tree is None:
        raise FilterError("The filter is empty.")
    return _convert(tree, 0)


def _repair(match: re.Match[str]) -> str:
    if match["name"]:
        return _KEPT + match["name"]
    if match["early"]:
        return f"'{_EARLY}{match['early']}'"
    return match[0]


def _convert(node: Any, depth: int) -> Node:
    if depth > _DEPTH:
        raise FilterError("The filter is nested too deeply.")
    deeper = depth + 1
    match node:
        case ast.Identifier() | ast.Attribute():
            return Name(_path(node))
        case ast.Call():
            arguments = tuple(_convert(each, deeper) for each in node.args)
            return Call(_full_name(node.func), arguments)
        case ast.BoolOp():
            word = "and" if isinstance(node.op, ast.And) else "or"
            parts = tuple(_convert(each, deeper) for each in _chain(node))
            return Logic(word, parts)
        case ast.Compare() if type(node.comparator) in _OPERATORS:
            word = _OPERATORS[type(node.comparator)]
            return Compare(
                word, _convert(node.left, deeper), _convert(node.right, deeper)
            )
        case ast.UnaryOp():
            part = _convert(node.operand, deeper)
            return Not(part) if isinstance(node.op, ast.Not) else _negated(part)
        case _:
            return _literal(node)


def _chain(node: Any) -> Iterator[Any]:
    """Give the terms of a chain of one operator, in order, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, ast.BoolOp) and type(here.op) is type(node.op):
            waiting += [here.right, here.left]
        else:
            yield here


def _path(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.owner
    if not isinstance(node, ast.Identifier):
        raise FilterError("Only fields can be named in a filter.")
    return ".".join([_full_name(node), *parts]).removeprefix(_KEPT)


def _full_name(node: Any) -> str:
    return str(node.full_name())


def _negated(inner: Node) -> Literal:
    if isinstance(inner, Literal) and inner.kind == "number":
        sign = "" if inner.text.startswith("-") else "-"
        return Literal("number", sign + inner.text.lstrip("+-"))
    raise FilterError("Only a number can have a sign.")


def _name_of_class(node: object) -> str:
    return type(node).__name__


def _literal(node: Any) -> Literal:
    if isinstance(node, ast.Null):
        return Literal("null", "null")
    what = _name_of_class(node)
    kind = _LITERALS.get(what)
    if kind is None:
        raise FilterError(f"{what} is not supported in a filter.")
    text = str(node.val)
    if kind == "text" and text.startswith(_EARLY):
        return Literal("datetime", text.removeprefix(_EARLY))
    return Literal(kind, text)
