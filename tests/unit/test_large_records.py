"""Records and blanks too large for one turn of the event loop."""

import asyncio
import json
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.paging.first_rows import first_rows
from sage200_async.wire.decode import SliceReader
from sage200_async.wire.messages import ChunkedBody, Response
from sage200_async.wire.single_record import read_one
from sage200_async.wire.splitting import key_in

MIB = 1024**2
Untyped = dict[str, Any]


def chunked(body, size=64 * 1024):
    """Return *body* as it comes from a connection."""
    return ChunkedBody(*(body[at : at + size] for at in range(0, len(body), size)))


def read(body, quarantine=None, model=Customer, **options):
    """Read a page, and put its slices together."""
    slices = SliceReader(model, quarantine, **options).slices(body)
    return [record for some in slices for record in some]


def page(*large, key=4):
    """Return a page of ten customers, with *large* in the fourth."""
    rows = [b'{"id":%d,"name":"n"}' % n for n in range(10)]
    rows[key] = b'{"id":4,%b}' % b",".join(large)
    return b"[%b]" % b",".join(rows)


LARGE = {
    "text": b'"name":"' + b"x" * 3 * MIB + b'"',
    "unknown": b'"later":"' + b'\\"]}' * MIB + b'"',
    "rows": b'"later":[' + b",".join([b'{"id":1,"name":"n"}'] * 120_000) + b"]",
    "blanks": b" " * 3 * MIB + b'"name":"n"',
}


@pytest.mark.parametrize("large", LARGE)
def test_a_record_above_the_limit_is_refused_alone(large):
    """The error has the record's size, the setting and the key; the others come."""
    body = page(LARGE[large])
    with pytest.raises(
        DecodeError, match=r"\[4\]: a record of \d{7} bytes.*max_record_b"
    ):
        read(chunked(body))
    rejected = []
    records = read(chunked(body), rejected.append)
    assert [one.id for one in records] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert [key_in(error.raw, "id") for error in rejected] == [4]
    assert len(rejected[0].raw) <= 64 * 1024


@pytest.mark.parametrize("large", LARGE)
def test_the_limit_can_be_raised(large):
    """With a higher one the record comes."""
    records = read(chunked(page(LARGE[large])), max_record_bytes=8 * MIB)
    assert [one.id for one in records] == list(range(10))


@pytest.mark.parametrize("large", LARGE)
def test_no_slice_takes_long(large):
    """Between two turns of the event loop, little more than the limit is looked at."""
    taken, most = 0, 0

    class Counted(ChunkedBody):
        def take_all(self):
            nonlocal taken
            for chunk in super().take_all():
                taken += len(chunk)
                yield chunk

    before = 0
    body = page(LARGE[large])
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    reader = SliceReader(Customer, lambda _: None)
    for _ in reader.slices(Counted(*pieces)):
        most, before = max(most, taken - before), taken
    assert most < 1.5 * MIB


def test_a_response_that_is_one_record_has_the_same_limit():
    """It is refused before it is decoded; the limit can be raised."""
    body = b'{"id":4,"name":"n","later":"%b"}' % (b"x" * 2 * MIB)
    response = Response(200, {}, chunked(body))
    with pytest.raises(
        DecodeError, match=r"Customer at \$: a record of 209\d{4} bytes"
    ):
        read_one(response, Customer, "id", 4)
    assert read_one(response, Customer, "id", 4, max_bytes=3 * MIB).id == 4


def test_blanks_between_records_are_no_part_of_them():
    """Ten megabytes of blanks after, before and between records change nothing."""
    blanks = b" \n" * 5 * MIB
    for body in (
        b'[{"id":1}%b]' % blanks,
        b'[%b{"id":1}]' % blanks,
        b'[{"id":1}%b,%b{"id":2}]' % (blanks, blanks),
        b"[%b]" % blanks,
    ):
        ids = [row["id"] for row in json.loads(body)]
        assert [one.id for one in read(chunked(body))] == ids


@pytest.mark.parametrize(
    "end", [b'{"id":1', b'{"id":1}', b'{"id":1,"name":"x', b'{"id":1},']
)
def test_a_page_cut_in_a_large_stretch_is_an_error(end):
    """What is missing is never taken for the end, quarantine or not."""
    body = b'[{"id":0},' + b" " * 3 * MIB + end + b" " * 3 * MIB
    with pytest.raises(DecodeError):
        read(chunked(body + b'"]'), lambda _: None)


