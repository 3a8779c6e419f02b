"""``$filter`` as a SQL condition with bound values.

A condition is true or false, never unknown: a comparison with null is false and
its negation true (OData 4.01, 5.1.1.1).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from sage200_async.limits import INT64_MAX
from sage200_async.sandbox.query.grammar import (
    Call,
    Compare,
    FilterError,
    Literal,
    Logic,
    Name,
    Node,
    Not,
    parse,
)
from sage200_async.sandbox.schema.catalog import load_catalog
from sage200_async.sandbox.schema.enums import enum_value
from sage200_async.sandbox.store.database import column_sql
from sage200_async.sandbox.store.timestamps import sortable_timestamp

if TYPE_CHECKING:
    from sage200_async.sandbox.schema.tables import Table

_LITERAL_KINDS: Final[dict[str, str]] = {
    "text": "text",
    "enum": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "datetime": "datetime",
}
_SQL: Final = {"eq": "IS", "ne": "IS NOT", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MIRRORED: Final = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_CONDITIONS: Final = (Call, Compare, Logic, Not)
_DOUBLE_DIGITS: Final = 15
_MAX_NUMBER_LENGTH: Final = 400
_MAX_EXPONENT: Final = 308
# Of a double.

Value = str | int | float


class Condition:
    """One ``$filter`` as SQL: `sql`, its bound `values`, and the field `names` in it.

    Args:
        table: The resource that is filtered.
        text: The filter, percent-decoded.
        ignore_case: Whether text compares without regard to case.

    Raises:
        FilterError: It is malformed, or a value does not fit its field.
    """

    def __init__(self, table: Table, text: str, *, ignore_case: bool = False) -> None:
        self._table = table
        self._ignore_case = ignore_case
        self.values: list[Value] = []
        self.names: set[str] = set()
        self.sql = self._condition(parse(text))

    def _condition(self, node: Node) -> str:
        match node:
            case Logic():
                return self._join(f" {node.operator} ", node.parts)
            case Not():
                return f"NOT ({self._condition(node.part)})"
            case Call():
                return self._call(node)
            case Compare():
                return self._comparison(node)
            case Literal(kind="boolean"):
                return "1" if node.text.lower() == "true" else "0"
            case Name() if self._kind(node) == "boolean":
                return f"COALESCE({self._column(node)}, 0)"
            case _:
                raise FilterError("The filter is not a condition.")

    def _join(self, word: str, parts: tuple[Node, ...]) -> str:
        # Halves, not a chain: SQLite allows expressions 1,000 deep.
        if len(parts) == 1:
            return self._condition(parts[0])
        half = len(parts) // 2
        left, right = self._join(word, parts[:half]), self._join(word, parts[half:])
        return f"({left}{word}{right})"

    def _call(self, call: Call) -> str:
        match call.arguments:
            case (Name() as name, Literal(kind="text", text=part)) if (
                call.function in {"contains", "startswith", "endswith"}
                and self._kind(name) == "text"
            ):
                return self._text_function(call.function, name, part)
            case _:
                raise FilterError(
                    f"{call.function}: expected contains, startswith or endswith "
                    "of a text field and a text."
                )

    def _text_function(self, function: str, name: Name, part: str) -> str:
        value = self._folded(self._column(name))
        text = part.casefold() if self._ignore_case else part
        if not text:
            return f"({value} IS NOT NULL)"
        if function == "contains":
            self.values.append(text)
            return f"COALESCE(instr({value}, ?) > 0, 0)"
        span = f"1, {len(text)}" if function == "startswith" else f"-{len(text)}"
        self.values.append(text)
        return f"COALESCE(substr({value}, {span}) = ?, 0)"

    def _comparison(self, node: Compare) -> str:
        left, operator, right = node.left, node.operator, node.right
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, operator, right = right, _MIRRORED.get(operator, operator), left
        if isinstance(left, Name) and isinstance(right, Literal):
            return self._field_comparison(left, operator, right)
        if (
            isinstance(left, _CONDITIONS)
            and isinstance(right, Literal)
            and right.kind == "boolean"
            and operator in {"eq", "ne"}
        ):
            wanted = (right.text.lower() == "true") == (operator == "eq")
            return f"({self._condition(left)}) = {int(wanted)}"
        raise FilterError(f"{operator}: expected a field and a value.")

    def _field_comparison(self, name: Name, operator: str, literal: Literal) -> str:
        kind, column = self._kind(name), self._column(name)
        if literal.kind == "null":
            test = {"eq": "IS NULL", "ne": "IS NOT NULL"}.get(operator)
            return f"({column} {test})" if test else "0"
        if kind in {"boolean", "enum"} and operator not in {"eq", "ne"}:
            raise FilterError(f"{name.path}: {operator} needs a field with an order.")
        if kind != "any" and _LITERAL_KINDS[kind] != literal.kind:
            raise FilterError(
                f"{name.path}: expected a value of type {_LITERAL_KINDS[kind]}, "
                f"got {literal.kind} {literal.text!r}."
            )
        if kind == "number" and _digit_count(literal.text) > _DOUBLE_DIGITS:
            return self._exact_comparison(name, operator, literal.text)
        if literal.kind == "text":
            column = self._folded(column)
        self.values.append(self._value(name, kind, literal))
        compared = f"{column} {_SQL[operator]} ?"
        if operator in {"eq", "ne"} or name.path == self._table.key:
            return f"({compared})"  # the key is never null, and is looked up by range
        return f"COALESCE({compared}, 0)"

    def _exact_comparison(self, name: Name, operator: str, text: str) -> str:
        """Compare a number with more digits than a double holds."""
        self.values += [name.path, str(_decimal(text))]
        compared = f"exact_compare(body, ?, ?) {_SQL[operator]} 0"
        return (
            f"({compared})" if operator in {"eq", "ne"} else f"COALESCE({compared}, 0)"
        )

    def _value(self, name: Name, kind: str, literal: Literal) -> Value:
        text = literal.text
        match literal.kind:
            case "number":
                return _number(text)
            case "boolean":
                return int(text.lower() == "true")
            case "datetime":
                try:
                    return sortable_timestamp(text)
                except ValueError as error:
                    raise FilterError(f"{name.path}: {error}.") from error
            case _:
                if kind == "enum":
                    text = enum_value(name.path, text, load_catalog().tables)
                return text.casefold() if self._ignore_case else text

    def _folded(self, column: str) -> str:
        return f"fold({column})" if self._ignore_case else column

    def _kind(self, name: Name) -> str:
        kind = self._table.shape.scalars.get(name.path)
        if kind is None:
            raise FilterError(f"Could not find a property named '{name.path}'.")
        self.names.add(name.path)
        return kind

    def _column(self, name: Name) -> str:
        self._kind(name)
        return column_sql(self._table, name.path)


def _digit_count(text: str) -> int:
    mantissa = text.lower().split("e")[0]
    return len(mantissa.lstrip("+-").replace(".", "").strip("0"))


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise FilterError("A number is too long.")
    try:
        value = Decimal(text)
    except InvalidOperation:  # its exponent is past what Decimal holds
        value = Decimal("Infinity")
    if not value.is_finite() or abs(value.adjusted()) > _MAX_EXPONENT:
        raise FilterError(f"The number {text} is out of range.")
    return value


def _number(text: str) -> int | float:
    value = _decimal(text)
    if abs(value) <= INT64_MAX and value == value.to_integral_value():
        return int(value)
    return float(value)
