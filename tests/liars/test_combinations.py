"""Several lies at once, at random places, while honest writers are at work."""

from hypothesis import assume, given
from hypothesis import strategies as st
from lying.cases import run_case
from lying.company import WRITERS
from lying.lies import LIES, STREAMS
from lying.replies import Query
from lying.service import Teller
from lying.ways import WAYS

COUNT = Query("customers", 1, counts=True)
EDGES = (
    Query("customers", 1, order=(("id", True),), top=2),
    Query("customers", 1, order=(("id", False),), top=2),
)
OFFSET = {"ordered", "by customer", "unordered"}
PAGE = Query("customers", 1, order=(("id", False),), top=30)

places = st.one_of(
    st.just("always"), st.just("later"), st.integers(1, 8), st.floats(0.05, 0.6)
)


def tellers(way):
    """Draw up to three lies that leave a trace in a way of reading."""
    lies = [lie for lie in LIES.values() if lie.leaves_a_trace(way, lie.places[0])]
    one = st.builds(Teller, st.sampled_from(lies), places, st.integers(0, 2**16))
    return st.tuples(st.just(way), st.lists(one, min_size=1, max_size=3))


schedules = st.dictionaries(
    st.integers(1, 12),
    st.lists(st.sampled_from(WRITERS), min_size=1, max_size=2),
    max_size=3,
)


def leave_a_trace(way, tellers, writers):
    """Whether lies contradict each other or the query, even together.

    Not so, and left out here: lies that only counts show, where counts move or are
    lied about; two lies of pages that, together, leave one out in the middle; lies
    of the edges that agree with those of pages or counts; rows that writers move
    while they are read by offset.
    """
    if not all(teller.lie.leaves_a_trace(way, teller.when) for teller in tellers):
        return False
    lies = [teller.lie for teller in tellers]
    of_counts = any(lie.concerns(COUNT) for lie in lies)
    of_edges = any(lie.concerns(edge) for lie in lies for edge in EDGES)
    of_pages = sum(lie.concerns(PAGE) for lie in lies)
    uncounted = of_counts or bool(writers) or way.name in STREAMS
    if any(lie.by_count for lie in lies) and (uncounted or len(lies) > 1):
        return False
    if (writers and way.name in OFFSET) or (of_pages > 1 and uncounted):
        return False
    agree = of_counts or (of_pages and way.name in STREAMS)
    return len(lies) == 1 or not (of_edges and agree)


@given(
    st.sampled_from(WAYS).flatmap(tellers),
    schedules,
    st.integers(0, 5),
    st.integers(1, 8),
)
def test_no_combination_of_lies_is_believed(drawn, writers, seed, workers):
    """Up to three lies, and writers: complete and right, or in a named error."""
    way, lies = drawn
    assume(leave_a_trace(way, lies, writers))
    run_case(way, lies, writers=writers, seed=seed, workers=workers)
