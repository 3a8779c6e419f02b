"""Page bytes to records: right cuts, bad records, replies cut short."""

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from msgspec import Struct

from sage200_async.catalog import Customer, PopOrder, Product, SopOrder
from sage200_async.errors import DecodeError
from sage200_async.wire import decoders
from sage200_async.wire.decode import SliceReader, decode_one
from sage200_async.wire.decoders import decoders_for
from sage200_async.wire.messages import ChunkedBody, Response
from sage200_async.wire.related import related_fields, with_related
from sage200_async.wire.responses import read_rows
from sage200_async.wire.wrappers import PageNotes, unwrapped

Untyped = dict[str, Any]
FORMS = {
    "tight": {"separators": (",", ":")},
    "spaced": {},
    "pretty": {"indent": 2},
}
PAGES = {
    "plain": [{"id": n, "name": f"n{n}"} for n in range(9)],
    "nested rows begin alike": [
        {"id": n, "rows": [{"id": 1}, {"id": 2, "rows": [{"id": 3}]}]} for n in range(9)
    ],
    "borders in text": [
        {"id": n, "name": '},{"id":1},{"id', "memo": '}, {"id": ]"\\'} for n in range(9)
    ],
    "nested borders": [{"id": {"id": [{"id": 1}, {"id": 2}]}} for _ in range(9)],
    "first key once": [{"odd": 1}, *({"id": n} for n in range(9))],
    "first key escaped": [{'a"b\\': n} for n in range(9)],
    "first record empty": [{}, {"id": 1}, {}, {"id": 2}],
    "first key empty": [{"": n} for n in range(9)],
    "brackets in keys": [{"},{": n, "]": "["} for n in range(9)],
    "not ascii": [{"id": n, "name": "é😀\u2028\u202e"} for n in range(9)],
    "one": [{"id": 1}],
    "none": [],
}


def read(body, size=1, model=Untyped, quarantine=None):
    """Read a page in slices and put them together."""
    reader = SliceReader(model, quarantine, size)
    return [record for some in reader.slices(body) for record in some]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_slices(page, form, kind):
    """Slices of any size, put together, are the page."""
    body = kind(json.dumps(PAGES[page], **FORMS[form], ensure_ascii=False).encode())
    for size in (1, 2, 7, 40, 100, 10_000):
        assert read(body, size) == PAGES[page]


def test_really_cut():
    """A page of plain records is cut wherever it should be."""
    for form in FORMS.values():
        body = json.dumps(PAGES["plain"], **form).encode()
        sizes = [len(some) for some in SliceReader(Untyped, None, 1).slices(body)]
        assert sizes == [1] * 9


@pytest.mark.parametrize(
    "body", [b"[]", b" [ ] ", b"\r\n[\n]\n", b"[" + b" " * 99 + b"]"]
)
def test_empty(body):
    """A page without records is no error, however it is spaced."""
    assert read(body) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"value":[{"id":1},{"id":2}]}',
        b' {"@odata.context": "[", "value" : [ {"id":1}, {"id":2} ] }\n',
        b'{"@odata.count": 2, "value": [{"id": 1}, {"id": 2}], "x": null}',
    ],
)
def test_wrapped(body):
    """An array in the wrapper that some endpoints use is taken out of it."""
    assert read(body) == [{"id": 1}, {"id": 2}]
    assert read(bytearray(body)) == [{"id": 1}, {"id": 2}]


def test_pieces_are_let_go():
    """While a page is read, only the pieces that are not decoded yet are held."""
    rows = b",".join(b'{"id":%d}' % n for n in range(10_000))
    body = b"[%b]" % rows
    pieces = ChunkedBody(*(body[at : at + 1000] for at in range(0, len(body), 1000)))
    done = 0
    for some in SliceReader(Untyped, None, 500).slices(pieces):
        done += len(b",".join(b'{"id":%d}' % row["id"] for row in some)) + 1
        assert len(bytes(pieces)) <= len(body) - done
    assert done == len(body) - 1


