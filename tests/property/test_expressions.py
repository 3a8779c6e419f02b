"""Any tree that is written is the tree that another parser reads."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sage200_async import all_of, any_of
from sage200_async.catalog import Customer
from sage200_async.odata.encoding import encode_query
from sage200_async.odata.expressions import And, Call, Comparison, In, Not, Or, raw

c = Customer.fields
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
) | st.sampled_from(
    ["'", "''", "%27", "' or 1 eq 1", "a) or (b", " and ", "\0\n", "\u202e", "\uff07"]
)
NUMBERS = st.decimals(-1000, 1000, places=2) | st.integers(-1000, 1000)
DAYS = st.dates(date(1000, 1, 1)) | st.datetimes(
    datetime(1000, 1, 2),
    timezones=st.just(UTC),
)
VALUES = {
    c.name: TEXTS,
    c.id: st.integers(-(2**63), 2**63 - 1),
    c.balance: NUMBERS,
    c.account_opened: DAYS,
}
ORDERED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")


def compared(field, values, operators=ORDERED):
    """Compare a field by any operator, with any value, or by == and != with null."""

    def compare(operator, value):
        return getattr(field, operator)(value)

    equal = st.builds(compare, st.sampled_from(operators[:2]), values | st.none())
    return equal | st.builds(compare, st.sampled_from(operators), values)


LEAVES = st.one_of(
    *(compared(field, values) for field, values in VALUES.items()),
    compared(c.on_hold, st.booleans(), ORDERED[:2]),
    compared(c.account_type, TEXTS | st.integers(0, 9), ORDERED[:2]),
    *(
        st.lists(values, min_size=1, max_size=4).map(field.in_)
        for field, values in VALUES.items()
    ),
    *(
        TEXTS.map(function)
        for function in (c.name.contains, c.name.startswith, c.reference.endswith)
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda trees: st.one_of(
        trees.map(lambda tree: ~tree),
        st.lists(trees, min_size=1, max_size=4).map(lambda some: all_of(*some)),
        st.lists(trees, min_size=1, max_size=4).map(lambda some: any_of(*some)),
        st.tuples(trees, trees).map(lambda pair: pair[0] & pair[1]),
        st.tuples(trees, trees).map(lambda pair: pair[0] | pair[1]),
    ),
    max_leaves=12,
)
WORDS = {
    "eq": "Eq",
    "ne": "NotEq",
    "lt": "Lt",
    "le": "LtE",
    "gt": "Gt",
    "ge": "GtE",
    And: "And",
    Or: "Or",
}


def ours(tree):
    """Write our tree as nested tuples, with what is joined alike on one level."""
    match tree:
        case Comparison():
            return (WORDS[tree.operator], tree.field, tree.literal)
        case Call():
            return (tree.function, tree.field, tree.literal)
        case In():
            return level("Or", [("Eq", tree.field, value) for value in tree.literals])
        case Not():
            return ("Not", ours(tree.term))
    return level(WORDS[type(tree)], list(map(ours, tree.terms)))


def theirs(tree, ast):
    """Write the other parser's tree likewise."""
    match tree:
        case ast.Compare():
            return (type(tree.comparator).__name__, tree.left.name, text(tree.right))
        case ast.Call():
            return (tree.func.name, tree.args[0].name, text(tree.args[1]))
        case ast.UnaryOp():
            return (type(tree.op).__name__, theirs(tree.operand, ast))
    sides = [theirs(tree.left, ast), theirs(tree.right, ast)]
    return level(type(tree.op).__name__, sides)


def level(word, terms):
    """Join *terms*; those that are joined alike lose their own level."""
    flat = []
    for term in terms:
        flat += term[1:] if term[0] == word else [term]
    return flat[0] if len(flat) == 1 else (word, *flat)


def text(literal):
    """Write a parsed literal as a ``$filter`` would."""
    value = getattr(literal, "val", "null")
    if type(literal).__name__ == "String":
        return "'" + value.replace("'", "''") + "'"
    return value


@pytest.fixture(scope="module")
def arrived(server, odata):
    """Send a condition through a socket; give what the server parses."""

    def send(condition):
        ((_, read),) = server.understood(encode_query([("$filter", str(condition))]))
        return odata.parse(read)

    return send


@given(TREES)
@example(~(~(c.id == 1) & ((c.id == 2) | (c.id == 3))) | c.name.contains(")"))
def test_same_tree(arrived, odata, tree):
    """Any tree of conditions is read by the server as the same tree."""
    assert theirs(arrived(tree), odata.ast) == ours(tree)


SINGLE = LEAVES.filter(lambda leaf: not isinstance(leaf, In))


@given(st.lists(SINGLE, min_size=2, max_size=5), st.sampled_from([all_of, any_of]))
def test_left_to_right(odata, leaves, join):
    """What is joined alike is read from left to right, in the order written."""
    parsed = odata.parse(str(join(*leaves)))
    for leaf in reversed(leaves[1:]):
        assert theirs(parsed.right, odata.ast) == ours(leaf)
        parsed = parsed.left
    assert theirs(parsed, odata.ast) == ours(leaves[0])


@given(st.text(st.characters(exclude_categories=["Cs"])) | TEXTS)
@example("'")
@example("' or '1' eq '1")
@example("%27 or 1 eq 1--")
@example("x') or contains(name,'")
@example("&$filter=id eq 1")
@example("#+&=;?%")
@example("\0\r\n\t\x0b\x1f\x7f")
@example("\u202ename\u2066 \u2019 \uff07 \u02bc")
def test_text_changes_no_meaning(arrived, odata, value):
    """Whatever a text holds, the condition around it keeps its shape."""
    tree = (c.name == value) & ~c.name.contains(value) | c.reference.in_([value, "x "])
    plain = (c.name == "p") & ~c.name.contains("p") | c.reference.in_(["p", "x "])
    if value != "x ":
        assert odata.nodes(arrived(tree)) == odata.nodes(odata.parse(str(plain)))


@given(TREES, TREES)
def test_raw_keeps_to_itself(odata, tree, other):
    """A whole condition passed through as text means what it says, and no more."""
    joined = odata.parse(str(raw(str(tree)) & other))
    assert theirs(joined, odata.ast) == ours(all_of(tree, other))


@given(TREES)
def test_values(tree):
    """A tree is hashable, and equal to the same tree built again."""
    assert hash(tree) == hash(
        type(tree)(*(getattr(tree, n) for n in tree.__struct_fields__))
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_money_stays_exact(odata, amount):
    """An amount of money is the same digits on the other side."""
    parsed = odata.parse(str(c.balance == amount)).right
    assert Decimal(parsed.val) == amount
