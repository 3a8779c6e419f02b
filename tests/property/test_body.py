"""Of any page, and any cut through it: half is never taken for the whole."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import IncompleteResponse
from sage200_async.wire.body import Body
from sage200_async.wire.messages import Request

ASKED = Request(method="GET", path="customers")


def records(texts):
    """Make pages of records, nested as expanded ones are."""
    plain = st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3)
    nested = st.dictionaries(texts, st.lists(plain, max_size=3) | plain, max_size=2)
    return st.lists(plain | nested, max_size=4)


def taken(body, packed=False):
    """Return what is made of a body."""
    headers = {"content-encoding": "gzip"} if packed else {}
    reading = Body(ASKED, headers, 10**9)
    for _ in reading.take(body):
        pass
    return bytes(reading.finish(200))


@given(records(st.text()), st.booleans())
def test_the_whole_is_taken(page, wrapped):
    """A whole page is taken, whatever the texts in it."""
    body = json.dumps({"value": page} if wrapped else page, ensure_ascii=False)
    encoded = body.encode(errors="replace")
    assert taken(encoded) == encoded


@given(records(st.text(st.characters(exclude_characters="{}[]"))), st.data())
def test_half_is_not(page, data):
    """A page cut anywhere ends too early: in a text, a character, between records."""
    body = json.dumps(page, ensure_ascii=False).encode(errors="replace")
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(IncompleteResponse, match="ends too early"):
        taken(body[:cut])


@given(records(st.text()), st.data())
def test_half_of_a_gzip_is_not(page, data):
    """A gzip cut anywhere ends too early, brackets in texts or not."""
    body = gzip.compress(json.dumps(page).encode())
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(IncompleteResponse, match="ends too early"):
        taken(body[:cut], packed=True)