def test_a_stray_quote_never_makes_one_record_of_many():
    """Records swallowed by one text are an error of the page, however large."""
    rows = [b'{"id":%d,"name":"%b"}' % (n, b"x" * 1000) for n in range(9000)]
    rows[100] = b'{"id":100,"name":"a"b"}'
    rows[8000] = b'{"id":8000,"name":"a"b"}'
    rejected = []
    with pytest.raises(DecodeError):
        read(chunked(b"[%b]" % b",".join(rows)), rejected.append)
    assert not rejected


values = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.none(), st.text(max_size=40)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@settings(max_examples=200)
@given(
    rows=st.lists(st.fixed_dictionaries({"id": st.integers()}, optional={"a": values})),
    limit=st.integers(1, 120),
    chunk=st.integers(1, 90),
    seed=st.integers(0, 9),
)
def test_records_come_whole_or_are_refused_each_once_and_in_order(
    rows, limit, chunk, seed
):
    """Whatever the limit, the blanks and the chunks are."""
    rng = random.Random(seed)
    texts = [json.dumps(row, ensure_ascii=rng.random() < 0.5).encode() for row in rows]
    blank = [b" \n\t"[: rng.randrange(3)] * rng.randrange(60) for _ in range(2)]
    body = b"[" + (blank[0] + b"," + blank[1]).join(texts) + blank[1] + b"]"
    rejected = []
    options = {"max_record_bytes": limit, "slice_bytes": 16, "model": Untyped}
    records = read(chunked(body, chunk), rejected.append, **options)
    assert records == [
        row for row, text in zip(rows, texts, strict=True) if len(text) <= limit
    ]
    assert len(rejected) == len(rows) - len(records)


def test_blanks_are_held_once():
    """A hundred megabytes of them, in chunks of any size, take next to no memory."""
    for size in (64, 256, 100):
        body = ChunkedBody()
        body.add(b'[{"id":1}')
        tracemalloc.start()
        try:
            for _ in range(100 * 1024 // size):
                body.add(b" " * size * 1024)
            body.add(b"]")
            assert tracemalloc.get_traced_memory()[0] < (50 if size == 100 else 1) * MIB
        finally:
            tracemalloc.stop()
        assert len(body) == 10 + 100 * 1024 // size * size * 1024
        assert [one.id for one in read(body)] == [1]


def test_first_rows_come_after_blanks():
    """A slice without rows is a turn for others, not the end."""
    body = b"[" + b" " * 3 * MIB + b'{"id":7}]'
    assert asyncio.run(first_rows(chunked(body), MIB)) == [{"id": 7}]
    assert asyncio.run(first_rows(b"[ ]", MIB)) == []


def test_lists_side_by_side_are_no_second_page():
    """Of a wrapped page with them, one bad record is set aside alone."""
    row = b'{"id":%d,"name":"%b","contacts":[{"id":1}],"memos":[{"id":2}]}'
    rows = [row % (n, rb"a\ud800" if n == 3 else b"n") for n in range(9)]
    rejected = []
    body = b'{"value":[%b],"odata.count":9}' % b",".join(rows)
    assert len(read(chunked(body, 50), rejected.append)) == 8
    assert len(rejected) == 1


@pytest.mark.parametrize("quarantine", [None, lambda _: None])
def test_short_records_come_in_short_slices(quarantine):
    """Between two turns there are about a thousand at most, or a few hundred bad ones."""
    rows = [b'{"id":%d}' % n for n in range(20_000)]
    if quarantine is not None:
        rows[100] = b'{"id":"x"}'
    slices = SliceReader(Customer, quarantine).slices(
        chunked(b"[%b]" % b",".join(rows))
    )
    sizes = [len(some) for some in slices]
    assert sum(sizes) == 20_000 - (quarantine is not None)
    assert max(sizes) < 1500


@pytest.mark.parametrize(
    "page",
    [
        b'[{"id":1},%b,{"id":2}]',
        b'[{"id":1},{"id":2},%b]',
        b'[%b,{"id":1}]',
        b'[{"id":1}]%b{"id":2}]',
        b'[{"id":1}%b{"id":2}]',
    ],
)
@pytest.mark.parametrize("blanks", [b" ", b" " * 3 * MIB])
def test_a_value_that_is_missing_is_an_error(page, blanks):
    """A comma too many, or records after the end: what should be there is not known."""
    with pytest.raises(DecodeError):
        read(chunked(page % blanks), lambda _: None)
