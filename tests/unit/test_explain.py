"""What a query says about how it will be read."""

import pytest

from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import LimitError
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.resources import Resource

c = Customer.fields
query = Endpoints.customers.query
keyless = Endpoint("things", Resource[dict, dict, dict]).query


@pytest.mark.parametrize(
    ("asked", "strategy", "why", "promise"),
    [
        (query, "key", "read by its unique id", "returned exactly once"),
        (
            query.order_by("id").top(5),
            "key",
            "read by its unique id",
            "returned exactly once",
        ),
        (query.order_by("name"), "offset", "an order .* id as the last", "nobody"),
        (query.skip(5), "offset", "a skip .* id as the last", "nobody writes"),
        (keyless.order_by("x"), "offset", "nothing proves", "may be missed"),
        (
            keyless,
            "single",
            "no unique key",
            "one page, as the server counts; otherwise a PagingError",
        ),
        (query.top(0), "none", r"top\(0\)", "no request"),
        (query.filter(c.id.in_([])), "none", "false for all", "no request"),
    ],
)
def test_strategy(asked, strategy, why, promise):
    """The explanation names the way, why it was taken and what it promises."""
    told = asked.explain()
    assert told.strategy == strategy
    for text, part in ((told.why, why), (told.guarantee, promise)):
        with pytest.raises(AssertionError, match=part):
            raise AssertionError(text)


def test_first():
    """The explanation carries the first URL, as `url` gives it."""
    assert query.explain().first == query.url != ""
    assert not query.top(0).explain().first


def test_sizes():
    """The explanation counts chains of requests, and records to each."""
    told = query.filter(c.id.in_(range(1000))).page_size(70).explain()
    assert told.page_size == 70
    assert told.subqueries > 1
    assert query.top(3).explain().page_size == 3


def test_printed():
    """Printed, it has a line for each answer."""
    lines = str(query.top(3).explain()).splitlines()
    assert [line.split()[0] for line in lines] == [
        "strategy",
        "guarantee",
        "requests",
        "first",
    ]
    assert "(none)" in str(query.top(0).explain())


def test_too_long():
    """A query that cannot be asked cannot be explained either."""
    with pytest.raises(LimitError):
        query.filter(name="x" * 3000).explain()
