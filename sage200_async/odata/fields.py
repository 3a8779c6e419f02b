"""Typed fields: the operands that conditions start from.

Each kind of field has the operators of its type and no others, so a wrong
operator and a wrong value are errors in the editor.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    NoReturn,
    TypeVar,
)

from msgspec import Struct

from sage200_async.errors import InvalidValue, QueryError
from sage200_async.odata import literals
from sage200_async.odata.enums import require_no_near_miss
from sage200_async.odata.expressions import Call, Comparison, Expression, In
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

V = TypeVar("V")

_NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# odataIdentifier of the OData ABNF, dotted for a field of related records.
_NUMBERS: Final = {"integer", "number"}
_NO_CONDITION: Final = (
    "{0} is a field, not a condition: compare it, and put each comparison in "
    "brackets, as in (c.{0} == value) & (c.balance > 5)"
)


class Ordering(Struct, frozen=True):
    """One field of ``$orderby``, with its direction."""

    field: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.field} desc" if self.descending else self.field


class Field(Generic[V]):
    """A field of a record, by name and kind."""

    __slots__ = ("_name",)
    kind: ClassVar[str]
    """The kind of literals that it is compared with."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def __hash__(self) -> int:
        return hash((type(self), self._name))

    def __eq__(self, other: V | None) -> Expression:  # type: ignore[override]
        return self._compare("eq", other)

    def __ne__(self, other: V | None) -> Expression:  # type: ignore[override]
        return self._compare("ne", other)

    def in_(self, values: Iterable[V]) -> Expression:
        """Compare the field with each of *values*: one of them has to match.

        Without values it is a condition that no record meets: a query with it
        makes no request. More values than one request can carry become
        several requests.

        Example:
            >>> from sage200_async import field
            >>> str(field("reference").in_(["A1D001", "O'B"]))
            "reference eq 'A1D001' or reference eq 'O''B'"
        """
        written = dict.fromkeys(map(self._literal, self._several(values)))
        return In(self._filterable(), tuple(written), self.kind if written else "null")

    def asc(self) -> Ordering:
        """Order by this field, lowest first."""
        return Ordering(self._name)

    def desc(self) -> Ordering:
        """Order by this field, highest first."""
        return Ordering(self._name, descending=True)

    def _literal(self, value: object) -> str:
        try:
            return literals.literal(self.kind, value)
        except InvalidValue as error:
            raise self._named(error) from None

    def _named(self, error: InvalidValue) -> InvalidValue:
        """Return *error* with the name of the field in its message."""
        value: Any = error.value
        if isinstance(value, Field):
            raw = f"raw('{self} eq {value}')"
            return InvalidValue(f"{self}: expected a value, got a field; use {raw}")
        return InvalidValue(f"{self}: {error}", value=value)

    def _several(self, values: Iterable[V]) -> list[V]:
        try:
            iterator = None if isinstance(values, str | bytes) else iter(values)
        except TypeError:
            iterator = None
        if iterator is None:
            got = f"got {shown(values)}; use == for one"
            raise QueryError(f"{self}: in_ takes a list of values, {got}")
        try:
            return list(iterator)
        except Exception as error:
            message = f"{self}: the values of in_ end with {shown(error)}"
            raise QueryError(message) from error

    def _compare(self, operator: str, value: object) -> Expression:
        if value is None:
            return self._compare_null(operator)
        return Comparison(self._filterable(), operator, self._literal(value), self.kind)

    def _compare_null(self, operator: str) -> Expression:
        if operator not in {"eq", "ne"}:
            message = f"{self}: nothing is more or less than None; use == or !="
            raise InvalidValue(message)
        return Comparison(self._filterable(), operator, literals.NULL, "null")

    def _filterable(self) -> str:
        name = self._name
        if "." in name:
            message = (
                f"{name}: Sage documents no condition on a field of related records; "
                f"raw(\"{name} eq 'value'\") passes one through"
            )
            raise QueryError(message)
        return name

    if not TYPE_CHECKING:  # what a type checker refuses, and Python may not

        def _no_condition(self, _other: object = None) -> NoReturn:
            raise QueryError(_NO_CONDITION.format(self))

        def _no_order(self, _other: object) -> NoReturn:
            raise TypeError(f"{self}: its values have no order; use ==, != or in_")

        __bool__ = __invert__ = _no_condition
        __and__ = __rand__ = __or__ = __ror__ = _no_condition
        __lt__ = __le__ = __gt__ = __ge__ = _no_order


class _OrderedField(Field[V]):
    """A field whose values have an order."""

    __slots__ = ()

    def __lt__(self, other: V) -> Expression:
        return self._compare("lt", other)

    def __le__(self, other: V) -> Expression:
        return self._compare("le", other)

    def __gt__(self, other: V) -> Expression:
        return self._compare("gt", other)

    def __ge__(self, other: V) -> Expression:
        return self._compare("ge", other)


