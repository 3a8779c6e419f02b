"""Values that Python itself cannot print, encode or follow become named errors."""

import pickle
from decimal import Decimal

import pytest

from sage200_async import field, raw
from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import QueryError
from sage200_async.query.resources import untyped_endpoint
from sage200_async.wire.payloads import encode_input, encode_inputs

c = Customer.fields
query = Endpoints.customers.query
untyped = untyped_endpoint("things", None).query
HUGE = 10**5000
LONE = "\ud800"
CYCLE: dict[str, object] = {}
CYCLE["a"] = [{"b": CYCLE}]
DEEP: dict[str, object] = {}
for _ in range(5000):
    DEEP = {"a": DEEP}


def nested(levels, join):
    """Return a condition of so many levels."""
    condition = c.id == 1
    for _ in range(levels):
        condition = join(condition)
    return condition


def ends(error):
    """Yield one value, and raise."""
    yield 1
    raise error


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: c.balance == Decimal("1E5000"), "balance"),
        (lambda: encode_input({"x": Decimal("1E5000")}, None), "x"),
        (lambda: c.id == HUGE, "id"),
        (lambda: c.name == HUGE, "name"),
        (lambda: c.id.in_([HUGE]), "id"),
        (lambda: c.id.in_(HUGE), "id"),
        (lambda: field("x").in_([HUGE]), "x"),
        (lambda: c.account_status_type == HUGE, "account_status_type"),
        (lambda: query[HUGE], "customers: id"),
        (lambda: query[LONE], "customers: id"),
        (lambda: query.top(HUGE), "top"),
        (lambda: query.skip(-HUGE), "skip"),
        (lambda: query.page_size(HUGE), "page_size"),
        (lambda: query.timeout(HUGE), "timeout"),
        (lambda: query.select(HUGE), "select"),
        (lambda: query.order_by(HUGE), "order_by"),
        (lambda: query.filter(HUGE), "expected a condition"),
        (lambda: (c.id == 1) & HUGE, "expected a condition"),
        (lambda: raw(HUGE), "raw"),
        (lambda: field(HUGE), "expected the name of a field"),
        (lambda: untyped.parameters(a=HUGE), "a"),
        (lambda: untyped_endpoint(HUGE, None), "resource"),
        (lambda: untyped_endpoint("things", HUGE), "expected the name of a field"),
        (lambda: untyped_endpoint("things", LONE), "expected the name of a field"),
        (lambda: encode_input({"credit_limit": HUGE}, c), "credit_limit"),
        (lambda: encode_input({"contacts": HUGE}, c), "contacts"),
        (lambda: encode_input({"contacts": [HUGE]}, c), r"contacts\[0\]"),
        (lambda: encode_input({HUGE: 1}, None), "expected the name of a field"),
        (lambda: encode_input({LONE: 1}, None), "expected the name of a field"),
        (lambda: encode_input({"a": {LONE: 1}}, None), "a: expected the name"),
        (lambda: encode_input({None: 1}, None), "expected the name of a field"),
        (lambda: encode_input(HUGE, c), "values"),
        (lambda: encode_inputs(HUGE, c), "rows"),
        (lambda: encode_input(CYCLE, None), r"a\[0\]\.b\.a"),
        (lambda: encode_inputs([CYCLE], None), r"\[0\]\.a\[0\]\.b\.a"),
        (lambda: encode_input(DEEP, None), r"a\.a\.a"),
        (lambda: encode_input({"name": DEEP}, c), "name"),
        (lambda: c.id.in_(ends(ZeroDivisionError())), "id: .*ZeroDivisionError"),
        (lambda: field("x").in_(ends(TypeError())), "x: .*TypeError"),
    ],
)
def test_a_named_error(build, name):
    """Whatever the value is, the error is ours, short, and names the field."""
    with pytest.raises(QueryError, match=f"^{name}") as caught:
        build()
    assert len(str(caught.value)) < 300


def test_the_opposite_of_an_opposite():
    """Nested ``~`` do not nest: a condition can always be printed and pickled."""
    condition = nested(5001, lambda inner: ~inner)
    assert str(condition) == "not (id eq 1)"
    assert repr(condition)
    assert hash(condition) == hash(~(c.id == 1))
    assert pickle.loads(pickle.dumps(condition)) == condition
    assert ~~raw("a") == raw("a")


@pytest.mark.parametrize(
    "join",
    [
        lambda inner: ~(inner & (c.id == 2)),
        lambda inner: (inner & (c.id == 2)) | (c.id == 3),
    ],
)
@pytest.mark.parametrize("levels", [200, 5000])
def test_conditions_that_are_nested_too_deep(join, levels):
    """A condition that could not be printed is refused when it is passed."""
    for start in (query, untyped):
        with pytest.raises(QueryError, match="64 levels deep"):
            start.filter(nested(levels, join))
        assert start.filter(nested(20, join)).url


def test_many_conditions_are_not_deep():
    """What is joined alike is one level, however much it is."""
    condition = nested(2000, lambda inner: inner | (c.id == 2))
    assert query.filter(condition).options.filter == condition