@pytest.mark.parametrize("size", [1, 100, 40_000, 70_000])
def test_small_pieces_are_put_together(size):
    """However small the pieces are that come, few are held, each of a like size."""
    pieces = ChunkedBody()
    came = b"".join(n.to_bytes(4, "big") for n in range(50_000))
    for at in range(0, len(came), size):
        pieces.add(came[at : at + size])
    assert (bytes(pieces), len(pieces)) == (came, len(came))
    held = list(pieces.copy().take_all())
    assert b"".join(held) == came
    assert len(held) <= len(came) // 32_768 + 1


def test_ends_of_pieces():
    """The first and the last bytes are found whatever pieces they are in."""
    whole = b"0123456789"
    pieces = ChunkedBody(b"", b"012", b"3", b"", b"456", b"789", b"")
    for size in range(1, 12):
        assert pieces.first(size) == whole[:size]
        assert pieces.last(size) == whole[-size:]


def test_unwrapped_is_not_copied():
    """A bare array is passed on as it is."""
    body = b"  [1]"
    assert next(unwrapped(body)[0].take_all()) is body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"[",
        b"]",
        b"null",
        b"12",
        b'"text"',
        b"{}",
        b'{"value": null}',
        b'{"value": {"id": 1}}',
        b'{"Message": "no"}',
        b"<html></html>",
        b"[1]",
        b"[[]]",
        b"[null]",
        b'[{"id":1},]',
        b'[,{"id":1}]',
        b'[{"id":1}{"id":2}]',
        b'[{"id":1}],[{"id":2}]',
        b'[{"id":1}]]',
        b'[{"id":1}] x]',
        b'[{"id":1},{"id":2',
        b'[{"id":1}]\xff',
        b'[{"id":"\xff"}]',
        b'[{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_no_page(body, size):
    """What is no array of records is an error of ours, never a shorter page."""
    with pytest.raises(DecodeError) as caught:
        read(body, size)
    assert caught.value.json_path.startswith("$")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("quarantined", [False, True])
def test_cut_short(form, wrapped, quarantined):
    """A page cut short at any byte raises, with a quarantine or without."""
    page = [{"id": 1, "rows": [{"id": [2]}, {}]}, {"id": 3, "t": '"]},{"id":['}, {}]
    body = json.dumps({"value": page} if wrapped else page, **FORMS[form]).encode()
    put_by = [].append if quarantined else None
    for end in range(len(body)):
        for size in (1, 30, 10_000):
            with pytest.raises(DecodeError):
                read(body[:end], size, quarantine=put_by)
    assert read(body) == page


def page_with_bad(bad, at=17, count=40):
    """Make a page of customers, one of them bad."""
    rows = [f'{{"id":{n},"balance":{n}.50}}' for n in range(count)]
    rows[at] = bad
    return f"[{','.join(rows)}]".encode()


BAD = [
    ('{"id":17,"balance":"x"}', "$[17].balance", "Invalid decimal"),
    ('{"id":"17"}', "$[17].id", "Expected `int | null`, got `str`"),
    ('{"id":17,"contacts":[{"id":1},{"id":true}]}', "$[17].contacts[1].id", "bool"),
    ("17", "$[17]", "Expected `object`, got `int`"),
    ("null", "$[17]", "got `null`"),
    ('{"id":17,"balance":1e99999999999999999999}', "$[17].balance", "decimal"),
]


@pytest.mark.parametrize(("bad", "where", "why"), BAD)
@pytest.mark.parametrize("size", [1, 60, 10_000])
def test_quarantine(bad, where, why, size):
    """With a quarantine, a bad record goes there and all others arrive."""
    put_by = []
    found = read(page_with_bad(bad), size, Customer, put_by.append)
    assert [each.id for each in found] == [n for n in range(40) if n != 17]
    assert found[1].balance == Decimal("1.50")
    (error,) = put_by
    assert (error.json_path, error.model) == (where, "Customer")
    assert error.raw == bad.encode()
    assert where in str(error)
    assert why in str(error)


