"""The bytes of each record, as they came and checked as records are."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError, QueryError
from sage200_async.paging.page_forms import RecordForm
from sage200_async.paging.raw_form import RawForm
from sage200_async.wire.decode import decode_one
from sage200_async.wire.splitting import split

PRETTY = (
    b'[ {"id":1,\r\n "name":"a\\nb", "mine":[1,\n2]},\n{"id":2, "balance" :1.50}\n,'
    b'{"id":3,"on_hold":true}]'
)


async def rows_of(body, key="id", quarantine=None):
    """Read a page as bytes of records; return its slices."""
    reader = RawForm(Customer).open(body, key, quarantine)
    slices = []
    while (some := await reader.next()) is not None:
        slices.append(some)
    return slices


def test_the_bytes_are_those_of_the_records(on_sandbox):
    """Rows decode to the records that a plain read returns, with the same certificate."""

    async def body(client, _):
        query = client.customers.page_size(100)
        async with query.read(workers=3) as read:
            batches = [batch async for batch in read.batches_as(RawForm(Customer))]
        rows = {
            batch.key_range.low: [decode_one(row, Customer) for row in batch.records]
            for batch in batches
        }
        for batch in batches:
            keys = batch.key_range
            assert len(batch.records) == keys.records
            edges = [one.id for one in rows[keys.low]]
            assert [*edges[:1], *edges[-1:]] == [
                key for key in (keys.lowest, keys.highest) if key is not None
            ]
        got = [one for low in sorted(rows) for one in rows[low]]
        assert got == [one async for one in client.customers]
        assert read.certificate.records == len(got) == 300

    on_sandbox(body, records={"customers": 300})


def test_each_row_is_one_line():
    """Line breaks between values are dropped, and those in texts stay escaped."""
    (some,) = asyncio.run(rows_of(PRETTY))
    assert some.keys == [1, 2, 3]
    assert all(b"\n" not in row and b"\r" not in row for row in some.rows)
    assert [json.loads(row) for row in some.rows] == json.loads(PRETTY)
    assert some.part(1, 3).pick([1]).rows == [b'{"id":3,"on_hold":true}']


@pytest.mark.parametrize("offset", ["+00:00", "-00:00", "+0000", "-0000"])
def test_an_offset_of_zero_is_written_as_z(offset):
    """A line has ``Z`` for a time in UTC, whatever the server wrote."""
    page = b'[{"id":1,"account_opened":"2024-07-01T09:00:00%s"}]' % offset.encode()
    (some,) = asyncio.run(rows_of(page))
    assert some.rows == [b'{"id":1,"account_opened":"2024-07-01T09:00:00Z"}']


VALUES = st.recursive(
    st.none() | st.integers() | st.text(alphabet='{}[],:"\\a é', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(alphabet='{},"a', max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["mine", "other"]), VALUES, max_size=2), max_size=4
)


@given(rows=ROWS, separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,", ":")]))
def test_brackets_and_parser_cut_alike(rows, separators):
    """Rows cut at their brackets are those that a parser finds, whatever is in texts."""
    numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    page = json.dumps(numbered, separators=separators).encode()
    slices = asyncio.run(rows_of(page))
    got = [row for some in slices for row in some.rows]
    assert got == list(map(bytes, split(page)))


def test_what_is_no_record_is_refused():
    """A row that does not fit as a record is an error, or goes to the quarantine."""
    page = b'[{"id":1},{"id":2,"balance":"x"},{"id":3}]'
    with pytest.raises(DecodeError, match="balance") as caught:
        asyncio.run(rows_of(page))
    assert caught.value.json_path == "$[1].balance"
    errors = []
    (some,) = asyncio.run(rows_of(page, quarantine=errors.append))
    assert (some.keys, len(errors)) == ([1, 3], 1)


def test_without_a_key():
    """The last row is a record, by which the end of the read is seen."""
    (some,) = asyncio.run(rows_of(b'[{"name":"a"},{"name":"b"}]', None))
    assert (some.keys, some.last) == (None, Customer(name="b"))
    with pytest.raises(DecodeError, match="none of the record's fields"):
        asyncio.run(rows_of(b'[{"Message":"no"}]', None))


def test_a_read_has_one_form(on_sandbox):
    """Another form than the first one is refused, and says what to do."""

    async def body(client, _):
        async with client.customers.read() as read:
            assert [1 async for _ in read.batches_as(RawForm(Customer))]
            with pytest.raises(QueryError, match=r"call read\(\) again"):
                await anext(read.batches_as(RecordForm(Customer)))

    on_sandbox(body)


@pytest.mark.parametrize(
    "zone",
    ["+00:00", "-00:00", "+0000", "-0000", "", "+01:00", "-05:00", "+0100", "-0500"],
)
def test_times_end_with_z_however_the_page_is_cut(zone):
    """The bytes of a row do not depend on the rows beside it."""
    rows = [
        b'{"id":%d,"account_opened":"2024-01-01T09:00:00%b"}'
        % (n, zone.encode() if n % 300 == 7 else b"Z")
        for n in range(1, 2000)
    ]
    cut = {}
    for size in (2000, 500, 31):
        pages = [rows[at : at + size] for at in range(0, len(rows), size)]
        bodies = [b"[%b]" % b",".join(page) for page in pages]
        slices = [some for body in bodies for some in asyncio.run(rows_of(body))]
        cut[size] = [row for some in slices for row in some.rows]
    assert cut[2000] == cut[500] == cut[31]
    assert all(row.endswith(b'Z"}') for row in cut[31])
    times = {decode_one(row, Customer).account_opened for row in cut[31]}
    assert len(times) == (1 if not zone or zone.endswith(("00:00", "0000")) else 2)
