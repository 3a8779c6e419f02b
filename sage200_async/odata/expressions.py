"""Conditions as trees, and their one rendering as the text of ``$filter``.

Leaves hold finished literals. Brackets are added when a tree is printed, by
precedence (``not`` binds tighter than a comparison in OData, so the operand of
``not`` is always bracketed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from msgspec import Struct

from sage200_async.errors import QueryError
from sage200_async.odata.plain_values import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_OR, _AND, _ATOM = 1, 2, 3


class Expression(Struct, frozen=True):
    """A condition on records. Join conditions with ``&``, ``|`` and ``~``.

    A field that is null equals only None, and is neither more nor less than a
    value. Of the opposites, ``~(c.balance > 1000)`` and ``c.balance != 1000``, OData
    says that they include nulls; servers that leave it to SQL do not. Say what is
    meant: ``c.balance <= 1000`` without nulls, and
    ``(c.balance <= 1000) | (c.balance == None)`` with them.

    Source:
        OData 4.01, URL Conventions, 5.1.1.1; the servers tried left it to SQL.

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

    if not TYPE_CHECKING:  # of a type checker it is an error without them

        def _no_brackets(self, other: object) -> NoReturn:
            message = (
                f"expected a condition before & or |, got {shown(other)}: put each "
                "comparison in brackets, as in (c.balance > 1000) & (c.on_hold == True)"
            )
            raise QueryError(message)

        __rand__ = __ror__ = _no_brackets

    def __bool__(self) -> NoReturn:
        message = (
            "a condition has no truth value: join conditions with &, | and ~, each "
            "in brackets, as in (c.balance > 5) & (c.id > 3), and write c.id.in_(ids) "
            "for `in`"
        )
        raise QueryError(message)

    def __str__(self) -> str:
        raise NotImplementedError

    def precedence(self) -> int:
        """Return how tightly it binds when printed; higher is tighter."""
        return _ATOM

    def leaves(self) -> Sequence[Expression]:
        """Return the leaves, left to right."""
        return (self,)

    def simplified(self) -> Expression | bool:
        """Return the condition without the parts that are already decided.

        Returns:
            The condition that the service has to decide, or True or False
            where nothing is left to decide: an empty ``in_`` is False.
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
    """The field is one of the literals; without literals it is false.

    ``in`` is not in Sage's documented subset, so it is printed as a chain of
    ``or``.
    """

    field: str
    literals: tuple[str, ...]
    kind: str

    def precedence(self) -> int:
        """Return that of an ``or``, unless it is a single comparison."""
        return _OR if len(self.literals) > 1 else _ATOM

    def simplified(self) -> Expression | bool:
        """Return False where there are no literals."""
        return self if self.literals else False

    def __str__(self) -> str:
        return " or ".join(f"{self.field} eq {value}" for value in self.literals)


class Raw(Expression, frozen=True):
    """Text that is passed through as it is, in brackets."""

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

    def __invert__(self) -> Expression:
        return self.term

    def leaves(self) -> Sequence[Expression]:
        """Return the leaves, left to right."""
        return self.term.leaves()

    def simplified(self) -> Expression | bool:
        """Return the opposite of the simplified term."""
        term = self.term.simplified()
        return Not(term) if isinstance(term, Expression) else not term


class _Joined(Expression, frozen=True):
    """Two terms or more, joined by one word."""

    terms: tuple[Expression, ...]
    _word: ClassVar[str]
    _precedence: ClassVar[int]
    _deciding: ClassVar[bool]
    """The value of one term that decides the whole."""

    @classmethod
    def of(cls, *terms: object) -> Expression:
        """Join *terms*, without a level of its own for a term joined alike."""
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
                f"({term})" if term.precedence() < self._precedence else str(term)
                for term in self.terms
            ]
        )

    def precedence(self) -> int:
        """Return how tightly it binds when printed; higher is tighter."""
        return self._precedence

    def leaves(self) -> Sequence[Expression]:
        """Return the leaves, left to right."""
        leaves: list[Expression] = []
        for term in self.terms:
            leaves += term.leaves()
        return leaves

    def simplified(self) -> Expression | bool:
        """Return the terms that are not decided, or what one term decides."""
        terms = tuple([term.simplified() for term in self.terms])
        if terms == self.terms:
            return self
        if any(term is self._deciding for term in terms):
            return self._deciding
        undecided = [term for term in terms if isinstance(term, Expression)]
        return self.of(*undecided) if undecided else not self._deciding


class And(_Joined, frozen=True):
    """All of the terms hold."""

    _word: ClassVar[str] = " and "
    _precedence: ClassVar[int] = _AND
    _deciding: ClassVar[bool] = False


class Or(_Joined, frozen=True):
    """At least one of the terms holds."""

    _word: ClassVar[str] = " or "
    _precedence: ClassVar[int] = _OR
    _deciding: ClassVar[bool] = True


def depth(condition: Expression) -> int:
    """Return how many levels *condition* has."""
    level: list[Expression] = [condition]
    levels = 0
    while level:
        levels += 1
        level = [term for parent in level for term in _terms(parent)]
    return levels


def _terms(parent: Expression) -> Sequence[Expression]:
    if isinstance(parent, _Joined):
        return parent.terms
    return (parent.term,) if isinstance(parent, Not) else ()


def _refuse(term: object) -> NoReturn:
    message = f"expected a condition such as c.balance > 1000, got {shown(term)}"
    if isinstance(term, bool):
        message += "; one side of a comparison has to be a field"
    if isinstance(term, str):
        message += f"; raw({shown(term)}) passes it through"
    if hasattr(term, "in_"):  # a field, whose module imports this one
        message += "; compare it with a value, in brackets if joined: (c.id > 3) & ..."
    raise QueryError(message)


def raw(text: str) -> Raw:
    """Pass *text* through to ``$filter`` as it is: the only way to do so.

    Use it for what Sage does not document. Never put text from users into it:
    nothing is escaped.

    Args:
        text: A whole condition, its quotes closed and its brackets balanced.

    Raises:
        QueryError: *text* is not text, is empty, or its quotes or brackets do
            not close, so that it would change the meaning of other conditions.

    Example:
        >>> str(raw("length(name) gt 20"))
        '(length(name) gt 20)'
    """
    if not _is_whole(text):
        message = (
            "raw condition: expected a whole one, with balanced quotes and brackets, such as "
            f'"length(name) gt 20", got {shown(text)}'
        )
        raise QueryError(message)
    return Raw(text)


def _is_whole(text: object) -> bool:
    if not isinstance(text, str):
        return False
    return bool(text.strip()) and _closed(text) and _encodable(text)


def _closed(text: str) -> bool:
    depth = 0
    for mark in "".join(text.split("'")[::2]):
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return False
    return depth == 0 and text.count("'") % 2 == 0


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def any_of(*terms: Expression) -> Expression:
    """Join *terms* by ``or``.

    Raises:
        QueryError: There are no terms: an empty ``or`` would read everything.

    Example:
        >>> any_of()
        Traceback (most recent call last):
            ...
        sage200_async.errors.QueryError: any_of needs one condition or more, got none; ...
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
        message = f"{name} needs one condition or more, got none; it would match all"
        raise QueryError(message)
    return kind.of(*terms)
