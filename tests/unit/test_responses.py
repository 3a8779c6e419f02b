"""Small replies of uncertain shape: a count, one row or several."""

import pytest

from sage200_async.catalog import Site
from sage200_async.errors import DecodeError
from sage200_async.wire.messages import Response
from sage200_async.wire.responses import read_count, read_rows


def rows(count):
    """Make a JSON array of *count* records."""
    return b"[" + b",".join([b"{}"] * count) + b"]"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"1234", 1234),
        (b"0", 0),
        (b' "1234" ', 1234),
        (b'{"count": 7}', 7),
        (b'{"Count": 7}', 7),
        (b'{"odata.count": "7"}', 7),
        (b'{"@odata.count": 7, "value": [{}]}', 7),
        (b'{"@odata.count": 500}', 500),
        (b'{"@odata.count": 5000, "value": []}', 5000),
    ],
)
def test_count(body, count):
    """Each shape that a count may have is understood."""
    assert read_count(Response(200, {}, body), 5000) == count


@pytest.mark.parametrize(
    "body",
    [b"[]", b"[{}]", rows(499), rows(1000), b"5000", b"500", b'{"value": [{}]}'],
)
def test_count_or_page(body):
    """A list, or a number that may be the size of a page, is no count."""
    assert read_count(Response(200, {}, body), 5000) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"true",
        b"null",
        b"-1",
        b"1.5",
        b'"many"',
        b"{}",
        b'{"count": null}',
        b'{"count": [1]}',
        b"<html>",
        b"\xff",
    ],
)
def test_no_count(body):
    """A reply that is no count is an error that shows it."""
    with pytest.raises(DecodeError, match=r"expected .*, got"):
        read_count(Response(200, {}, body), 5000)


SITE = b'{"site_id": "s", "company_id": 1, "company_name": "A", "new": 1}'


@pytest.mark.parametrize("body", [SITE, b"[" + SITE + b"]"])
def test_rows(body):
    """Rows come as an array, or one alone as an object."""
    (site,) = read_rows(Response(200, {}, body), Site)
    assert site.company_name == "A"


def test_no_rows():
    """An empty array is no rows."""
    assert read_rows(Response(200, {}, b"[]"), Site) == []


@pytest.mark.parametrize("body", [b"", b"5", b"[5]", b'[{"company_name": 5}]', b"\xff"])
def test_unreadable_rows(body):
    """A reply that is no rows is an error that shows it."""
    with pytest.raises(DecodeError, match=r"expected .*, got"):
        read_rows(Response(200, {}, body), Site)


@pytest.mark.parametrize(
    "body",
    [
        b'{"count":"' + b"9" * 5000 + b'"}',
        b"9" * 30,
        b"-1",
        b"true",
        '"\u0663"'.encode(),
    ],
)
def test_a_count_that_is_no_count_is_a_decode_error(body):
    """Not one of Python's own, whatever the length of the number."""
    with pytest.raises(DecodeError):
        read_count(Response(200, {}, body), 5000)
