"""Bodies as they come: inflated, measured, and told from half of one."""

import gzip
import zlib

import pytest

from sage200_async.errors import IncompleteResponse, ResponseTooLarge
from sage200_async.wire.body import Body
from sage200_async.wire.messages import Request

MANY = 10**9


def body_of(*chunks, method="GET", encoding=None, limit=MANY, status=200):
    """Return the body that comes in these chunks."""
    headers = {} if encoding is None else {"content-encoding": encoding}
    body = Body(Request(method=method, path="customers"), headers, limit)
    for chunk in chunks:
        for _ in body.take(chunk):
            pass
    return bytes(body.finish(status))


@pytest.mark.parametrize("encoding", [None, "", "identity"])
def test_plain(encoding):
    """A plain body is its chunks, one after the other."""
    assert body_of(b"[1", b",2", b"]", encoding=encoding) == b"[1,2]"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_compressed(pack, size):
    """A compressed body is inflated, however it is cut into chunks."""
    plain = b"[" + b"1234," * 200_000 + b"5]"
    packed = pack(plain)[:]
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert body_of(*chunks, encoding="GZIP") == plain


def test_inflated_in_small_steps():
    """A chunk that inflates to much is taken in steps, and others get their turn."""
    packed = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
    headers = {"content-encoding": "gzip"}
    body = Body(Request(method="GET", path="x"), headers, MANY)
    assert sum(1 for _ in body.take(packed)) > 30


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_limit(encoding):
    """Bytes are counted inflated: as many as the limit are taken, one more is not."""
    plain = b"[" + b" " * 98 + b"]"
    chunk = plain if encoding is None else gzip.compress(plain)
    assert body_of(chunk, encoding=encoding, limit=100) == plain
    with pytest.raises(
        ResponseTooLarge, match=r"GET customers: the response is larger than 99 bytes"
    ) as e:
        body_of(chunk, encoding=encoding, limit=99)
    assert e.value.request.path == "customers"
    assert not e.value.retryable


@pytest.mark.parametrize(
    "chunk", [b"no gzip at all", zlib.compress(b"[]" * 99)[:-1], b"", b"\x1f"]
)
def test_no_gzip(chunk):
    """What is said to be compressed and is not, or ends too early, is broken."""
    with pytest.raises(IncompleteResponse, match=r"gzip|ends too early") as caught:
        body_of(chunk, encoding="gzip")
    assert caught.value.retryable


@pytest.mark.parametrize("encoding", [None, "gzip", "br"])
@pytest.mark.parametrize("status", [204, 401, 503])
def test_nothing_came(status, encoding):
    """A reply without a body is whole, whatever it says of how it is packed."""
    assert body_of(status=status, encoding=encoding) == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_empty_answer_to_a_write(method):
    """A write may be answered with nothing."""
    assert body_of(method=method) == b""


@pytest.mark.parametrize("status", [201, 203, 206])
def test_half_of_another_success(status):
    """What a proxy changed, or gave a part of unasked, is held to the same."""
    assert body_of(b"[]", status=status) == b"[]"
    with pytest.raises(IncompleteResponse, match="ends too early"):
        body_of(b'[{"id":1},', status=status)


@pytest.mark.parametrize(
    "short",
    [
        b"",
        b"  \r\n",
        b"[",
        b"{",
        b'[{"id":1},',
        b'[{"id":1}',
        b'[{"id":1,"contacts":[{"id":2}]',
        b'{"id":1,"lines":[{"id":2}',
        b'{"value":[{"id":1}]',
        b'[{"name":"]',
        b'[{"name":"}',
        b'[{"name":"}"}',
        b'[{"id":1}]  }',
        b"[" + b" " * 100,
    ],
)
def test_half_of_a_value(short):
    """A success that is half of a JSON value, or none at all, ends too early."""
    with pytest.raises(IncompleteResponse, match=r"GET customers: .*ends too early"):
        body_of(short)


@pytest.mark.parametrize(
    "whole",
    [
        b"[]",
        b' [ {"id": 1} ] \r\n',
        b'[{"name":"}"}]',
        b'[{"name":"{{{"},{"name":"[["}]',
        b'{"value":[]}',
        b"[" + b" " * 100 + b"]" + b" " * 100,
        b" " * 100 + b"[]",
        b"1234",
        b'"S1"',
        b"<html>",
        b"[\xff]",
    ],
)
def test_what_is_left_to_the_decoder(whole):
    """A whole value is given, brackets in texts and all; so is what is no JSON."""
    assert body_of(whole) == whole


def test_errors_are_read_as_they_come():
    """What an error says need not be JSON, and may stop short."""
    assert body_of(b'{"Message": "No', status=400) == b'{"Message": "No'


def test_half_of_a_value_of_a_wrong_length():
    """Where the length that was told is wrong, the last bracket shows it."""
    headers = {"content-length": "10"}
    body = Body(Request(method="GET", path="customers"), headers, MANY)
    for _ in body.take(b'[{"id":12}'):
        pass
    with pytest.raises(IncompleteResponse, match="ends too early"):
        body.finish(200)


def test_a_byte_order_mark_hides_no_cut():
    """A page that begins with a byte order mark and is cut short is recognised."""
    page = b"\xef\xbb\xbf[" + b'{"id":1},' * 100 + b'{"id":2}]'
    assert body_of(page) == page
    with pytest.raises(IncompleteResponse):
        body_of(page[:-3])


@pytest.mark.parametrize("end", [b',{"name":"[Smith"}]', b" " * 900 + b"]"])
def test_a_doubtful_end_is_searched_chunk_by_chunk(end):
    """Brackets in names, or blanks at the end, do not stop the event loop."""
    page = b"[" + b",".join([b'{"name":"Smith"}'] * 50_000) + end
    body = Body(Request(method="GET", path="customers"), {}, MANY)
    for start in range(0, len(page), 10_000):
        for _ in body.take(page[start : start + 10_000]):
            pass
    assert len(list(body.closing(200))) >= len(page) // 100_000
    assert bytes(body.content(200)) == page
