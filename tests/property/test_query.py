"""Queries under construction: values that never change, whatever is done."""

import pickle
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.catalog import Customer, Endpoints
from sage200_async.odata.expressions import In
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.page_query import query_for
from sage200_async.paging.plan import PageFacts, advance
from sage200_async.paging.planner import start

c = Customer.fields
COUNTS = st.integers(0, 10**6)
CONDITIONS = st.one_of(
    st.integers(0, 99).map(lambda n: c.id > n),
    st.text("'&x ", max_size=5).map(lambda text: c.name == text),
    st.lists(st.integers(0, 9), max_size=3).map(c.id.in_),
    st.integers(0, 9).map(lambda n: (c.id == n) | ~(c.on_hold == True)),  # noqa: E712
)
STEPS = st.one_of(
    CONDITIONS.map(lambda condition: ("filter", condition)),
    st.sampled_from(["id", "name", c.balance, "contacts.name"]).map(
        lambda name: ("select", name)
    ),
    st.sampled_from(["contacts", c.memos]).map(lambda name: ("expand", name)),
    st.sampled_from(["balance desc", "id", c.name.asc()]).map(
        lambda key: ("order_by", key)
    ),
    COUNTS.map(lambda count: ("top", count)),
    COUNTS.map(lambda count: ("skip", count)),
    st.integers(1, 5000).map(lambda count: ("page_size", count)),
)


def refine(query, steps):
    """Take the steps, one after another."""
    for name, given_ in steps:
        query = getattr(query, name)(given_)
    return query


@given(st.lists(STEPS, max_size=6), st.lists(STEPS, max_size=6))
def test_never_mutates(steps, more):
    """What a query is refined to changes nothing about the query."""
    base = refine(Endpoints.customers.query, steps)
    options, url = base.options, base.url
    refine(base, more)
    assert (base.options, base.url) == (options, url)
    assert Endpoints.customers.query.options == QueryOptions()


@given(st.lists(STEPS, max_size=8))
def test_equal(steps):
    """The same steps make equal queries, with equal hashes, URLs and pickles."""
    first = refine(Endpoints.customers.query, steps)
    second = refine(Endpoints.customers.query, steps)
    again = pickle.loads(pickle.dumps(first))
    assert first == second == again
    assert hash(first) == hash(second) == hash(again)
    assert first.url == second.url == again.url
    assert first.explain() == second.explain()


@given(CONDITIONS, CONDITIONS, CONDITIONS)
def test_filters_join(first, second, third):
    """Filters one by one, all at once and joined by hand are one query."""
    query = Endpoints.customers.query
    one_by_one = query.filter(first).filter(second).filter(third)
    assert one_by_one == query.filter(first, second, third)
    assert one_by_one == query.filter(first & second & third)
    assert one_by_one.url == query.filter(first & (second & third)).url


@given(st.lists(STEPS, max_size=8))
def test_url(steps):
    """A URL has each option once, in an order that never varies."""
    url = refine(Endpoints.customers.query, steps).url
    names = list(parse_qs(urlsplit(url).query, keep_blank_values=True))
    known = ["$filter", "$select", "$expand", "$orderby", "$skip", "$top"]
    assert names == [name for name in known if name in names]
    assert url.isascii()
    assert not set(url) & set(' "<>\\^`{|}#+')


VALUES = st.sets(st.text(max_size=30), min_size=1, max_size=200)


@given(VALUES, st.integers(0, 20), st.integers(700, 2500))
def test_splitting(values, others, limit):
    """A long `in_` is split into queries that fit, each value in one of them."""
    where = c.name.in_(values) & (c.id > others)
    plan = start("things", QueryOptions(filter=where), "id", max_query_bytes=limit)[0]
    literals = []
    while not plan.done:
        far = advance(plan, PageFacts(5000, 5000, 2**63 - 1), is_last=False)
        assert max(len(query_for(plan)), len(query_for(far))) <= limit
        chain, other = plan.subqueries[0].terms
        literals += [chain.literal] if not isinstance(chain, In) else chain.literals
        assert str(other) == f"id gt {others}"
        plan = advance(plan, PageFacts(0, 0), is_last=True)
    assert len(literals) == len(set(literals))
    assert set(literals) == {"'" + value.replace("'", "''") + "'" for value in values}


@given(VALUES, st.sets(st.integers(), min_size=1, max_size=200).map(sorted))
def test_splitting_two(texts, numbers):
    """Two long `in_` are split so that each pair of values is in one query."""
    inside = [n for n in numbers if abs(n) < 2**63] or [0]
    where = c.name.in_(texts) & c.id.in_(inside)
    plan = start("things", QueryOptions(filter=where), "id", max_query_bytes=900)[0]
    pairs = [
        (left, right)
        for part in plan.subqueries
        for left in part.terms[0].literals
        for right in part.terms[1].literals
    ]
    assert len(pairs) == len(set(pairs)) == len(texts) * len(inside)