@pytest.mark.parametrize(("bad", "where", "why"), BAD)
@pytest.mark.parametrize("size", [1, 60, 10_000])
def test_no_quarantine(bad, where, why, size):
    """Without a quarantine, all before the bad record arrive, then its error."""
    found = []
    slices = SliceReader(Customer, None, size).slices(page_with_bad(bad))
    with pytest.raises(DecodeError, match=why) as caught:
        found.extend(record for some in slices for record in some)
    assert [each.id for each in found] == list(range(17))
    assert (caught.value.json_path, caught.value.raw) == (where, bad.encode())


@pytest.mark.parametrize("at", [0, 39])
def test_quarantine_at_the_ends(at):
    """A bad record is found at the first place and at the last."""
    put_by = []
    body = page_with_bad('{"id":"x"}', at)
    assert len(read(body, 100, Customer, put_by.append)) == 39
    assert [error.json_path for error in put_by] == [f"$[{at}].id"]


def test_quarantine_takes_many():
    """Every bad record goes to the quarantine, each under its own place."""
    put_by = []
    body = b'[{"id":1},{"id":"a"},{"id":"b"},{"id":2},{"id":"c"}]'
    assert [each.id for each in read(body, 1, Customer, put_by.append)] == [1, 2]
    assert [error.json_path for error in put_by] == ["$[1].id", "$[2].id", "$[4].id"]


def test_quarantined_record_is_not_shown():
    """The message of a bad record names its place and holds none of its data."""
    put_by = []
    read(b'[{"id":"x","name":"secret"}]', 1, Customer, put_by.append)
    assert "secret" not in str(put_by[0])


def test_untyped_numbers():
    """Untyped records hold whole numbers as int, others as Decimal, exactly."""
    (record,) = read(b'[{"a": 12345678901234567.89, "b": 7, "c": 1e-7, "d": -0.10}]')
    assert record == {
        "a": Decimal("12345678901234567.89"),
        "b": 7,
        "c": Decimal("1e-7"),
        "d": Decimal("-0.10"),
    }
    assert str(record["d"]) == "-0.10"
    assert type(record["b"]) is int


def test_number_without_end():
    """A number that no Decimal holds is a bad record, not a crash."""
    put_by = []
    body = b'[{"a": 1e99999999999999999999}, {"a": 1}]'
    assert read(body, quarantine=put_by.append) == [{"a": 1}]
    assert put_by[0].json_path == "$[0]"


def test_null_and_absent():
    """Null and absent read alike, as None; unknown names are passed over."""
    absent, null = read(b'[{"id":1},{"id":1,"name":null,"new":[1]}]', 1, Customer)
    assert absent == null
    assert absent.name is None


class Leaf(Struct):
    """What a member's member is."""

    id: int


class Branch(Struct):
    """What a member is; it names what it is a part of."""

    tree: "Tree | None" = None
    leaves: "list[Leaf] | None" = None


class Tree(Struct):
    """What holds members."""

    id: int
    branches: "dict[str, Branch]"
    first: "Branch | None" = None


def test_decoders_in_steps():
    """A record's decoder is built in a step for each record in it, and only once."""
    with patch.dict(decoders._DECODERS, clear=True):
        steps = [list(decoders._DECODERS) for _ in decoders_for(Tree)]
        assert steps == [[Leaf], [Leaf, Branch], [Leaf, Branch, Tree]]
        assert list(decoders._DECODERS) == [Leaf, Branch, Tree, list[Tree]]
        assert list(decoders_for(Tree)) == []
        body = b'{"id":1,"branches":{"a":{"leaves":[{"id":2}]}}}'
        assert decode_one(body, Tree) == Tree(1, {"a": Branch(leaves=[Leaf(2)])})


def _reachable(model):
    reached, todo = set(), [model]
    while todo:
        new = set(related_fields(todo.pop()).values()) - reached
        reached |= new
        todo += new
    return reached


