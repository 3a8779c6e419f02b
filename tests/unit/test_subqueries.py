"""An `in_` of many values becomes several requests, or one where it cannot."""

import asyncio

import pytest

from sage200_async import Sage200Client, Settings, any_of, field, raw
from sage200_async.catalog import Customer
from sage200_async.odata.fields import Ordering
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.planner import start
from sage200_async.paging.subqueries import node_count
from sage200_async.transport.memory import MemoryTransport, reply

KEY, NAME = Ordering("id"), Ordering("name")


def plan(key="id", **options):
    """Plan to read a collection."""
    return start("things", QueryOptions(**options), key, max_query_bytes=2000)[0]


def test_the_nodes_of_a_filter():
    """Fields, values and operators are nodes; brackets are none."""
    n = field("n")
    for condition, nodes in (
        (None, 0),
        (n == 1, 3),
        (n.startswith("a"), 3),
        (n.in_(range(23)), 91),
        ((n == 1) & ~(n == 2) & ((n == 3) | (n == 4)), 16),
        (raw("length(name) gt 20 and name ne 'it''s (so)'"), 8),
    ):
        assert node_count(condition) == nodes


@pytest.mark.parametrize("values", [22, 23, 60, 70])
@pytest.mark.parametrize("more", [{}, {"top": 7}])
def test_an_in_of_many_values_keeps_within_100_nodes(values, more):
    """An `in_` is split by terms, with room for both bounds of the key."""
    made = plan(filter=field("n").in_(range(values)), **more)
    assert len(made.subqueries) == -(-values // 22)
    assert [leaf for part in made.subqueries for leaf in part.literals] == [
        str(value) for value in range(values)
    ]
    assert max(node_count(part) for part in made.subqueries) + 8 <= 100


def test_other_conditions_count_too():
    """What an `in_` is joined with has nodes of its own."""
    where = field("n").in_(range(22)) & (field("a") == 1)
    made = plan(filter=where)
    assert [len(part.terms[0].literals) for part in made.subqueries] == [21, 1]
    crowded = any_of(*[field("a") == n for n in range(40)])
    assert len(plan(filter=field("n").in_(range(9)) & crowded).subqueries) == 1


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("id", {"order_by": (NAME,)}),
        ("id", {"order_by": (KEY,)}),
        ("id", {"skip": 1, "order_by": (KEY,)}),
        ("id", {"skip": 1}),
        (None, {}),
    ],
)
def test_what_cannot_be_split_is_sent_whole(key, more):
    """Many values that fit are one request where there is no splitting them."""
    assert len(plan(key, filter=field("n").in_(range(60)), **more).subqueries) == 1


def test_nodes_of_what_has_no_chain():
    """Conditions without an `in_` are sent whole, whatever their nodes."""
    where = any_of(*[field("n") == number for number in range(60)])
    assert plan(filter=where).subqueries == (where,)


def test_in_one_piece():
    """Values that are to be one request are split by bytes only."""
    where = field("n").in_(range(60))
    options = QueryOptions(filter=where)
    made = start("things", options, "id", max_query_bytes=2000, in_one_piece=True)[0]
    assert made.subqueries == (where,)


def test_parts_of_the_key_ascend():
    """An `in_` on the key itself is split in the order of the keys."""
    keys = [*range(60, 0, -1), 100, -5]
    for where in (field("id").in_(keys), Customer.fields.id.in_(keys)):
        parts = plan(filter=where).subqueries
        assert [int(one) for part in parts for one in part.literals] == sorted(keys)
    texts = field("id").in_([str(key) for key in keys])
    assert plan(filter=texts).subqueries[0].literals[0] == "'60'"
    nulls = Customer.fields.id.in_([*keys, None])
    assert plan(filter=nulls).subqueries[0].literals[:2] == ("null", "-5")


@pytest.mark.parametrize(("values", "expected"), [(0, 0), (5, 7), (900, None)])
def test_the_server_counts_no_part_of_a_split_query(values, expected):
    """A count of the first part alone would look like that of all."""
    client = Sage200Client(
        Settings(site="s", company=1, access_token="t"),
        transport=MemoryTransport(lambda request: reply(7)),
    )
    references = [f"A{number}" for number in range(values)]
    query = client.customers.filter(field("reference").in_(references))
    assert asyncio.run(query.server_count()) == expected
