"""The size of pages: halved when one is too large, grown back slowly."""

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.limits import PAGE_FLOOR, PAGE_MAX
from sage200_async.odata.options import QueryOptions
from sage200_async.paging.page_size import PageSize, larger, smaller
from sage200_async.paging.planner import start


def play(capacity, pages, most=PAGE_MAX):
    """Request *pages* pages from a server that serves *capacity* records and no more.

    Return the sizes that were served, and those that were not.
    """
    size, served, failed = PageSize(most, most), [], []
    while len(served) < pages:
        if size.current <= capacity:
            served.append(size.current)
            size = larger(size)
        else:
            failed.append(size.current)
            size = smaller(size, size.current)
    return served, failed


@given(st.integers(PAGE_FLOOR, PAGE_MAX), st.integers(PAGE_FLOOR, PAGE_MAX))
def test_every_capacity_is_found(capacity, most):
    """Whatever the server can serve, from the floor up, pages of it are reached."""
    served, failed = play(capacity, 200, most)
    assert all(PAGE_FLOOR <= size <= most for size in served + failed)
    assert max(served) > min(capacity, most) / 2


@given(st.integers(PAGE_FLOOR, PAGE_MAX))
def test_a_size_that_failed_is_tried_ever_more_rarely(capacity):
    """Of a thousand pages to a server that cannot serve all, few are asked in vain."""
    _, failed = play(capacity, 1000)
    halvings = PAGE_MAX.bit_length() - PAGE_FLOOR.bit_length() + 1
    assert len(failed) <= halvings + 12
    _, of_ten_thousand = play(capacity, 10_000)
    assert len(of_ten_thousand) <= len(failed) + 20


def test_the_example_of_the_issue():
    """Pages of 600 are served and 5,000 are not: four halvings, then good pages."""
    served, failed = play(600, 10)
    assert failed == [5000, 2500, 1250, 625]
    assert served[:4] == [312, 390, 487, 487]


def test_a_passing_outage_is_forgotten():
    """After an outage the size is back at the most within a hundred pages."""
    size = PageSize()
    for _ in range(6):
        size = smaller(size, size.current)
    assert size.current == PAGE_FLOOR
    for _ in range(100):
        size = larger(size)
    assert size.current == PAGE_MAX


@given(st.integers(PAGE_FLOOR + 1, PAGE_MAX))
def test_nothing_below_the_floor(requested):
    """A page is halved down to the floor and no further."""
    less = smaller(PageSize(PAGE_MAX, PAGE_MAX), requested)
    assert less.current == max(PAGE_FLOOR, requested // 2)


@given(st.integers(1, PAGE_MAX))
def test_a_page_at_the_floor_is_not_reducible(requested):
    """A page of the floor's size or less is not asked for with less."""
    plan, _ = start(
        "things", QueryOptions(page_size=requested), "id", max_query_bytes=2000
    )
    assert plan.reducible is (requested > PAGE_FLOOR)