@pytest.mark.parametrize("model", [SopOrder, PopOrder, Product, Customer])
def test_few_decoders_are_built_in_one_step(model):
    """A step builds one record and those that hold it, not whatever they hold besides."""
    built = set()
    for record in with_related(model):
        in_a_circle = {one for one in _reachable(record) if record in _reachable(one)}
        step = {record, *_reachable(record)} - built
        assert step <= {record} | in_a_circle
        assert len(step) <= 6
        built |= step
    assert built == {model, *_reachable(model)}


@pytest.mark.parametrize("model", [Untyped, Leaf])
def test_decoders_without_members(model):
    """What holds no records takes one step."""
    with patch.dict(decoders._DECODERS, clear=True):
        assert len(list(decoders_for(model))) == 1
        assert list(decoders._DECODERS) == [model, list[model]]


THREADS = """
import sys, threading
from sage200_async.catalog import Product, SopOrder
from sage200_async.wire.decoders import decoder_for

sys.setswitchinterval(1e-6)
BODIES = {
    SopOrder: b'{"lines":[{"product":{"suppliers":[{"supplier":{"id":1}}]}}]}',
    Product: b'{"suppliers":[{"supplier":{"id":1}}],"warehouse_holdings":[{"id":2}]}',
}
begin = threading.Barrier(8)

def decode(model):
    begin.wait()
    decoder_for(list[model]).decode(b"[%b]" % BODIES[model])

threads = [threading.Thread(target=decode, args=[model]) for model in [*BODIES] * 4]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_build_decoders_at_once():
    """Clients in several threads read related records: the process does not crash."""
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_decoders_of_a_model_made_by_hand():
    """A model whose module is not to be found is built as well."""
    made = msgspec.defstruct("Made", [("id", int)], module="nowhere")
    assert len(list(decoders_for(made))) == 1
    assert decode_one(b'{"id":1}', made) == made(1)


def test_one():
    """A single record is decoded, or refused with its place."""
    assert decode_one(b'{"id":5,"balance":1.10}', Customer).balance == Decimal("1.10")
    with pytest.raises(DecodeError) as caught:
        decode_one(b'{"id":"5"}', Customer)
    assert (caught.value.json_path, caught.value.model) == ("$.id", "Customer")


@pytest.mark.parametrize(
    "page", [b'[{"id":1},{"id":2}]', b' {"value": [{"id":1},{"id":2}]}']
)
def test_a_byte_order_mark(page):
    """A UTF-8 byte order mark before JSON is passed over, in pages and records."""
    marked = b"\xef\xbb\xbf" + page
    records = [
        record for some in SliceReader(Customer).slices(marked) for record in some
    ]
    assert [record.id for record in records] == [1, 2]
    assert decode_one(b'\xef\xbb\xbf{"id":5}', Customer).id == 5
    assert read_rows(Response(200, {}, marked), dict) == [{"id": 1}, {"id": 2}]


MALFORMED = {
    "a lone surrogate": rb'{"id":0,"name":"a\ud800"}',
    "a lone surrogate in a name": rb'{"id":0,"na\udfffme":"a"}',
    "an escape that is none": rb'{"id":0,"name":"C:\x"}',
    "a control character": b'{"id":0,"name":"a\nb"}',
    "no UTF-8": b'{"id":0,"name":"a\xff"}',
    "no UTF-8 below": b'{"id":0,"contacts":[{"name":"\xff"}]}',
    "too many brackets": b'{"id":0,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("size", [1, 1000, 10**6])
@pytest.mark.parametrize("model", [Customer, Untyped])
@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_record_that_is_no_json_is_set_aside_alone(malformed, model, size):
    """Where it ends can be seen, so the rest of the page is read."""
    rows = [b'{"id":%d,"name":"},{[\\\\\\""}' % n for n in range(1, 200)]
    body = b"[%b]" % b",".join([*rows[:99], MALFORMED[malformed], *rows[99:]])
    rejected = []
    records = read(body, size, model, rejected.append)
    assert len(records) == len(rows)
    (error,) = rejected
    assert error.json_path.startswith("$[99]")
    assert error.raw.startswith(MALFORMED[malformed][:100])
    with pytest.raises(DecodeError, match=r"at \$\[99\]"):
        read(body, size, model)


@pytest.mark.parametrize("malformed", MALFORMED)
def test_the_last_record_is_set_aside_alone_too(malformed):
    """The parser takes a lone surrogate at the end for a cut."""
    rejected = []
    body = b'[{"id":1},' + MALFORMED[malformed] + b"]"
    assert [record.id for record in read(body, 1, Customer, rejected.append)] == [1]
    assert len(rejected) == 1


@pytest.mark.parametrize(
    "malformed",
    [
        b'{"id":0,"name":"a"b"}',
        b'{"id":0,"name":"C:\\"}',
        b'{"id":0,"name":"a}',
        b'{"id":0,"rows":[}',
        b'{"id":0,}',
        b'{"id":0]',
    ],
)
def test_a_page_whose_records_cannot_be_told_apart_is_an_error(malformed):
    """Many records must not count as one that was set aside."""
    rows = [b'{"id":%d,"name":"n"}' % n for n in range(1, 200)]
    body = b"[%b]" % b",".join([*rows[:99], malformed, *rows[99:]])
    with pytest.raises(DecodeError):
        read(body, 1000, Customer, lambda _: None)


RECORDS = b'[{"id": 1, "name": "a]b}"}, {"id": 2, "lines": [{"id": 3}]}]'


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    ("head", "tail", "notes"),
    [
        (b"", b"", PageNotes()),
        (b'"@odata.context": "$metadata#x",', b"", PageNotes()),
        (b'"@odata.count": 300,', b"", PageNotes(total=300)),
        (b'"@odata.count":"300", ', b"", PageNotes(total=300)),
        (b"", b',"@odata.nextLink":"customers?$skip=2"', PageNotes(more=True)),
        (b"", b', "@odata.nextLink" : "a],\\"b\\":1}"', PageNotes(more=True)),
        (b'"odata.count":5,', b',"odata.nextLink":"x"', PageNotes(5, more=True)),
        (b'"extra":{"a":[1]},', b',"@odata.count":7', PageNotes(total=7)),
        (b"", b',"messages":[],"odata.count":7', PageNotes(total=7)),
        (b"", b', "messages" : [{"a": [1]}]', PageNotes()),
        (b"\n ", b"\n ", PageNotes()),
    ],
)
def test_wrapper_notes(head, tail, notes, size):
    """The records come out of a wrapper, and what it says of the collection is kept."""
    text = b"{" + head + b'"value":' + RECORDS + tail + b"}"
    body = ChunkedBody(*(text[at : at + size] for at in range(0, len(text), size)))
    reader = SliceReader(Untyped)
    records = [record for records in reader.slices(body) for record in records]
    assert records == json.loads(RECORDS)
    assert reader.notes == notes


def test_error_beside_records():
    """An error beside the records of a page is raised, though some records are there."""
    text = b'{"value":' + RECORDS + b',"error":{"code":"500","message":"lost"}}'
    with pytest.raises(DecodeError, match=r"error beside its records.*lost"):
        list(SliceReader(Untyped).slices(text))


def test_wrapped_page_is_cut_into_slices():
    """A page in a wrapper is decoded in slices as any other."""
    records = b",".join(b'{"id":%d,"name":"%s"}' % (n, b"x" * 100) for n in range(9999))
    text = b'{"value":[' + records + b'],"@odata.count":9999}'
    body = ChunkedBody(*(text[at : at + 65536] for at in range(0, len(text), 65536)))
    sizes = [len(records) for records in SliceReader(Untyped).slices(body)]
    assert sum(sizes) == 9999
    assert max(sizes) < 3000
