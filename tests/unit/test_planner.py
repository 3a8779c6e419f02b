"""The planner: how a collection is read, and when it is at its end."""

from itertools import pairwise
from urllib.parse import parse_qsl

import pytest

from sage200_async import field, raw
from sage200_async.errors import LimitError, PagingError, QueryError
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions
from sage200_async.paging import plan as plans
from sage200_async.paging.page_query import query_for
from sage200_async.paging.plan import PageFacts
from sage200_async.paging.planner import start

KEY, NAME = Ordering("id"), Ordering("name")


def plan(key="id", limit=2000, **options):
    """Plan to read a collection."""
    return start("things", QueryOptions(**options), key, max_query_bytes=limit)[0]


def advance(before, facts):
    """Return the plan after a page."""
    short = facts.served < before.requested
    return plans.advance(before, facts, is_last=short)


def asked(made):
    """Return the query options of the next request."""
    return dict(parse_qsl(query_for(made)))


@pytest.mark.parametrize(
    ("key", "options", "mode"),
    [
        ("id", {}, "key"),
        ("id", {"order_by": (KEY,)}, "key"),
        ("id", {"top": 5, "filter": field("a") == 1}, "key"),
        ("id", {"order_by": (Ordering("id", descending=True),)}, "offset"),
        ("id", {"order_by": (NAME,)}, "offset"),
        ("id", {"order_by": (KEY, NAME)}, "offset"),
        ("id", {"skip": 1}, "offset"),
        (None, {"order_by": (NAME,)}, "offset"),
        (None, {"order_by": (NAME,), "skip": 1}, "offset"),
        (None, {}, "single"),
        (None, {"top": 5}, "single"),
    ],
)
def test_mode(key, options, mode):
    """The safest way that the key, the order and the skip allow is taken."""
    assert plan(key, **options).mode == mode


def test_skip_needs_an_order():
    """A skip with nothing to order by is refused before any I/O."""
    with pytest.raises(QueryError, match="order_by"):
        plan(None, skip=1)


@pytest.mark.parametrize(
    ("key", "options", "first"),
    [
        ("id", {}, {"$orderby": "id", "$top": "5000"}),
        ("id", {"top": 7}, {"$orderby": "id", "$top": "7"}),
        ("id", {"page_size": 9}, {"$orderby": "id", "$top": "9"}),
        ("id", {"skip": 3}, {"$orderby": "id", "$skip": "3", "$top": "5000"}),
        ("id", {"order_by": (NAME,)}, {"$orderby": "name,id", "$top": "5000"}),
        ("id", {"order_by": (KEY, NAME)}, {"$orderby": "id,name", "$top": "5000"}),
        (
            "id",
            {"select": ("name",)},
            {"$select": "name,id", "$orderby": "id", "$top": "5000"},
        ),
        (
            "id",
            {"select": ("id", "a.b"), "expand": ("c",)},
            {
                "$select": "id,a.b",
                "$expand": "c,a",
                "$orderby": "id",
                "$top": "5000",
            },
        ),
        (None, {}, {"$top": "5000"}),
        (None, {"order_by": (NAME,)}, {"$orderby": "name", "$top": "5000"}),
    ],
)
def test_first_request(key, options, first):
    """The first request asks for what was asked, in a total order if there is one."""
    assert asked(plan(key, **options)) == first


def test_by_key():
    """By key, the next page lies above the last key, whatever the condition."""
    made = plan(filter=(field("a") == 1) | raw("b"), page_size=10)
    moved = advance(made, PageFacts(10, 10, 4711))
    assert asked(moved) == {
        "$filter": "(a eq 1 or (b)) and id gt 4711",
        "$orderby": "id",
        "$top": "10",
    }


def test_by_offset():
    """By offset, the next page lies behind what was served, not what was given."""
    made = plan(order_by=(NAME,), skip=5, page_size=10)
    moved = advance(made, PageFacts(10, 8))
    assert asked(moved)["$skip"] == "15"
    assert (moved.records, moved.pages) == (8, 1)


def test_top_ends():
    """The stream ends when it has given what was wanted, and asks for no more."""
    first = plan(top=12, page_size=5)
    second = advance(first, PageFacts(5, 5, 5))
    third = advance(second, PageFacts(5, 5, 10))
    assert [asked(each)["$top"] for each in (first, second, third)] == ["5", "5", "2"]
    assert advance(third, PageFacts(2, 2, 12)).done


def test_top_of_nothing():
    """A top of 0 is done before it begins."""
    assert plan(top=0).done


def test_more_than_asked():
    """A page longer than what was wanted counts only what was given."""
    moved = advance(plan(top=3), PageFacts(10, 10, 10))
    assert (moved.done, moved.remaining, moved.records) == (True, 0, 3)


