"""Slices, put together, are the page: whatever it holds, wherever it is cut."""

import contextlib
import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.decoders import decoder_for
from sage200_async.wire.json_types import DECODING_ERRORS
from sage200_async.wire.messages import ChunkedBody

Untyped = dict[str, Any]
TRICKY = [
    '},{"id":',
    '}, {"id": ',
    '},\n  {\n    "id": ',
    '"]',
    "[{}]",
    '\\"',
    "\\",
    "\u2028",
    "\0",
    "}",
    "]",
    ",",
    "\U0001f600",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    TRICKY
)
NAMES = st.sampled_from(["id", "rows", "name", '},{"id', ""]) | TEXTS
NUMBERS = st.integers(-(2**53), 2**53) | st.decimals(-(10**9), 10**9, places=2)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(st.dictionaries(NAMES, inner, max_size=3), max_size=3)
    ),
    max_leaves=10,
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=4) | st.builds(
    lambda number, rest: {"id": number, **rest},
    st.integers(0, 999),
    st.dictionaries(NAMES, VALUES, max_size=3),
)
PAGES = st.lists(RECORDS, max_size=8)
CUSTOMERS = st.fixed_dictionaries(
    {"id": st.integers(0, 2**40), "name": TEXTS},
    optional={
        "balance": st.decimals(-(10**12), 10**12, places=2),
        "on_hold": st.booleans() | st.none(),
        "contacts": st.lists(
            st.fixed_dictionaries({"id": st.integers(0, 9), "name": TEXTS}), max_size=3
        ),
        "account_opened": st.datetimes(timezones=st.just(UTC)),
        "unknown to us": VALUES,
    },
)
SIZES = st.integers(1, 400) | st.just(10**6)
FORMS = st.sampled_from(
    [{"separators": (",", ":")}, {}, {"indent": 2}, {"indent": "\t"}]
)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def written(page, form):
    """Write a page as JSON in one of several forms."""
    plain = json.loads(_ENCODER.encode(page))
    return json.dumps(plain, **form, ensure_ascii=False).encode()


def joined(body, size, model=Untyped, quarantine=None):
    """Read a page in slices and put them together."""
    reader = SliceReader(model, quarantine, size)
    return [record for some in reader.slices(body) for record in some]


