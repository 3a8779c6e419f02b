import test_combinations as tc
import test_writers as tw
from hypothesis import given, settings, assume, strategies as st
from lying.cases import run_case
from lying.ways import WAYS
PLANS=[w for w in WAYS if w.name.startswith("plan")]

@settings(max_examples=1500)
@given(st.sampled_from(PLANS).flatmap(tc.tellers), tc.schedules, st.integers(0,5), st.integers(1,8))
def test_combo(drawn, writers, seed, workers):
    way, lies = drawn
    assume(tc.leave_a_trace(way, lies, writers))
    run_case(way, lies, writers=writers, seed=seed, workers=workers)

@settings(max_examples=600)
@given(st.sampled_from(PLANS), tw.schedules, st.integers(0, 5), st.integers(1, 8))
def test_hon(way, writers, seed, workers):
    outcome = run_case(way, writers=writers, seed=seed, workers=workers)
    assert (outcome.name, outcome.message) == ("right", "")
