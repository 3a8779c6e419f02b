"""The page validator: which records it accepts, and what it refuses."""

from types import SimpleNamespace

import pytest

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError, PagingError
from sage200_async.odata.expressions import In
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.page_forms import ListSlice, key_getter
from sage200_async.paging.plan import PageFacts, advance
from sage200_async.paging.planner import start
from sage200_async.paging.validator import PageValidator

BY_KEY = start("things", QueryOptions(page_size=2), "id", max_query_bytes=2000)[0]
ORDERED = QueryOptions(order_by=(Ordering("name"),), page_size=2)
BY_OFFSET = start("things", ORDERED, "id", max_query_bytes=2000)[0]
KEYLESS = start("things", ORDERED, None, max_query_bytes=2000)[0]


def rows(*keys):
    """Make records of these keys."""
    return [{"id": key} for key in keys]


def accepted(check, records):
    """Pass a slice through the check of its page; return the records accepted."""
    models = [type(record) for record in records] or [dict]
    key_of = key_getter(models[0], check._plan.key)
    keys = None if key_of is None else list(map(key_of, records))
    return check.accept(ListSlice(records, keys)).rows


def read(validator, plan, *slices, body=b"[...]"):
    """Pass a page through the validator; return the keys accepted, and the facts."""
    check = validator.open(plan, body)
    keys = [record["id"] for rows in slices for record in accepted(check, rows)]
    return keys, check.close()


def after(plan, facts):
    """Return the plan after a page."""
    return advance(plan, facts, is_last=facts.served < plan.requested)


def test_ascending():
    """Keys that ascend pass, over slices and over pages."""
    validator = PageValidator(BY_KEY)
    assert read(validator, BY_KEY, rows(1), rows(5)) == ([1, 5], PageFacts(2, 2, 5))
    plan = after(BY_KEY, PageFacts(2, 2, 5))
    assert read(validator, plan, rows(6)) == ([6], PageFacts(1, 1, 6))


@pytest.mark.parametrize(
    "slices",
    [
        [rows(2, 1)],
        [rows(1, 1)],
        [rows(1), rows(1)],
        [rows("1")],
        [rows(True)],
        [rows(1.5)],
    ],
)
def test_not_ascending(slices):
    """Keys that do not ascend strictly, or are none, end the stream."""
    with pytest.raises(PagingError, match=r"expected id (above|as a whole)") as caught:
        read(PageValidator(BY_KEY), BY_KEY, *slices)
    assert caught.value.plan is BY_KEY


@pytest.mark.parametrize("page", [rows(None), [{"name": "no key"}]])
def test_no_key(page):
    """A record without its key ends the stream, and the message names the field."""
    with pytest.raises(PagingError, match="no 'id' field"):
        read(PageValidator(BY_KEY), BY_KEY, page)


def test_ignored_condition():
    """A server that serves the first page again is stopped at its first record."""
    validator = PageValidator(BY_KEY)
    _, facts = read(validator, BY_KEY, rows(1, 2))
    with pytest.raises(PagingError, match="above 2, got 1"):
        read(validator, after(BY_KEY, facts), rows(1, 2))


def test_goes_on_from_a_plan():
    """A validator made for a plan in mid-stream knows where the keys stand."""
    plan = after(BY_KEY, PageFacts(2, 2, 7))
    with pytest.raises(PagingError, match="above 7"):
        read(PageValidator(plan), plan, rows(7))


def test_empty_page():
    """An empty page has no last key of its own."""
    assert read(PageValidator(BY_KEY), BY_KEY) == (
        [],
        PageFacts(0, 0, None),
    )


def test_typed_records():
    """Typed records are looked at by attribute."""
    check = PageValidator(BY_KEY).open(BY_KEY, b"")
    records = [Customer(id=1), Customer(id=2)]
    assert accepted(check, records) == records
    with pytest.raises(PagingError, match="no 'id' field"):
        accepted(check, [Customer()])


def test_several_subqueries():
    """Records that two subqueries share come once."""
    names = In("name", tuple(map(str, range(500))), "integer")
    plan = start(
        "things", QueryOptions(filter=names, page_size=9), "id", max_query_bytes=500
    )[0]
    validator = PageValidator(plan)
    assert read(validator, plan, rows(1, 3)) == ([1, 3], PageFacts(2, 2, 3))
    plan = after(plan, PageFacts(2, 2, 3))
    assert read(validator, plan, rows(2, 3)) == ([2], PageFacts(2, 1, 3))


def test_offset_repeats():
    """By offset, a few records of the page before are dropped and counted."""
    validator = PageValidator(BY_OFFSET)
    assert read(validator, BY_OFFSET, rows(3, 1, 2))[0] == [3, 1, 2]
    given, facts = read(validator, BY_OFFSET, rows(2, 7, 6))
    assert (given, facts) == ([7, 6], PageFacts(3, 2))