class _TextFunctions(Field[V]):
    """The three functions on text that Sage documents."""

    __slots__ = ()

    def contains(self, part: str) -> Expression:
        """Match records whose text contains *part*."""
        return self._call("contains", part)

    def startswith(self, part: str) -> Expression:
        """Match records whose text starts with *part*."""
        return self._call("startswith", part)

    def endswith(self, part: str) -> Expression:
        """Match records whose text ends with *part*."""
        return self._call("endswith", part)

    def _call(self, function: str, part: object) -> Expression:
        try:
            literal = literals.text(part)
        except InvalidValue as error:
            if part is None:
                message = f"{self}: {function} takes text, got None; use == None"
                raise InvalidValue(message) from None
            raise self._named(error) from None
        return Call(function, self._filterable(), literal)

    if not TYPE_CHECKING:

        def __contains__(self, part: object) -> NoReturn:
            message = f"`in` is no condition; use c.{self}.contains({part!r})"
            raise QueryError(message)


class TextField(_TextFunctions[str], _OrderedField[str]):
    """A field of text."""

    __slots__ = ()
    kind = "text"


class IntegerField(_OrderedField[int]):
    """A field of whole numbers: ids, counts, days."""

    __slots__ = ()
    kind = "integer"


class NumberField(_OrderedField[int | float | Decimal]):
    """A field of decimal numbers: money, quantities, rates."""

    __slots__ = ()
    kind = "number"


class DateTimeField(_OrderedField[datetime | date]):
    """A field of times, or of dates, which the service stores as times.

    A datetime is an instant: it has to have a time zone, and is sent in UTC, in
    conditions and in inputs. A plain date is that day's midnight in UTC. For the
    date of a document pass a plain date: midnight in London on a summer's day is
    23:00 UTC of the day before. Which fields are dates, the catalog does not know.

    Source:
        Sage 200 API guide, "Query parameters": a time ends with ``Z``.
    """

    __slots__ = ()
    kind = "datetime"


class BooleanField(Field[bool]):
    """A field that is true or false."""

    __slots__ = ()
    kind = "boolean"


class EnumField(Field[str | int]):
    """A field with one of Sage's enum literals, by name or by number.

    Where some are known, a value that differs from one by its case or by one letter,
    or is its end, as ``Active`` is, is refused: a query for it would find nothing, and
    say so with a certificate.
    """

    __slots__ = ("known",)
    kind = "enum"

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.known = known  # Sage may have others

    def _literal(self, value: object) -> str:
        require_no_near_miss(self._name, value, self.known)
        return super()._literal(value)


class AnyField(_TextFunctions[Any], _OrderedField[Any]):
    """A field whose type is unknown here.

    Its literals follow the value. A query on a resource of the catalog
    checks them against the field of that name.
    """

    __slots__ = ()
    kind = "any"

    def __init__(self, name: str) -> None:
        _require_name(name)
        super().__init__(name)

    def _literal(self, value: object) -> str:
        try:
            return literals.literal(literals.kind_of(value), value)
        except InvalidValue as error:
            raise self._named(error) from None

    def _kind(self, value: object) -> literals.Kind:
        try:
            return literals.kind_of(value)
        except InvalidValue as error:
            raise self._named(error) from None

    def _compare(self, operator: str, value: object) -> Expression:
        if value is None:
            return self._compare_null(operator)
        literal = self._literal(value)
        return Comparison(
            self._filterable(), operator, literal, literals.kind_of(value)
        )

    def in_(self, values: Iterable[Any]) -> Expression:
        """Compare the field with each of *values*, which are of one type.

        Whole numbers and others may be mixed.
        """
        several = self._several(values)
        kinds = {self._kind(value) for value in several}
        if kinds == _NUMBERS:
            kinds = {"number"}
        if len(kinds) > 1:
            mixed = " and ".join(sorted(kinds))
            message = f"{self}: in_ takes values of one type, got {mixed}"
            raise QueryError(message)
        written = dict.fromkeys(self._literal(value) for value in several)
        return In(self._filterable(), tuple(written), next(iter(kinds), "null"))


def _require_name(name: object) -> None:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return
    several = isinstance(name, str) and "," in name
    hint = "separate arguments" if several else "raw(...) for other text"
    raise QueryError(f"expected the name of a field, got {shown(name)}; use {hint}")


def field(name: str) -> AnyField:
    """Return a field whose type is unknown here.

    Raises:
        QueryError: *name* is not the name of a field.

    Example:
        >>> str(field("balance") >= 10)
        'balance ge 10'
    """
    return AnyField(name)
