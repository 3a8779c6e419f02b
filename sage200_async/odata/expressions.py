"""Conditions as trees, and the one printer that turns them into ``$filter``.

Leaves hold finished literals. Brackets are the printer's business: it adds
them by precedence (``not`` binds tighter than a comparison in OData, so the
operand of ``not`` is always bracketed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from msgspec import Struct

from sage200_async.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

_OR, _AND, _ATOM = 1, 2, 3


class Expression(Struct, frozen=True):
    """A condition on records. Join with ``&``, ``|`` and ``~``.

    Example:
        >>> from sage200_async import field
        >>> low = field("balance") < 0
        >>> held = field("on_hold") == True
        >>> str(low & ~held)
        'balance lt 0 and not (on_hold eq true)'
        >>> bool(low)
        Traceback (most recent call last):
            ...
        sage200_async.errors.QueryError: a condition has no truth value: ...
    """

    def __and__(self, other: Expression) -> Expression:
        return And.of(self, other)

    def __or__(self, other: Expression) -> Expression:
        return Or.of(self, other)

    def __invert__(self) -> Expression:
        return Not(self)

    def __bool__(self) -> NoReturn:
        message = (
            "a condition has no truth value: join conditions with &, | and ~, "
            "not with and, or, not or a chained comparison"
        )
        raise QueryError(message)

    def __str__(self) -> str:
        raise NotImplementedError

    def precedence(self) -> int:
        """Tell how tightly it binds when printed: higher is tighter."""
        return _ATOM

    def leaves(self) -> Sequence[Expression]:
        """Give the leaves, left to right."""
        return (self,)

    def settled(self) -> Expression | bool:
        """Work out what is decided already: an empty ``in_`` is false.

        Returns:
            The condition that is left to ask, or True or False where there is
            nothing left to ask.
        """
        return self


class Comparison(Expression, frozen=True):
    """``field operator literal``."""

    field: str
    operator: str
    literal: str
    kind: str

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.literal}"


class Call(Expression, frozen=True):
    """``function(field,literal)``: contains, startswith or endswith."""

    function: str
    field: str
    literal: str
    kind: ClassVar[str] = "text"

    def __str__(self) -> str:
        return f"{self.function}({self.field},{self.literal})"


class In(Expression, frozen=True):
    """The field is one of the literals; with none of them it is false.

    ``in`` is not in Sage's documented subset, so it is printed as a chain of
    ``or``.
    """

    field: str
    literals: tuple[str, ...]
    kind: str

    def precedence(self) -> int:
        """Tell how tightly it binds: as an ``or``, unless it is one comparison."""
        return _OR if len(self.literals) > 1 else _ATOM

    def settled(self) -> Expression | bool:
        """Work out what is decided: with no literals it is false."""
        return self if self.literals else False

    def __str__(self) -> str:
        return " or ".join(f"{self.field} eq {each}" for each in self.literals)


class Raw(Expression, frozen=True):
    """Text passed through as it is, in brackets of its own."""

    text: str

    def __str__(self) -> str:
        return f"({self.text})"


class Not(Expression, frozen=True):
    """The opposite of a condition."""

    term: Expression

    def __str__(self) -> str:
        return (
            f"not {self.term}" if isinstance(self.term, Raw) else f"not ({self.term})"
        )

    def leaves(self) -> Sequence[Expression]:
        """Give the leaves, left to right."""
        return self.term.leaves()

    def settled(self) -> Expression | bool:
        """Work out what is decided of the term, and turn it round."""
        term = self.term.settled()
        return Not(term) if isinstance(term, Expression) else not term


class _Joined(Expression, frozen=True):
    """Two terms or more, joined by one word."""

    terms: tuple[Expression, ...]
    _word: ClassVar[str]
    _binding: ClassVar[int]
    _absorbing: ClassVar[bool]

    @classmethod
    def of(cls, *terms: object) -> Expression:
        """Join *terms*, taking apart those that are joined alike already."""
        flat: list[Expression] = []
        for term in terms:
            if type(term) is cls:
                flat += term.terms
            elif isinstance(term, Expression):
                flat.append(term)
            else:
                _refuse(term)
        return flat[0] if len(flat) == 1 else cls(tuple(flat))

    def __str__(self) -> str:
        return self._word.join(
            [
                f"({term})" if term.precedence() < self._binding else str(term)
                for term in self.terms
            ]
        )

    def precedence(self) -> int:
        """Tell how tightly it binds."""
        return self._binding

    def leaves(self) -> Sequence[Expression]:
        """Give the leaves, left to right."""
        found: list[Expression] = []
        for term in self.terms:
            found += term.leaves()
        return found

    def settled(self) -> Expression | bool:
        """Work out what is decided of the terms: one may decide them all."""
        settled = tuple([term.settled() for term in self.terms])
        if settled == self.terms:
            return self
        if any(term is self._absorbing for term in settled):
            return self._absorbing
        left = [term for term in settled if isinstance(term, Expression)]
        return self.of(*left) if left else not self._absorbing


class And(_Joined, frozen=True):
    """All of the terms hold."""

    _word: ClassVar[str] = " and "
    _binding: ClassVar[int] = _AND
    _absorbing: ClassVar[bool] = False


class Or(_Joined, frozen=True):
    """At least one of the terms holds."""

    _word: ClassVar[str] = " or "
    _binding: ClassVar[int] = _OR
    _absorbing: ClassVar[bool] = True


def _refuse(term: object) -> NoReturn:
    got = f"{term!r} ({type(term).__name__})"
    message = f"expected a condition such as c.balance > 1000, or raw(...), got {got}"
    raise QueryError(message)


def raw(text: str) -> Raw:
    """Pass *text* through to ``$filter`` as it is: the only way to do so.

    Use it for what Sage does not document. Text from outside does not belong
    here: nothing in it is escaped.

    Args:
        text: A whole condition, its quotes closed and its brackets balanced.

    Raises:
        QueryError: *text* is empty, or its quotes or brackets do not close, so
            that it would change the meaning of what stands beside it.

    Example:
        >>> str(raw("length(name) gt 20"))
        '(length(name) gt 20)'
    """
    if not text.strip() or not _closed(text) or _unencodable(text):
        message = f"expected a whole condition with balanced quotes and brackets, got {text!r}"
        raise QueryError(message)
    return Raw(text)


def _closed(text: str) -> bool:
    depth = 0
    for mark in "".join(text.split("'")[::2]):
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return False
    return depth == 0 and text.count("'") % 2 == 0


def _unencodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def any_of(*terms: Expression) -> Expression:
    """Join *terms* by ``or``.

    Raises:
        QueryError: There are no terms: an empty ``or`` would read everything.

    Example:
        >>> any_of()
        Traceback (most recent call last):
            ...
        sage200_async.errors.QueryError: any_of needs one condition or more, got none
    """
    return _join(Or, "any_of", terms)


def all_of(*terms: Expression) -> Expression:
    """Join *terms* by ``and``.

    Raises:
        QueryError: There are no terms: an empty ``and`` would read everything.
    """
    return _join(And, "all_of", terms)


def _join(kind: type[_Joined], name: str, terms: tuple[Expression, ...]) -> Expression:
    if not terms:
        message = f"{name} needs one condition or more, got none"
        raise QueryError(message)
    return kind.of(*terms)
