"""Times of records are aware and in UTC, in whichever form they come."""

import json
from datetime import UTC, datetime

import pytest

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.wire.decode import SliceReader, decode_one

NINE = datetime(2024, 7, 1, 9, tzinfo=UTC)
FORMS = {
    "2024-07-01T09:00:00Z": NINE,
    "2024-07-01T09:00:00": NINE,
    "2024-07-01T10:00:00+01:00": NINE,
    "2024-07-01T04:00:00-05:00": NINE,
    "2024-07-01T09:00:00.25": NINE.replace(microsecond=250_000),
    "2024-07-01T10:00:00.2500000+01:00": NINE.replace(microsecond=250_000),
    "2024-07-01 09:00:00": NINE,
    "2024-07-01T10:00:00+0100": NINE,
    "2024-07-01T04:00:00-0500": NINE,
    "2024-07-01 04:00:00-05:00": NINE,
}


def page(*records):
    """Write records as the service would."""
    return json.dumps(records).encode()


def read(body, quarantine=None, size=100):
    """Read a page of customers in small slices."""
    slices = SliceReader(Customer, quarantine, size).slices(body)
    return [record for some in slices for record in some]


@pytest.mark.parametrize("text", FORMS)
def test_a_time_is_aware_and_in_utc(text):
    """Without a zone it is UTC; with an offset it is converted."""
    fields = {"id": 1, "account_opened": text}
    for record in (
        decode_one(json.dumps(fields).encode(), Customer),
        *read(page(fields, {**fields, "id": 2})),
    ):
        assert record.account_opened == FORMS[text]
        assert record.account_opened.tzinfo is UTC


@pytest.mark.parametrize("text", FORMS)
def test_one_odd_time_among_many_is_in_utc(text):
    """The form of one time does not show those of the others."""
    rows = [{"id": n, "account_opened": "2024-07-01T09:00:00Z"} for n in range(500)]
    rows[300]["account_opened"] = text
    record = read(page(*rows), size=2000)[300]
    assert (record.account_opened, record.account_opened.tzinfo) == (FORMS[text], UTC)


def test_times_of_related_records_are_in_utc_too():
    """They are found at any depth."""
    contact = {"id": 1, "date_time_created": "2024-07-01T10:00:00+01:00"}
    (record,) = read(page({"id": 1, "contacts": [contact]}))
    assert record.contacts[0].date_time_created == NINE


def test_text_that_looks_like_a_time_is_left_as_it_is():
    """Only fields that hold times are converted."""
    text = '2024-07-01T10:00:00+01:00","account_opened":"2024-07-01T10:00:00'
    fields = {"id": 1, "name": text, "account_opened": "2024-07-01T09:00:00"}
    (record,) = read(page(fields))
    assert (record.name, record.account_opened) == (text, NINE)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "0000-01-01T00:00:00",
        "2024-02-30T00:00:00",
        "2024-07-01",
        "10000-01-01T00:00:00Z",
    ],
)
def test_a_time_past_what_python_holds_is_an_error_of_its_record_alone(text):
    """It goes to the quarantine with its bytes, and the page goes on."""
    good = {"id": 1, "account_opened": "2024-07-01T10:00:00-01:00"}
    bad = {"id": 2, "account_opened": text}
    rejected = []
    records = read(page(good, bad, {**good, "id": 3}), rejected.append)
    assert [record.id for record in records] == [1, 3]
    (error,) = rejected
    assert json.loads(error.raw) == bad
    assert error.json_path == "$[1].account_opened"
    with pytest.raises(DecodeError, match="account_opened"):
        decode_one(json.dumps(bad).encode(), Customer)


@pytest.mark.parametrize("text", FORMS)
def test_an_odd_time_late_in_a_single_record_is_in_utc(text):
    """The whole response is looked at, not its start."""
    fields = {"id": 1, "name": "x" * 5000, "account_opened": text}
    record = decode_one(json.dumps(fields).encode(), Customer)
    assert (record.account_opened, record.account_opened.tzinfo) == (FORMS[text], UTC)
