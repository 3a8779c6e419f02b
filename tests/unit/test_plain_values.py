"""Values of other classes are taken for what they are, in filters, ids and inputs."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from http import HTTPStatus

import pytest

from sage200_async import field
from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import InvalidValue, QueryError
from sage200_async.odata.literals import kind_of, literal
from sage200_async.odata.plain_values import plain, shown
from sage200_async.query.resources import untyped_endpoint
from sage200_async.wire.payloads import encode_input

c = Customer.fields


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "printed"

    def replace(self, *_):
        return "replaced"


class Letter(StrEnum):
    A = "a"


class Whole(int):
    def __str__(self):
        return "printed"

    def __int__(self):
        return 0


class Number(IntEnum):
    TWO = 2


class Floating(float):
    def __str__(self):
        return "printed"

    __repr__ = __str__


class Money(Decimal):
    def __str__(self):
        return "printed"


class Moment(datetime):
    def isoformat(self, *_, **__):
        return "printed"

    def astimezone(self, *_):
        return self


class Day(date):
    def isoformat(self):
        return "printed"


class Scalar:
    """A scalar as numpy's are: no subclass, but with ``item``."""

    shape = ()

    def __init__(self, value):
        self._value = value

    def item(self):
        return self._value


class WholeScalar(Scalar):
    def __index__(self):
        return self._value


class Array(Scalar):
    shape = (1,)


class NoTime(datetime):
    """As pandas' NaT: a datetime by its class, without a year."""

    year = float("nan")


CASES = [
    ("text", Text("O'B"), "O'B"),
    ("text", Letter.A, "a"),
    ("text", Scalar("a"), "a"),
    ("integer", Whole(5), 5),
    ("integer", HTTPStatus.OK, 200),
    ("integer", WholeScalar(7), 7),
    ("number", Number.TWO, 2),
    ("number", Floating(1.5), 1.5),
    ("number", Scalar(1.5), 1.5),
    ("number", Money("1.50"), Decimal("1.50")),
    ("boolean", Scalar(value=True), True),
    (
        "datetime",
        Moment(2024, 7, 1, 9, tzinfo=UTC),
        datetime(2024, 7, 1, 9, tzinfo=UTC),
    ),
    ("datetime", Day(2024, 7, 1), date(2024, 7, 1)),
    ("enum", Number.TWO, 2),
    ("enum", Letter.A, "a"),
]
FIELDS = {
    "text": "name",
    "integer": "payment_terms_days",
    "number": "credit_limit",
    "boolean": "on_hold",
    "datetime": "account_opened",
    "enum": "account_status_type",
}


@pytest.mark.parametrize(("kind", "value", "same"), CASES)
def test_taken_as_what_it_is(kind, value, same):
    """A subclass, an enum or a scalar is the plain value, wherever it is passed."""
    name = FIELDS[kind]
    assert plain(value) == same
    assert type(plain(value)) is type(same)
    assert literal(kind, value) == literal(kind, same)
    assert str(field(name) == value) == str(field(name) == same)
    assert str(field(name).in_([value])) == str(field(name).in_([same]))
    assert kind_of(value) == kind_of(same)
    query = Endpoints.customers.query
    assert query.filter(**{name: value}) == query.filter(**{name: same})
    for fields in (c, None):
        body = encode_input({name: value}, fields)
        assert body == encode_input({name: same}, fields)


@pytest.mark.parametrize("id", [Whole(5), WholeScalar(5), Text("5"), Scalar("5")])
def test_ids(id):
    """An id of another class is the plain id."""
    below = Endpoints.customers.query[id].run(Endpoints.customer_contacts.query)
    assert below.endpoint.path == "customers/5/customer_contacts"


def test_names_and_parameters():
    """Names and the values of parameters may be of a subclass, too."""
    views = Endpoints.sales_aged_debtor_summary_views.query
    dated = views.parameters(ageingdatetype=Text("DueDate"))
    assert dated.url == views.parameters(ageingdatetype="DueDate").url
    untyped = untyped_endpoint("things", None).query
    assert untyped.parameters(a=Whole(3)).url == untyped.parameters(a=3).url
    with pytest.raises(InvalidValue, match=r"^a: expected"):
        untyped.parameters(a="\ud800")
    query = Endpoints.customers.query
    assert query.select(Text("name")).url == query.select("name").url


@pytest.mark.parametrize(
    "value", [Array(5), Scalar(5), Scalar([5]), Scalar(None), NoTime(2024, 1, 1), b"x"]
)
def test_refused(value):
    """Arrays, times in nanoseconds and no times are no values; the field is named."""
    for name in ("id", "account_opened", "name"):
        with pytest.raises(InvalidValue, match=f"^{name}: expected"):
            getattr(c, name).__eq__(value)
        with pytest.raises(InvalidValue, match=f"^{name}: expected"):
            encode_input({name: value}, c)
    for build in (field("a").__eq__, lambda value: field("a").in_([value])):
        with pytest.raises(InvalidValue, match=r"^a: expected"):
            build(value)
    with pytest.raises(InvalidValue, match=r"^a: expected"):
        encode_input({"a": value}, None)
    with pytest.raises(QueryError, match="expected an id"):
        _ = Endpoints.customers.query[value]


def test_what_cannot_be_shown():
    """A message shows a value in a few words, however it is printed."""
    assert shown(5) == "5"
    assert shown(10**5000) == "a value of int that cannot be shown"
    assert len(shown("x" * 9000)) < 210
    assert shown("a\nb") == r"'a\nb'"
    assert shown(type("Table", (), {"__repr__": lambda _: "0  1\n1  2"})()) == "0 1 1 2"
