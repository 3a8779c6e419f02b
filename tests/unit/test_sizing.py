"""The size of pages: halved when one is too heavy, grown back slowly."""

from hypothesis import given
from hypothesis import strategies as st

from sage200_async.limits import PAGE_FLOOR, PAGE_MAX
from sage200_async.paging.page_size import PageSize, larger, smaller


def play(capacity, pages, most=PAGE_MAX):
    """Ask *pages* pages of a server that serves *capacity* records and no more.

    Gives the sizes asked that were served, and those that were not.
    """
    sizing, served, failed = PageSize(most, most), [], []
    while len(served) < pages:
        if sizing.size <= capacity:
            served.append(sizing.size)
            sizing = larger(sizing)
        else:
            failed.append(sizing.size)
            sizing = smaller(sizing, sizing.size)
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
    sizing = PageSize()
    for _ in range(6):
        sizing = smaller(sizing, sizing.size) or sizing
    assert sizing.size == PAGE_FLOOR
    for _ in range(100):
        sizing = larger(sizing)
    assert sizing.size == PAGE_MAX


@given(st.integers(1, PAGE_MAX))
def test_nothing_below_the_floor(asked):
    """A page is halved down to the floor and no further; a smaller one is left."""
    less = smaller(PageSize(PAGE_MAX, PAGE_MAX), asked)
    if asked <= PAGE_FLOOR:
        assert less is None
    else:
        assert less is not None
        assert less.size == max(PAGE_FLOOR, asked // 2)
