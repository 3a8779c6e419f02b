"""Typed names: what an expression starts from.

A record's namespace (`Customer.fields`) is a subclass of `Fields` with nothing
but annotations; each field is made when it is first asked for. Static checkers
read the same annotations, so a wrong name and a wrong operator are errors in
the editor.
"""

from __future__ import annotations

import difflib
import re
from datetime import date, datetime
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    TypeVar,
    get_type_hints,
)

from msgspec import Struct

from sage200_async.errors import QueryError, UnknownFieldError
from sage200_async.odata import literals
from sage200_async.odata.expressions import Call, Comparison, Expression, In

if TYPE_CHECKING:
    from collections.abc import Iterable

V = TypeVar("V")

_NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# odataIdentifier of the OData ABNF, dotted for a member's field.


class Ordering(Struct, frozen=True):
    """One key of ``$orderby``."""

    field: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.field} desc" if self.descending else self.field


class Field(Generic[V]):
    """A field of a record, by name and kind."""

    __slots__ = ("_name",)
    kind: ClassVar[str]
    """Which literals it takes."""

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
        """Tell whether the field is one of *values*.

        No values at all is a condition that no record meets: a query with it
        makes no request. More values than one request can carry become
        several requests.

        Example:
            >>> from sage200_async import field
            >>> str(field("reference").in_(["A1D001", "O'B"]))
            "reference eq 'A1D001' or reference eq 'O''B'"
        """
        written = dict.fromkeys(map(self._literal, _several(self._name, values)))
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
        except QueryError as error:
            self._name_in(error)
            raise

    def _name_in(self, error: QueryError) -> None:
        error.args = (f"{self._name}: {error}",)

    def _compare(self, operator: str, value: object) -> Expression:
        literal = self._literal(value)
        kind = "null" if value is None else self.kind
        return Comparison(self._filterable(), operator, literal, kind)

    def _filterable(self) -> str:
        name = self._name
        if "." in name:
            message = (
                f"{name}: Sage documents no condition on a member's field; "
                "raw(...) passes one through"
            )
            raise QueryError(message)
        return name


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
        """Tell whether *part* stands anywhere in the text."""
        return self._call("contains", part)

    def startswith(self, part: str) -> Expression:
        """Tell whether the text starts with *part*."""
        return self._call("startswith", part)

    def endswith(self, part: str) -> Expression:
        """Tell whether the text ends with *part*."""
        return self._call("endswith", part)

    def _call(self, function: str, part: str) -> Expression:
        try:
            literal = literals.text(part)
        except QueryError as error:
            self._name_in(error)
            raise
        return Call(function, self._filterable(), literal)


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
    """A field of times in UTC; a plain date means its midnight."""

    __slots__ = ()
    kind = "datetime"


class BooleanField(Field[bool]):
    """A field that is true or false."""

    __slots__ = ()
    kind = "boolean"


class EnumField(Field[str | int]):
    """A field that holds one of Sage's literals, by name or by number."""

    __slots__ = ()
    kind = "enum"


class AnyField(_TextFunctions[Any], _OrderedField[Any]):
    """A field whose type only the catalog, or nobody, knows.

    Its literals follow the value. A query on a resource of the catalog
    checks them against the field of that name.
    """

    __slots__ = ()
    kind = "any"

    def __init__(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            message = f"expected a field's name, got {name!r}; raw(...) passes text on"
            raise QueryError(message)
        super().__init__(name)

    def _literal(self, value: object) -> str:
        try:
            return literals.literal(literals.kind_of(value), value)
        except QueryError as error:
            self._name_in(error)
            raise

    def _compare(self, operator: str, value: object) -> Expression:
        kind = literals.kind_of(value)
        return Comparison(self._filterable(), operator, self._literal(value), kind)

    def in_(self, values: Iterable[Any]) -> Expression:
        """Tell whether the field is one of *values*, which are of one type."""
        given = list(_several(self._name, values))
        kinds = {literals.kind_of(value) for value in given}
        if len(kinds) > 1:
            message = f"{self._name}: expected values of one type, got {sorted(kinds)}"
            raise QueryError(message)
        written = dict.fromkeys(self._literal(value) for value in given)
        return In(self._filterable(), tuple(written), next(iter(kinds), "null"))


def _several(name: str, values: Iterable[V]) -> Iterable[V]:
    if isinstance(values, str | bytes):
        message = f"{name}: expected a list of values, got the text {values!r}"
        raise QueryError(message)
    return values


def field(name: str) -> AnyField:
    """Name a field whose type is not known here.

    Raises:
        QueryError: *name* is not a name.

    Example:
        >>> str(field("balance") >= 10)
        'balance ge 10'
    """
    return AnyField(name)


class Fields:
    """The fields of a record, or of a member of a record.

    Subclasses annotate names with field classes, or with other namespaces for
    members. An unknown name raises `UnknownFieldError` with the nearest one.
    """

    def __init__(self, path: str = "") -> None:
        self._path = path

    def __str__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path!r})"

    def __dir__(self) -> list[str]:
        return sorted(names_of(type(self)))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            kind = names_of(type(self)).get(name)
            if kind is None:
                raise unknown_field(name, type(self))
            made = kind(f"{self._path}.{name}" if self._path else name)
            self.__dict__[name] = made
            return made


class OpaqueFields(Fields):
    """A member whose own fields nobody knows."""


AnyMember = Field[Any] | Fields
_MADE: Final = (Field, Fields)


_NAMES: dict[type[Fields], dict[str, type[AnyMember]]] = {}


def names_of(namespace: type[Fields]) -> dict[str, type[AnyMember]]:
    """Give the names in *namespace*, each with its field class."""
    if namespace not in _NAMES:
        _NAMES[namespace] = get_type_hints(namespace)
    return _NAMES[namespace]


def unknown_field(
    name: str, namespace: type[Fields], *, members_only: bool = False
) -> UnknownFieldError:
    """Make the error for a *name* that is not in *namespace*."""
    known = [
        each
        for each, kind in names_of(namespace).items()
        if not members_only or issubclass(kind, Fields)
    ]
    nearest = next(iter(difflib.get_close_matches(name, known, 1, 0.5)), None)
    of = namespace.__name__.removesuffix("Fields")
    hint = f"; the nearest is {nearest}" if nearest else ""
    what = "member" if members_only else "field"
    message = f"expected a {what} of {of}, got {name!r}{hint}"
    return UnknownFieldError(message, name=name, nearest=nearest)


def look_up(namespace: Fields, dotted: str) -> AnyMember:
    """Find the field or member that *dotted* names.

    Raises:
        UnknownFieldError: There is none of that name.
    """
    made: AnyMember | None = vars(namespace).get(dotted)
    if isinstance(made, _MADE):  # and not, say, `_path`
        return made
    here: AnyMember = namespace
    for part in dotted.split("."):
        if isinstance(here, OpaqueFields):
            return here
        if not isinstance(here, Fields) or part not in names_of(type(here)):
            inside = type(here) if isinstance(here, Fields) else type(namespace)
            raise unknown_field(part if isinstance(here, Fields) else dotted, inside)
        here = getattr(here, part)
    return here