def in_pieces(body, data):
    """Cut a body anywhere, empty pieces among them."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=9)))
    ends = zip([0, *cuts], [*cuts, len(body)], strict=True)
    return ChunkedBody(*(body[start:end] for start, end in ends))


@given(PAGES, SIZES, FORMS)
@example([{"id": 1, "rows": [{"id": 2}, {"id": 3}]}] * 3, 1, {})
@example([{"": '},{"'}, {"": '},{"": "'}], 1, {"separators": (",", ":")})
@example([{}, {}, {"id": 1}, {}], 1, {})
def test_untyped(page, size, form):
    """Slices of untyped records are what a plain parser reads of the whole."""
    body = written(page, form)
    assert joined(body, size) == json.loads(body, parse_float=Decimal)


@given(PAGES, SIZES, FORMS, st.data())
def test_pieces(page, size, form, data):
    """A page that came in pieces reads as it does in one, and nothing of it is kept."""
    body = written(page, form)
    pieces = in_pieces(body, data)
    assert joined(pieces, size) == json.loads(body, parse_float=Decimal)
    assert (bytes(pieces), len(pieces)) == (b"", len(body))


@given(st.lists(CUSTOMERS, max_size=8), SIZES, FORMS)
def test_typed(page, size, form):
    """Slices of typed records are what one call reads of the whole."""
    body = written(page, form)
    assert joined(body, size, Customer) == decoder_for(list[Customer]).decode(body)


@given(PAGES, SIZES, FORMS, st.booleans(), st.data())
def test_wrapped(page, size, form, after, data):
    """The wrapper that some endpoints use makes no difference."""
    rest = {"@odata.context": "[{"}
    wrapped = {"value": page, **rest} if after else {**rest, "value": page}
    found = joined(in_pieces(written(wrapped, form), data), size)
    assert found == joined(written(page, form), size)


BAD = st.sampled_from(
    [
        {"id": "5"},
        {"id": 5, "balance": "x"},
        {"id": 5, "contacts": [{"id": 1}, {"id": "1"}]},
        {"name": 5},
        {"account_opened": "soon"},
        [],
        [{"id": 1}],
        5,
        "},{",
        None,
    ]
)


@given(st.lists(CUSTOMERS, max_size=8), BAD, st.data(), SIZES, FORMS)
def test_one_bad_record(page, bad, data, size, form):
    """One record that does not fit goes to the quarantine, and it alone."""
    at = data.draw(st.integers(0, len(page)))
    good = joined(written(page, form), size, Customer)
    body = written([*page[:at], bad, *page[at:]], form)
    put_by = []
    assert joined(in_pieces(body, data), size, Customer, put_by.append) == good
    (error,) = put_by
    assert error.json_path.startswith(f"$[{at}]")
    assert json.loads(error.raw) == bad
    found = []
    slices = SliceReader(Customer, None, size).slices(body)
    with pytest.raises(DecodeError) as caught:
        found.extend(record for some in slices for record in some)
    assert found == good[:at]
    assert caught.value.json_path == error.json_path


@given(PAGES, SIZES, FORMS, st.data())
def test_cut_short(page, size, form, data):
    """A page that was cut short never reads like a whole one."""
    body = written(page, form)
    end = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(DecodeError):
        joined(in_pieces(body[:end], data), size, quarantine=[].append)


@given(PAGES, SIZES, FORMS, st.data())
def test_one_byte_wrong(page, size, form, data):
    """With any one byte changed, slices still read what a plain parser reads."""
    body = bytearray(written(page, form))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(32, 126))
    try:
        whole = decoder_for(list[Untyped]).decode(body)
    except DECODING_ERRORS:
        whole = None
    if whole is None:
        with pytest.raises(DecodeError):
            joined(in_pieces(body, data), size)
    else:
        assert joined(in_pieces(body, data), size) == whole


@given(st.binary(max_size=60), SIZES)
def test_any_bytes(body, size):
    """Bytes that are no page are an error of ours, and no other."""
    with contextlib.suppress(DecodeError):
        assert isinstance(joined(body, size), list)


def test_moments_in_utc():
    """Times are read as aware ones."""
    (customer,) = joined(
        b'[{"account_opened":"2016-02-24T09:52:11.452Z"}]', 1, Customer
    )
    assert customer.account_opened == datetime(2016, 2, 24, 9, 52, 11, 452_000, UTC)


@pytest.mark.parametrize("first", [{"balance": 0, "id": 1}, {"id": 1}, {}])
@pytest.mark.parametrize("piece", [65_536, 10**9])
@pytest.mark.parametrize("form", [{"separators": (",", ":")}, {}])
def test_a_page_of_records_that_begin_differently_is_decoded_in_slices(
    first, piece, form
):
    """Nulls are omitted, so that the first record may begin with another field."""
    text = "x" * 3000
    page = [first, *({"id": n, "name": text} for n in range(2, 600))]
    page += [{"name": text, "id": n} for n in range(600, 1200)]
    body = written(page, form)
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
    slices = list(SliceReader(Untyped).slices(ChunkedBody(*pieces)))
    assert [record for some in slices for record in some] == page
    assert max(map(len, slices)) * len(text) < 600_000


@pytest.mark.parametrize("text", ["+", "+0", "+01", "T", "-", "-01:"])
def test_text_full_of_signs_is_decoded_at_once(text):
    """A search for offsets takes no time that grows with the signs in a text."""
    body = json.dumps([{"id": 1, "name": text * (1_000_000 // len(text))}]).encode()
    joined(b'[{"id":1}]', 10**6, Customer)
    start = time.process_time()
    (record,) = joined(body, 131_072, Customer)
    assert time.process_time() - start < 0.1
    assert record.name.startswith(text)
