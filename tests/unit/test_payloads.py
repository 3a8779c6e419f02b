"""What is written: checked against the record's fields, then encoded."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sage200_async.catalog import Customer, CustomerContact, SopOrder
from sage200_async.errors import InvalidValue, QueryError, UnknownFieldError
from sage200_async.wire.payloads import adds_rows, encode_input

c = Customer.fields
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({}, b"{}"),
        ({"name": 'O\'B "é"'}, '{"name":"O\'B \\"é\\""}'.encode()),
        ({"name": None}, b'{"name":null}'),
        ({"credit_limit": Decimal("10.50")}, b'{"credit_limit":10.50}'),
        ({"credit_limit": 10}, b'{"credit_limit":10}'),
        ({"on_hold": True}, b'{"on_hold":true}'),
        ({"account_type": "A"}, b'{"account_type":"A"}'),
        (
            {"account_opened": date(2020, 2, 1)},
            b'{"account_opened":"2020-02-01T00:00:00Z"}',
        ),
        (
            {"account_opened": datetime(2020, 2, 1, 1, tzinfo=EAST)},
            b'{"account_opened":"2020-01-31T23:00:00Z"}',
        ),
        (
            {"contacts": [{"id": 1, "name": "x"}, {"name": "y"}]},
            b'{"contacts":[{"id":1,"name":"x"},{"name":"y"}]}',
        ),
        ({"contacts": ()}, b'{"contacts":[]}'),
        (
            {"main_address": {"postcode": "x"}},
            b'{"main_address":{"postcode":"x"}}',
        ),
    ],
)
def test_encoded(values, body):
    """Values of the fields' types are written as the service wants them."""
    assert encode_input(values, c) == body


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"nmae": "x"}, UnknownFieldError, "did you mean 'name'"),
        ({5: "x"}, UnknownFieldError, "'5'"),
        ({"main_address.postcode": "x"}, UnknownFieldError, "main_address"),
        ({"contacts": [{"nmae": "x"}]}, UnknownFieldError, "CustomerContact"),
        ({"name": 5}, InvalidValue, "^name: expected text"),
        ({"name": "\ud800"}, InvalidValue, "surrogates"),
        ({"name": ["x"]}, InvalidValue, "^name: expected one value"),
        ({"name": {"x": 1}}, InvalidValue, "^name: expected one value"),
        ({"on_hold": 1}, InvalidValue, "^on_hold: "),
        ({"credit_limit": "5"}, InvalidValue, "^credit_limit: "),
        ({"credit_limit": float("nan")}, InvalidValue, "finite"),
        ({"credit_limit": Decimal("Infinity")}, InvalidValue, "finite"),
        ({"account_opened": "2020-01-01"}, InvalidValue, "^account_opened: "),
        (
            {"account_opened": datetime(2020, 1, 1)},
            InvalidValue,
            "time zone",
        ),
        ({"contacts": [{"id": "1"}]}, InvalidValue, r"^contacts\[0\]\.id: "),
        ({"contacts": 5}, QueryError, "^contacts: expected a mapping or a list"),
        ({"contacts": None}, QueryError, "^contacts: "),
        ({"contacts": [5]}, QueryError, r"^contacts\[0\]: expected a mapping"),
        (["name"], QueryError, "^values: expected a mapping"),
        ("name", QueryError, "^values: expected a mapping"),
    ],
)
def test_refused(values, error, told):
    """What the record cannot hold is refused, with the place it stood at."""
    with pytest.raises(error, match=told):
        encode_input(values, c)


def test_a_record_is_no_input():
    """A record is refused, and the message says how to make a dict of it."""
    contact = CustomerContact(id=6, name="B")
    customer = Customer(id=5, name="A", contacts=[contact])
    for values, place in (
        (customer, "values"),
        ({"contacts": [contact]}, r"contacts\[0\]"),
        ({"main_address": contact}, "main_address"),
    ):
        with pytest.raises(QueryError, match=rf"^{place}: .*record\.to_dict\(\)"):
            encode_input(values, c)
    body = b'{"id":5,"name":"A","contacts":[{"id":6,"name":"B"}]}'
    assert encode_input(customer.to_dict(), c) == body


def test_a_document_date_is_a_plain_date():
    """A plain date stays that day; midnight in London is an instant, in UTC."""
    day, london = date(2024, 7, 1), ZoneInfo("Europe/London")
    for kind in (c, None):
        body = encode_input({"account_opened": day}, kind)
        assert body == b'{"account_opened":"2024-07-01T00:00:00Z"}'
        midnight = datetime(2024, 7, 1, tzinfo=london)
        body = encode_input({"account_opened": midnight}, kind)
        assert body == b'{"account_opened":"2024-06-30T23:00:00Z"}'
    assert str(c.account_opened == day) == "account_opened eq 2024-07-01"


def test_opaque_members():
    """What nobody knows the fields of is passed on."""
    assert encode_input({"statement_layout": {"any": {"thing": 1}}}, c) == (
        b'{"statement_layout":{"any":{"thing":1}}}'
    )


def test_untyped():
    """Where nobody knows the record, any names go, and dates are still made whole."""
    values = {"a": {"b": [{"c": date(2020, 1, 1), "d": Decimal("0.10")}]}, "e": None}
    assert encode_input(values, None) == (
        b'{"a":{"b":[{"c":"2020-01-01T00:00:00Z","d":0.10}]},"e":null}'
    )


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        Decimal("NaN"),
        "\udfff",
        2**70,
        b"x",
        object(),
        datetime(2020, 1, 1),
        datetime(1, 1, 1, tzinfo=EAST),
    ],
)
def test_untyped_refused(value):
    """Where nobody knows the record, what JSON or the service cannot hold is refused."""
    with pytest.raises(InvalidValue, match=r"^a\[0\]\.b: expected"):
        encode_input({"a": [{"b": value}]}, None)


@pytest.mark.parametrize(
    ("values", "adds"),
    [
        ({}, False),
        ({"name": "x", "id": 5}, False),
        ({"lines": []}, False),
        ({"lines": [{"id": 1}]}, False),
        ({"lines": [{"id": 1, "is_to_delete": True}]}, False),
        ({"lines": [{"id": 1}, {"code": "x"}]}, True),
        ({"lines": ({"code": "x"},)}, True),
        ({"lines": [{"id": None}]}, True),
        ({"lines": [{"id": 1, "parts": [{"code": "x"}]}]}, True),
        ({"lines": [{"id": 1, "part": {"rows": [{"code": "x"}]}}]}, True),
        ({"address": {"city": "x"}}, False),
        ({"address": {"rows": [{"city": "x"}]}}, True),
        ({"tags": ["a", "b"]}, False),
    ],
)
def test_adds_rows(values, adds):
    """Rows without an id, however deep, would be added twice."""
    assert adds_rows(values) is adds


def test_every_order_member():
    """Lines of an order are checked by the line's own fields."""
    with pytest.raises(UnknownFieldError):
        encode_input({"lines": [{"no_such_field": 1}]}, SopOrder.fields)