@pytest.mark.parametrize("served", [500, 5000])
def test_single(served):
    """Without key and order, a page that may not be all of it is an error."""
    with pytest.raises(PagingError, match="order_by") as caught:
        plans.advance(plan(None), PageFacts(served, served), is_last=False)
    assert caught.value.plan == plan(None)


def test_single_ends():
    """Without key and order, a short page or as many as wanted are the end."""
    assert advance(plan(None), PageFacts(499, 499)).done
    assert advance(plan(None, top=600), PageFacts(600, 600)).done
    with pytest.raises(PagingError):
        plans.advance(plan(None, top=600), PageFacts(500, 500), is_last=False)


def test_no_way_on():
    """A full page that shows no key is an error: the same would be asked again."""
    with pytest.raises(PagingError, match="no key to go on from"):
        advance(plan(page_size=1), PageFacts(1, 0, None))
    assert advance(plan(page_size=2), PageFacts(1, 0, None)).done


def literals_of(parts, name):
    """Collect what is compared with *name* in each part."""
    return [
        [leaf.literals for leaf in part.leaves() if getattr(leaf, "field", "") == name]
        for part in parts
    ]


@pytest.mark.parametrize("limit", [150, 400, 2000])
def test_split(limit):
    """An `in_` that does not fit becomes requests that do, and lacks nothing."""
    values = [f"O'{number:04}&" for number in range(300)]
    where = field("name").in_(values) & (field("a") == 1)
    made = plan(limit=limit, filter=where)
    assert len(made.subqueries) > 1
    while not made.done:
        far = advance(made, PageFacts(5000, 5000, 2**63 - 1))
        assert len(query_for(made)) <= limit
        assert len(query_for(far)) <= limit
        made = advance(made, PageFacts(0, 0))
    chains = literals_of(plan(limit=limit, filter=where).subqueries, "name")
    told = [literal for (chain,) in chains for literal in chain]
    assert told == ["'" + value.replace("'", "''") + "'" for value in values]


def test_split_is_tight():
    """Splitting wastes no request: a part and the next one's first do not fit."""
    where = field("n").in_(range(1000, 3000))
    parts = plan(filter=where).subqueries
    for part, following in pairwise(parts):
        wider = part.literals + following.literals[:1]
        more = plan(filter=field("n").in_(map(int, wider)))
        assert len(more.subqueries) == 2


def test_split_twice():
    """Two long chains are both split, and every pair is asked for once."""
    where = field("a").in_(range(300)) & field("b").in_(range(300))
    parts = plan(filter=where).subqueries
    pairs = [
        (left, right)
        for part in parts
        for left in part.terms[0].literals
        for right in part.terms[1].literals
    ]
    assert len(pairs) == len(set(pairs)) == 300 * 300
    assert len(parts) <= 28 * 28  # 22 values fit into 100 nodes: 11 of each


def test_parts_end_one_by_one():
    """The end of a part is the start of the next, from its lowest key."""
    made = plan(limit=300, filter=field("n").in_(range(60)))
    moved = advance(made, PageFacts(3, 3, 99))
    assert moved.subqueries == made.subqueries[1:]
    assert "gt" not in asked(moved)["$filter"]


@pytest.mark.parametrize(
    ("key", "options", "advice"),
    [
        ("id", {"filter": field("n") == "x" * 2000}, "ask for less"),
        ("id", {"filter": field("n").contains("é" * 400)}, "ask for less"),
        ("id", {"select": tuple(f"name{n}" for n in range(400))}, "ask for less"),
        ("id", {"filter": ~field("n").in_(range(500))}, "ask for less"),
        ("id", {"filter": field("n").in_(["x" * 2000, "y"])}, "ask for less"),
        (
            "id",
            {"filter": field("n").in_(range(500)), "order_by": (NAME,)},
            "without order_by",
        ),
        (
            "id",
            {"filter": field("n").in_(range(500)), "order_by": (KEY,)},
            "without order_by",
        ),
        ("id", {"filter": field("n").in_(range(500)), "skip": 1}, "without order_by"),
        (None, {"filter": field("n").in_(range(500))}, "unique key"),
    ],
)
def test_too_long(key, options, advice):
    """A query that cannot be made to fit raises before any I/O, with advice."""
    with pytest.raises(LimitError, match=f"2000 are allowed: .*{advice}"):
        plan(key, **options)


def test_limit_holds_to_the_end():
    """A query is measured with the longest key that it may come to carry."""
    where = field("n") == "x" * 100
    room = len(query_for(plan(filter=where)))
    with pytest.raises(LimitError):
        plan(limit=room, filter=where)
    grown = "%20and%20id%20gt%209223372036854775807"
    assert not plan(limit=room + len(grown), filter=where).done


def test_contradiction():
    """A condition that is never true leaves nothing to ask."""
    made = plan(filter=field("n").in_([]))
    assert made.done
    assert made.subqueries == ()
