"""The guard: what it lets through, and what it stops."""

import pytest

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError, PagingError
from sage200_async.odata.expressions import In
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.plan import PageFacts, advance, begin
from sage200_async.paging.validator import PageValidator

BY_KEY = begin("things", QueryOptions(page_size=2), "id", max_query_bytes=2000)[0]
ORDERED = QueryOptions(order_by=(Ordering("name"),), page_size=2)
BY_OFFSET = begin("things", ORDERED, "id", max_query_bytes=2000)[0]
KEYLESS = begin("things", ORDERED, None, max_query_bytes=2000)[0]


def rows(*keys):
    """Make records of these keys."""
    return [{"id": key} for key in keys]


def read(guard, plan, *slices, body=b"[...]"):
    """Pass a page through the guard; give the keys let through, and the facts."""
    guard.open_page(plan, body)
    given = [record["id"] for some in slices for record in guard.admit(plan, some)]
    return given, guard.close_page(plan)


def test_ascending():
    """Keys that ascend pass, over slices and over pages."""
    guard = PageValidator(BY_KEY, mapping=True)
    assert read(guard, BY_KEY, rows(1), rows(5)) == ([1, 5], PageFacts(2, 2, 5))
    plan = advance(BY_KEY, PageFacts(2, 2, 5))
    assert read(guard, plan, rows(6)) == ([6], PageFacts(1, 1, 6))


@pytest.mark.parametrize(
    "slices",
    [
        [rows(2, 1)],
        [rows(1, 1)],
        [rows(1), rows(1)],
        [rows(None)],
        [rows("1")],
        [rows(True)],
        [rows(1.5)],
        [[{"name": "no key"}]],
    ],
)
def test_not_ascending(slices):
    """Keys that do not ascend strictly, or are none, end the stream."""
    with pytest.raises(PagingError, match="expected id above") as caught:
        read(PageValidator(BY_KEY, mapping=True), BY_KEY, *slices)
    assert caught.value.plan is BY_KEY


def test_ignored_condition():
    """A server that serves the first page again is stopped at its first record."""
    guard = PageValidator(BY_KEY, mapping=True)
    _, facts = read(guard, BY_KEY, rows(1, 2))
    with pytest.raises(PagingError, match="above 2, got 1"):
        read(guard, advance(BY_KEY, facts), rows(1, 2))


def test_goes_on_from_a_plan():
    """A guard made for a plan in mid-stream knows where the keys stand."""
    plan = advance(BY_KEY, PageFacts(2, 2, 7))
    with pytest.raises(PagingError, match="above 7"):
        read(PageValidator(plan, mapping=True), plan, rows(7))


def test_empty_page():
    """An empty page has no last key of its own."""
    assert read(PageValidator(BY_KEY, mapping=True), BY_KEY) == (
        [],
        PageFacts(0, 0, None),
    )


def test_typed_records():
    """Typed records are looked at by attribute."""
    guard = PageValidator(BY_KEY, mapping=False)
    guard.open_page(BY_KEY, b"")
    records = [Customer(id=1), Customer(id=2)]
    assert guard.admit(BY_KEY, records) == records
    with pytest.raises(PagingError):
        guard.admit(BY_KEY, [Customer()])


def test_several_parts():
    """Records that two parts share come once."""
    where = In("name", tuple(map(str, range(500))), "integer")
    plan = begin(
        "things", QueryOptions(filter=where, page_size=9), "id", max_query_bytes=500
    )[0]
    guard = PageValidator(plan, mapping=True)
    assert read(guard, plan, rows(1, 3)) == ([1, 3], PageFacts(2, 2, 3))
    plan = advance(plan, PageFacts(2, 2, 3))
    assert read(guard, plan, rows(2, 3)) == ([2], PageFacts(2, 1, 3))


def test_offset_repeats():
    """By offset, a few records of the page before are dropped and counted."""
    guard = PageValidator(BY_OFFSET, mapping=True)
    assert read(guard, BY_OFFSET, rows(3, 1, 2))[0] == [3, 1, 2]
    given, facts = read(guard, BY_OFFSET, rows(2, 7, 6))
    assert (given, facts) == ([7, 6], PageFacts(3, 2))


@pytest.mark.parametrize("again", [rows(3, 1), rows(1, 3), rows(1, 9)])
def test_ignored_skip(again):
    """By offset, a page half of which came before ends the stream."""
    guard = PageValidator(BY_OFFSET, mapping=True)
    read(guard, BY_OFFSET, rows(3, 1))
    with pytest.raises(PagingError, match=r"ignores \$skip"):
        read(guard, BY_OFFSET, again)


@pytest.mark.parametrize(
    "page", [rows(1, 1), rows(None), [{}], rows([1]), rows({"a": 1}), rows("x")]
)
def test_offset_keys(page):
    """By offset, a key that is none or comes twice in a page ends the stream."""
    with pytest.raises(PagingError, match="without id, or twice"):
        read(PageValidator(BY_OFFSET, mapping=True), BY_OFFSET, page)


def test_keyless():
    """Without a key, the same page to the letter ends the stream."""
    guard = PageValidator(KEYLESS, mapping=True)
    read(guard, KEYLESS, rows(1), body=b"[1]")
    read(guard, KEYLESS, rows(1), body=b"[2]")
    with pytest.raises(PagingError, match="the page before, again"):
        read(guard, KEYLESS, rows(1), body=b"[2]")


def test_keyless_empty():
    """Without a key, one empty page after another is no repetition."""
    guard = PageValidator(KEYLESS, mapping=True)
    assert read(guard, KEYLESS, body=b"[]") == read(guard, KEYLESS, body=b"[]")


@pytest.mark.parametrize(
    ("raw", "last"),
    [
        (b'{"id": 9, "balance": "x"}', 9),
        (b'{"id": "9"}', 5),
        (b'{"balance": 1}', 5),
        (b'{"id": 4}', 5),
        (b"[]", 5),
        (b'{"id": ', 5),
    ],
)
def test_set_aside(raw, last):
    """A record that did not fit was served, and reading goes on behind it."""
    guard = PageValidator(BY_KEY, mapping=True)
    guard.open_page(BY_KEY, b"")
    guard.set_aside(BY_KEY, DecodeError(raw=raw))
    guard.admit(BY_KEY, rows(1, 5))
    assert guard.close_page(BY_KEY) == PageFacts(3, 2, last)


def test_set_aside_is_forgotten():
    """What was set aside in one page is not counted in the next."""
    guard = PageValidator(BY_KEY, mapping=True)
    guard.open_page(BY_KEY, b"")
    guard.set_aside(BY_KEY, DecodeError(raw=b'{"id": 9}'))
    guard.close_page(BY_KEY)
    assert read(guard, BY_KEY, rows(1)) == ([1], PageFacts(1, 1, 1))
