"""Conditions: brackets, negation, flattening, raw text, what is never true."""

import asyncio
import pickle

import pytest

from sage200_async import all_of, any_of, field, raw
from sage200_async.catalog import Endpoints
from sage200_async.errors import QueryError
from sage200_async.events import Events
from sage200_async.odata.expressions import And, In, Or
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import MemoryTransport, reply

a, b, c, d = (field(name) == 1 for name in "abcd")
nothing = field("id").in_([])


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (a & b & c, "a eq 1 and b eq 1 and c eq 1"),
        (a | b | c, "a eq 1 or b eq 1 or c eq 1"),
        ((a | b) & c, "(a eq 1 or b eq 1) and c eq 1"),
        (c & (a | b), "c eq 1 and (a eq 1 or b eq 1)"),
        (a | b & c, "a eq 1 or b eq 1 and c eq 1"),
        ((a | b) & (c | d), "(a eq 1 or b eq 1) and (c eq 1 or d eq 1)"),
        (~a, "not (a eq 1)"),
        (~~a, "a eq 1"),
        (~(a | b), "not (a eq 1 or b eq 1)"),
        (~a & b, "not (a eq 1) and b eq 1"),
        (~(a & b) | c, "not (a eq 1 and b eq 1) or c eq 1"),
        (field("a").in_([1, 2]) & b, "(a eq 1 or a eq 2) and b eq 1"),
        (field("a").in_([1]) & b, "a eq 1 and b eq 1"),
        (field("a").in_([1, 2]) | b, "a eq 1 or a eq 2 or b eq 1"),
        (~field("a").in_([1, 2]), "not (a eq 1 or a eq 2)"),
        (raw("x or y") & a, "(x or y) and a eq 1"),
        (~raw("x or y"), "not (x or y)"),
        (field("n").contains("O'B"), "contains(n,'O''B')"),
        (field("n").startswith("a") & a, "startswith(n,'a') and a eq 1"),
        (~field("n").endswith(")"), "not (endswith(n,')'))"),
        (field("n") == None, "n eq null"),  # noqa: E711 - builds a condition
        (field("n") != None, "n ne null"),  # noqa: E711 - builds a condition
        (1 < field("n"), "n gt 1"),  # noqa: SIM300 - turned round on purpose
    ],
)
def test_brackets(condition, written):
    """Brackets stand where the grammar needs them, and nowhere else."""
    assert str(condition) == written


def test_flattened():
    """Joining what is joined alike already makes one level, not two."""
    assert a & (b & c) == (a & b) & c == all_of(a, b, c) == And((a, b, c))
    assert a | (b | c) == (a | b) | c == any_of(a, b, c) == Or((a, b, c))


def test_one_term():
    """Joining one condition is that condition."""
    assert all_of(a) is a
    assert any_of(a) is a


@pytest.mark.parametrize("join", [all_of, any_of])
def test_no_terms(join):
    """Joining nothing raises: an empty condition would read everything."""
    with pytest.raises(QueryError, match="needs one condition or more"):
        join()


@pytest.mark.parametrize(
    "use",
    [
        lambda: bool(a),
        lambda: a and b,
        lambda: a or b,
        lambda: not a,
        lambda: 1 < field("n") < 5,
    ],
)
def test_no_truth(use):
    """Asking a condition for its truth raises, and says what to write instead."""
    with pytest.raises(QueryError, match=r"join conditions with &, \| and ~"):
        use()


@pytest.mark.parametrize("other", [True, "b eq 1", None, field("b")])
def test_only_conditions_join(other):
    """What is no condition cannot be joined to one."""
    with pytest.raises(QueryError, match="expected a condition"):
        a & other
    with pytest.raises(QueryError, match="expected a condition"):
        any_of(other, a)


@pytest.mark.parametrize(
    "text",
    [
        "length(name) gt 20",
        "name eq ')'",
        "name eq 'O''Brien (London'",
        "(a eq 1) or (b eq 2)",
        "name eq 'é'",
    ],
)
def test_raw(text):
    """Whole text passes through, in brackets of its own."""
    assert str(raw(text)) == f"({text})"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a eq 1) or (b eq 2",
        "a eq 1) or x eq 'q'(b eq 2",
        "name eq 'open",
        "name eq 'O'Brien'",
        "(a eq 1",
        "a eq 1)",
        ")(",
        "name eq '(' )",
        "name eq '\ud800'",
    ],
)
def test_raw_refused(text):
    """Text that would change the meaning of its neighbours is refused."""
    with pytest.raises(QueryError, match="balanced quotes and brackets"):
        raw(text)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (nothing, False),
        (~nothing, True),
        (a & nothing, False),
        (a | nothing, a),
        (a & ~nothing, a),
        (a | ~nothing, True),
        (~(a | nothing), ~a),
        ((a | nothing) & (b | nothing), a & b),
        (a & (b | (c & nothing)), a & b),
        (raw("x"), raw("x")),
    ],
)
def test_simplified(condition, left):
    """An empty `in_` is false, and what follows from that is worked out."""
    assert condition.simplified() == left


@pytest.mark.parametrize(
    "condition", [nothing, a & nothing, nothing & nothing, ~(a | ~nothing)]
)
def test_never_true_asks_nothing(condition):
    """A condition that no record can meet makes no request at all."""
    memory = MemoryTransport(lambda _: reply([]))

    class Connection:
        transport = memory
        quarantine = None
        events = Events()

    query = Endpoints.customers.query.bound(
        CompanyContext("http://x", "s", "1"), Connection()
    )
    narrowed = query.filter(raw("y") & condition_on_customers(condition))
    assert not narrowed.url
    assert narrowed.explain().strategy == "none"
    assert asyncio.run(read(narrowed)) == []
    assert memory.requests == []


async def read(query):
    """Read every record of a query."""
    return [record async for record in query]


def condition_on_customers(condition):
    """Return *condition* with the leaves that no customer has as raw text."""
    match condition:
        case In():
            return condition
        case And() | Or():
            return type(condition)(tuple(map(condition_on_customers, condition.terms)))
        case _ if hasattr(condition, "term"):
            return ~condition_on_customers(condition.term)
    return raw(str(condition))


def test_in_says_a_value_once():
    """Values that come twice in `in_` are requested once, in their order."""
    assert str(field("a").in_([2, 1, 2])) == "a eq 2 or a eq 1"


def test_in_takes_no_text():
    """One text is refused by `in_`, not taken apart into letters."""
    with pytest.raises(QueryError, match="in_ takes a list of values"):
        field("reference").in_("A1D001")


def test_in_takes_one_type():
    """Values of several types are refused where the field's type is unknown."""
    with pytest.raises(QueryError, match="of one type"):
        field("reference").in_([1, "a"])


def test_leaves():
    """The leaves of a tree come left to right."""
    assert list((~a | (b & c)).leaves()) == [a, b, c]


def test_values():
    """Conditions are equal by what they say, hashable and picklable."""
    tree = ~((a | raw("x")) & field("n").contains("'") & field("m").in_(["a", "b"]))
    again = pickle.loads(pickle.dumps(tree))
    assert again == tree
    assert len({again, tree}) == 1
    assert tree != a
    assert (a & b) != (a | b)
