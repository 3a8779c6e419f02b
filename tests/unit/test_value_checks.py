"""Money is bounded: no exponent past 400, no NaN, no infinity, wherever it stands."""

import json
import tracemalloc
from decimal import Decimal
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.catalog import Customer, SopOrder
from sage200_async.errors import DecodeError
from sage200_async.wire.decode import SliceReader, decode_one
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import DECODING_ERRORS
from sage200_async.wire.value_checks import is_bounded

OUT_OF_BOUNDS = [
    "1E999999999",
    "-1E999999999",
    "1E-999999999",
    "1e401",
    "0E-500",
    "1" * 402,
    '"NaN"',
    '"-sNaN12"',
    '"Infinity"',
    '"-inf"',
]
WITHIN = ["1E400", "-9.9E+400", "1E-400", "0E9", "0", "-0.00", '"12.50"', "1" * 60]


def read(body, model=Customer, quarantine=None):
    """Read a page of one slice."""
    slices = SliceReader(model, quarantine).slices(body)
    return [record for some in slices for record in some]


def rows(number, at=7):
    """Return a page of ten customers, one of them with *number* for its balance."""
    balances = ["12.50"] * 10
    balances[at] = number
    return b"[%b]" % b",".join(
        b'{"id":%d,"balance":%b}' % (key, balance.encode())
        for key, balance in enumerate(balances)
    )


@pytest.mark.parametrize("number", OUT_OF_BOUNDS)
def test_money_out_of_bounds_is_the_error_of_its_record(number):
    """The error names field and record, and is short; quarantined, the others come."""
    with pytest.raises(DecodeError, match="no exponent past 400") as failure:
        read(rows(number))
    assert failure.value.json_path == "$[7].balance"
    assert len(str(failure.value)) < 200
    rejected = []
    assert [one.id for one in read(rows(number), Customer, rejected.append)] == [
        key for key in range(10) if key != 7
    ]
    assert [error.json_path for error in rejected] == ["$[7].balance"]


@pytest.mark.parametrize("number", WITHIN)
def test_money_within_bounds_comes_as_it_was_sent(number):
    """Bounds are far beyond money, and change no number."""
    balance = read(rows(number))[7].balance
    assert str(balance) == str(Decimal(number.strip('"')))


@pytest.mark.parametrize("number", OUT_OF_BOUNDS)
def test_money_of_one_record_and_of_related_ones_is_bounded_too(number):
    """An answer that is one record is checked, and so are its lines."""
    with pytest.raises(DecodeError, match=r"at \$\.balance"):
        decode_one(b'{"id":1,"balance":%b}' % number.encode(), Customer)
    line = b'{"id":1,"lines":[{"id":2},{"id":3,"line_total_value":%b}]}'
    order = line % number.encode()
    with pytest.raises(DecodeError) as failure:
        decode_one(order, SopOrder)
    assert failure.value.json_path == "$.lines[1].line_total_value"
    with pytest.raises(DecodeError) as failure:
        read(b'[{"id":0},%b]' % order, SopOrder)
    assert failure.value.json_path == "$[1].lines[1].line_total_value"


@pytest.mark.parametrize("number", ["1E999999999", "-1E999999999", "1e401", "0E-500"])
def test_numbers_of_a_record_without_types_are_bounded(number):
    """A resource that the catalog does not know is no way around it."""
    model = dict[str, object]
    with pytest.raises(DecodeError):
        read(b'[{"id":1},{"id":2,"deep":[{"n":%b}]}]' % number.encode(), model)


def test_a_billion_digits_take_no_memory():
    """The record is refused before anyone writes the number out."""
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            read(rows("1E999999999"))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False), max_size=30))
def test_the_sum_finds_what_looking_at_each_number_finds(numbers):
    """Records are refused exactly where one of their numbers is out of bounds."""
    body = b"[%b]" % b",".join(
        b'{"id":1,"balance":%s}' % str(n).encode() for n in numbers
    )
    try:
        decoded = decoder_for(list[Customer]).decode(body)
    except DECODING_ERRORS:
        return  # an exponent past what the parser takes
    rejected = []
    records = read(body, Customer, rejected.append)
    bounded = [one.balance for one in decoded if is_bounded(one.balance)]
    assert [one.balance for one in records] == bounded
    assert len(rejected) == len(numbers) - len(bounded)


def test_a_zero_with_a_large_exponent_is_harmless():
    """It is written as one digit, and adds nothing."""
    number = read(rows("0E999999999"))[7].balance
    assert format(number, "f") == "0"
    assert number + 5 == 5


def test_related_records_are_checked_wherever_they_stand():
    """One record of a page with lines is enough."""
    plain = [{"id": key} for key in range(100)]
    plain[50]["lines"] = [{"id": 1, "line_total_value": "NaN"}]
    with pytest.raises(DecodeError) as failure:
        read(json.dumps(plain).encode(), SopOrder)
    assert failure.value.json_path == "$[50].lines[0].line_total_value"


class Priced(msgspec.Struct):
    """A model whose annotations carry what has no hash."""

    amount: Annotated[Decimal, {"unit": "GBP"}]


def test_annotations_without_a_hash():
    """A field is checked whatever its annotation carries."""
    assert read(b'[{"amount": 1.50}]', Priced) == [Priced(Decimal("1.50"))]
    with pytest.raises(DecodeError):
        read(b'[{"amount": 1e999999999}]', Priced)