@pytest.mark.parametrize("again", [rows(3, 1), rows(1, 3), rows(1, 9)])
def test_ignored_skip(again):
    """By offset, a page half of which came before ends the stream."""
    validator = PageValidator(BY_OFFSET)
    read(validator, BY_OFFSET, rows(3, 1))
    with pytest.raises(PagingError, match=r"ignores \$skip"):
        read(validator, BY_OFFSET, again)


@pytest.mark.parametrize("raw", [b'{"id":3,"name":7}', b'{"name":7}'])
def test_ignored_skip_where_nothing_fits(raw):
    """By offset, a page of records that are set aside may not come again and again."""
    validator = PageValidator(BY_OFFSET)
    first = validator.open(BY_OFFSET, b"[...]")
    assert first.reject(DecodeError("no text", raw=raw))
    first.close()
    second = validator.open(BY_OFFSET, b"[...]")
    assert not second.reject(DecodeError("no text", raw=raw))
    with pytest.raises(PagingError, match=r"ignores \$skip"):
        second.close()


@pytest.mark.parametrize("page", [rows(None), [{}], [*rows(1), {"Id": 2}]])
def test_no_key_by_offset(page):
    """By offset, too, the message names the field, and not the server's order."""
    with pytest.raises(PagingError, match="no 'id' field"):
        read(PageValidator(BY_OFFSET), BY_OFFSET, page)


@pytest.mark.parametrize("page", [rows(1, 1), rows([1]), rows({"a": 1}), rows("x")])
def test_offset_keys(page):
    """By offset, a key that is none or comes twice in a page ends the stream."""
    with pytest.raises(PagingError, match="without id, or twice"):
        read(PageValidator(BY_OFFSET), BY_OFFSET, page)


def test_keyless():
    """Without a key, the same page byte for byte ends the stream."""
    validator = PageValidator(KEYLESS)
    read(validator, KEYLESS, rows(1), body=b"[1]")
    read(validator, KEYLESS, rows(1), body=b"[2]")
    with pytest.raises(PagingError, match="a page before again"):
        read(validator, KEYLESS, rows(1), body=b"[2]")


def test_keyless_empty():
    """Without a key, one empty page after another is no repetition."""
    validator = PageValidator(KEYLESS)
    assert read(validator, KEYLESS, body=b"[]") == read(validator, KEYLESS, body=b"[]")


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
def test_rejected(raw, last):
    """A record that does not fit was served, and reading goes on behind it."""
    check = PageValidator(BY_KEY).open(BY_KEY, b"")
    assert check.reject(DecodeError(raw=raw))
    accepted(check, rows(1, 5))
    assert check.close() == PageFacts(3, 2, last)


def test_rejected_is_forgotten():
    """What was rejected in one page is not counted in the next."""
    validator = PageValidator(BY_KEY)
    check = validator.open(BY_KEY, b"")
    check.reject(DecodeError(raw=b'{"id": 9}'))
    check.close()
    assert read(validator, BY_KEY, rows(1)) == ([1], PageFacts(1, 1, 1))


def test_within():
    """Of a page only the keys in the range are accepted, and only those rejected."""
    within = SimpleNamespace(low=3, high=7)
    check = PageValidator(BY_KEY).open(BY_KEY, b"", within)
    assert accepted(check, rows(1, 3, 4)) == rows(4)
    assert [
        check.reject(DecodeError(raw=b'{"id": %d}' % key)) for key in (3, 5, 8)
    ] == [
        False,
        True,
        False,
    ]
    within.high = 6
    assert accepted(check, rows(6, 7, 9)) == rows(6)
    assert check.close() == PageFacts(9, 2, 9)


@pytest.mark.parametrize(
    "rest",
    [
        rb'"name":"\ud800"',
        b'"name":"a\x01b"',
        b'"name":"\xff"',
        rb'"name":"\x"',
        rb'"na\x":1',
        b'"balance":1e99999999999999999999',
        b'"lines":' + b"[" * 3000 + b"]" * 3000,
        b'"lines":[{"id":7},{"id":8}],"name":"\\ud800\\",\\"id\\":9,"',
        b'"name":"' + b"x" * 1_100_000 + b'"',
    ],
)
@pytest.mark.parametrize("record", [b'{"id":2,%b}', b'{ %b , "id" : 2 }'])
def test_a_record_that_is_no_json_shows_its_key(rest, record):
    """The reading goes on behind it, so that it is not served again."""
    check = PageValidator(BY_KEY).open(BY_KEY, b"[...]")
    check.reject(DecodeError(raw=record % rest))
    assert check.close().last_key == 2


@pytest.mark.parametrize(
    "raw",
    [b"", b"\\", b"{", b'{"id":"2\x01"}', b'{"ids":2,"a":"\x01"}', b'{"id":2.5,\x01}'],
)
def test_a_record_without_a_whole_number_shows_no_key(raw):
    """Nothing is guessed."""
    check = PageValidator(BY_KEY).open(BY_KEY, b"[...]")
    check.reject(DecodeError(raw=raw))
    assert check.close().last_key is None
