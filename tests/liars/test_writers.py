"""An honest server, and others who write meanwhile: no error, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lying.cases import run_case
from lying.company import WRITERS, delete_highest, delete_lowest, insert, leave_filter
from lying.ways import KEYED_WAYS

BY_KEY = [way for way in KEYED_WAYS if way.name != "ordered"]
# In an order of one's own, rows that move may end a reading by offset.

schedules = st.dictionaries(
    st.integers(1, 14),
    st.lists(st.sampled_from(WRITERS), min_size=1, max_size=3),
    max_size=4,
)


@given(st.sampled_from(BY_KEY), schedules, st.integers(0, 5), st.integers(1, 8))
def test_honest_trouble_is_no_error(way, writers, seed, workers):
    """Whatever others insert, change or delete, all that stays comes, once."""
    outcome = run_case(way, writers=writers, seed=seed, workers=workers)
    assert (outcome.name, outcome.message) == ("right", "")


@pytest.mark.parametrize("way", BY_KEY, ids=str)
@pytest.mark.parametrize(
    "writer", [insert, delete_highest, delete_lowest, leave_filter]
)
def test_a_busy_table_ends(way, writer):
    """Where somebody writes before each request, at an edge too, a reading ends."""
    most = 8 if way.name.startswith("sync") else 200  # more deletes are not believed
    writers = {number: [writer] for number in range(1, most)}
    outcome = run_case(way, writers=writers)
    assert (outcome.name, outcome.message) == ("right", "")


@pytest.mark.parametrize("number", [13, 14, 15])
def test_both_highest_rows_are_deleted_before_deletes_are_confirmed(number):
    """Rows known to exist may go while a sync asks beside them."""
    [later] = [way for way in BY_KEY if way.name == "sync later"]
    writers = {number: [delete_highest, delete_highest]}
    outcome = run_case(later, writers=writers)
    assert (outcome.name, outcome.message) == ("right", "")
