"""The syntax tree of a ``$filter``, parsed independently of the client.

The parser is the package odata-query; no other module imports it. Here its tree
becomes a smaller one, and two inputs that it cannot read are worked around:
names that begin with a keyword (``allow_sales_order``), and years before 1000.
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
        "the sandbox needs odata-query: run pip install 'sage200-async[sandbox]'",
        extra="sandbox",
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE: Final = "_escaped_"
_EARLY_DATE: Final = "\0early:"
_UNREADABLE: Final = re.compile(
    r"'(?:[^']|'')*'"
    r"|(?<![\w.'/])(?P<name>(?:any|all|true|false|null)\w+)"
    r"|(?<![\w.:'+-])(?P<early>0\d{3}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)",
    re.IGNORECASE,
)
_MAX_DEPTH: Final = 150
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
    """A ``$filter`` that the service would refuse with 400."""


class Name(Struct, frozen=True):
    """A field, or a field of a related record as in ``main_address.city``."""

    path: str


class Literal(Struct, frozen=True):
    """A value."""

    kind: str
    """``text``, ``number``, ``boolean``, ``datetime`` or ``null``."""
    text: str
    """As it was written, without quotes."""


class Call(Struct, frozen=True):
    """A function call."""

    function: str
    arguments: tuple[Node, ...]


class Compare(Struct, frozen=True):
    """A comparison of two operands."""

    operator: str
    left: Node
    right: Node


class Logic(Struct, frozen=True):
    """Two or more conditions joined by ``and``, or by ``or``."""

    operator: str
    parts: tuple[Node, ...]


class Not(Struct, frozen=True):
    """The negation of a condition."""

    part: Node


Node = Name | Literal | Call | Compare | Logic | Not


def parse(text: str) -> Node:
    """Return the syntax tree of a ``$filter``.

    Raises:
        FilterError: It is malformed, or uses what Sage does not document.

    Example:
        >>> parse("not (balance gt 1000)").part.operator
        'gt'
    """
    escaped = _UNREADABLE.sub(_escape, text.strip())
    lexer: Any = ODataLexer()
    parser: Any = ODataParser()
    try:
        tree = parser.parse(lexer.tokenize(escaped))
    except (ODataException, NotImplementedError, AttributeError, TypeError) as error:
        raise FilterError(f"The filter could not be read: {error}") from error
    if tree is None:
        raise FilterError("The filter is empty.")
    return _convert(tree, 0)


def _escape(match: re.Match[str]) -> str:
    """Replace what the parser cannot read by what it can; `_convert` undoes it."""
    if match["name"]:
        return _ESCAPE + match["name"]
    if match["early"]:
        return f"'{_EARLY_DATE}{match['early']}'"
    return match[0]


def _convert(node: Any, depth: int) -> Node:
    if depth > _MAX_DEPTH:
        raise FilterError("The filter is nested too deeply.")
    deeper = depth + 1
    match node:
        case ast.Identifier() | ast.Attribute():
            return Name(_path(node))
        case ast.Call():
            arguments = tuple(_convert(argument, deeper) for argument in node.args)
            return Call(_full_name(node.func), arguments)
        case ast.BoolOp():
            word = "and" if isinstance(node.op, ast.And) else "or"
            parts = tuple(_convert(operand, deeper) for operand in _operands(node))
            return Logic(word, parts)
        case ast.Compare() if type(node.comparator) in _OPERATORS:
            word = _OPERATORS[type(node.comparator)]
            return Compare(
                word, _convert(node.left, deeper), _convert(node.right, deeper)
            )
        case ast.UnaryOp():
            part = _convert(node.operand, deeper)
            return Not(part) if isinstance(node.op, ast.Not) else _negate(part)
        case _:
            return _literal(node)


def _operands(node: Any) -> Iterator[Any]:
    """Yield the operands of a chain of one operator in order, without recursion."""
    stack = [node]
    while stack:
        operand = stack.pop()
        if isinstance(operand, ast.BoolOp) and type(operand.op) is type(node.op):
            stack += [operand.right, operand.left]
        else:
            yield operand


def _path(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.owner
    if not isinstance(node, ast.Identifier):
        raise FilterError("Only fields can be named in a filter.")
    return ".".join([_full_name(node), *parts]).removeprefix(_ESCAPE)


def _full_name(node: Any) -> str:
    return str(node.full_name())


def _negate(inner: Node) -> Literal:
    if isinstance(inner, Literal) and inner.kind == "number":
        sign = "" if inner.text.startswith("-") else "-"
        return Literal("number", sign + inner.text.lstrip("+-"))
    raise FilterError("Only a number can have a sign.")


def _class_name(node: object) -> str:
    return type(node).__name__


def _literal(node: Any) -> Literal:
    if isinstance(node, ast.Null):
        return Literal("null", "null")
    class_name = _class_name(node)
    kind = _LITERALS.get(class_name)
    if kind is None:
        raise FilterError(f"{class_name} is not supported in a filter.")
    text = str(node.val)
    if kind == "text" and text.startswith(_EARLY_DATE):
        return Literal("datetime", text.removeprefix(_EARLY_DATE))
    return Literal(kind, text)
