"""When a request is sent again, after how long, and when it is not."""

import asyncio
import copy
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.errors import (
    BadRequest,
    Conflict,
    ConnectError,
    Forbidden,
    IncompleteResponse,
    NotFound,
    RateLimited,
    RequestTimeout,
    ResponseTooLarge,
    Sage200Error,
    ServerError,
    StatusError,
    TokenRefused,
    TokenUnavailable,
    Unauthorized,
)
from sage200_async.events import Events
from sage200_async.transport.budget import RetryBudget
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.transport.retry import Retry
from sage200_async.transport.retry_policy import RetryPolicy, wait_before_retry
from sage200_async.wire.messages import AskForLess, Request, Response

POLICY = RetryPolicy()
PASSING = [
    IncompleteResponse("cut"),
    ConnectError("refused"),
    RequestTimeout(phase="read"),
    RequestTimeout(phase="connect"),
    RateLimited(),
    RateLimited(retry_after=3.0),
    ServerError(),
    ServerError(retry_after=0.0),
    TokenUnavailable("down"),
]
LASTING = [
    BadRequest(),
    Unauthorized(),
    Forbidden(),
    NotFound(),
    Conflict(),
    StatusError(),
    TokenRefused(),
]
chances = st.floats(0, 1, allow_nan=False)


def wait(error, policy=POLICY, **told):
    """Decide with defaults."""
    known = {"idempotent": True, "attempts": 1, "elapsed": 0.0, "jitter": 1.0}
    return wait_before_retry(policy, error, **{**known, **told})


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (7, 30.0), (99, 30.0), (5000, 30.0)],
)
def test_the_longest_wait_doubles(attempts, longest):
    """The longest wait doubles with each attempt, up to a cap, however many."""
    policy = RetryPolicy(max_attempts=10_000)
    assert wait(ServerError(), policy, attempts=attempts) == longest


@given(st.integers(1, 5000), chances)
def test_full_jitter(attempts, chance):
    """A wait of one's own is any share of the longest one, down to nothing."""
    policy = RetryPolicy(max_attempts=10_000)
    longest = wait(ServerError(), policy, attempts=attempts, jitter=1.0)
    found = wait(ServerError(), policy, attempts=attempts, jitter=chance)
    assert found == chance * longest
    assert 0 <= found <= policy.longest_wait


@given(st.floats(0, POLICY.longest_retry_after), st.integers(1, 4), chances)
def test_retry_after_is_obeyed_exactly(told, attempts, chance):
    """What the server says is waited to the second: no jitter, no doubling."""
    for error in (RateLimited(retry_after=told), ServerError(retry_after=told)):
        assert wait(error, attempts=attempts, jitter=chance) == told


def test_retry_after_past_the_cap():
    """A server that asks for more than the cap is not asked again."""
    cap = POLICY.longest_retry_after
    assert wait(RateLimited(retry_after=cap)) == cap
    assert wait(RateLimited(retry_after=cap + 0.1)) is None


def test_attempts():
    """The last attempt that the policy allows is the last."""
    policy = RetryPolicy(max_attempts=3)
    assert wait(ServerError(), policy, attempts=2) is not None
    assert wait(ServerError(), policy, attempts=3) is None
    assert wait(ServerError(), RetryPolicy(max_attempts=1)) is None


@given(st.floats(0, 400), chances, st.none() | st.floats(0, 120))
def test_elapsed(elapsed, chance, told):
    """No attempt begins after the time allowed."""
    found = wait(ServerError(retry_after=told), elapsed=elapsed, jitter=chance)
    assert found is None or elapsed + found <= POLICY.max_seconds
    assert found is not None or elapsed + max(0.5, told or 0) > POLICY.max_seconds


@pytest.mark.parametrize("error", LASTING, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("idempotent", [True, False])
def test_not_retryable(error, idempotent):
    """What asking again cannot mend is not asked again."""
    assert wait(error, idempotent=idempotent) is None


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectError(), True),
        (RequestTimeout(phase="connect"), True),
        (TokenUnavailable(), True),
        (RequestTimeout(phase="read"), False),
        (RequestTimeout(phase="total"), False),
        (IncompleteResponse(), False),
        (RateLimited(retry_after=1.0), False),
        (ServerError(), False),
    ],
    ids=repr,
)
def test_what_must_not_be_done_twice(error, again):
    """A POST goes again only when it certainly never reached the service."""
    assert (wait(error, idempotent=False) is not None) is again
    assert wait(error, idempotent=True) is not None


@given(
    error=st.sampled_from(PASSING + LASTING),
    policy=st.builds(
        RetryPolicy,
        max_attempts=st.integers(1, 2000),
        max_seconds=st.floats(0, 1e6),
        first_wait=st.floats(0, 1e6),
        longest_wait=st.floats(0, 1e6),
    ),
    told=st.fixed_dictionaries(
        {
            "idempotent": st.booleans(),
            "attempts": st.integers(1, 2000),
            "elapsed": st.floats(0, 1e6),
            "jitter": chances,
        }
    ),
)
def test_any_wait_is_within_the_limits(error, policy, told):
    """Whatever the policy, a wait is never negative and never breaks a limit."""
    found = wait_before_retry(policy, error, **told)
    if found is not None:
        assert error.retryable
        assert told["attempts"] < policy.max_attempts
        assert found >= 0
        assert told["elapsed"] + found <= policy.max_seconds


def faulty(script, clock):
    """Return a transport that raises what is in *script*, then answers."""
    faults = iter(script)

    def answer(request):
        fault = next(faults, None)
        if isinstance(fault, Response):
            return fault
        if fault is not None:
            raise fault
        return reply([{"id": 7}])

    return MemoryTransport(answer, clock)


def send(script, clock, policy=POLICY, luck=1.0, **given):
    """Send one request through faults; give the transport and the outcome."""
    inner = faulty(script, clock)
    request = Request(method="GET", path="customers", **given)
    sent = Retry(inner, policy, clock, jitter=lambda: luck).send(request)
    try:
        return inner, asyncio.run(sent)
    except (
        StatusError,
        IncompleteResponse,
        ConnectError,
        RequestTimeout,
        TokenUnavailable,
    ) as error:
        return inner, error


def test_the_clock_waits_exactly(helpers):
    """The waits on the clock are those decided, in order, and no others."""
    clock = helpers.Clock()
    script = [
        ServerError(),
        Response(429, {"retry-after": "17"}),
        IncompleteResponse(),
        Response(503, {"retry-after": "0"}),
    ]
    inner, response = send(script, clock, luck=0.5)
    assert response.status == 200
    assert clock.slept == [0.25, 17.0, 1.0, 0.0]
    assert len(inner.requests) == 5
    assert len(set(map(id, inner.requests))) == 1


def test_retry_after_as_a_date(helpers):
    """A date in Retry-After is waited for, counted from the clock's own time."""
    clock = helpers.Clock()
    script = [Response(503, {"retry-after": "Tue, 14 Nov 2023 22:13:41 GMT"})]
    send(script, clock)
    assert clock.slept == [21.0]


@pytest.mark.parametrize(
    ("script", "attempts"),
    [
        ([ServerError()] * 9, 5),
        ([Response(500)] * 9, 5),
        ([ServerError(), NotFound()], 2),
        ([BadRequest()], 1),
        ([RateLimited(retry_after=121.0)], 1),
        ([IncompleteResponse(), RateLimited(retry_after=121.0)], 2),
    ],
)
def test_the_error_says_how_often(helpers, script, attempts):
    """The error that comes out says how often the request was sent."""
    inner, error = send(script, helpers.Clock())
    assert error.attempts == attempts == len(inner.requests)


def test_time_runs_out(helpers):
    """Retrying ends when the next wait would pass the time allowed."""
    clock = helpers.Clock()
    policy = RetryPolicy(max_attempts=99, max_seconds=100.0)
    _, error = send([RateLimited(retry_after=40.0) for _ in range(99)], clock, policy)
    assert isinstance(error, RateLimited)
    assert clock.slept == [40.0, 40.0]
    assert error.attempts == 3


def test_a_post_that_may_have_arrived(helpers):
    """A POST whose reply was lost is sent once; one that never left, again."""
    inner, error = send([IncompleteResponse()], helpers.Clock(), idempotent=False)
    assert (len(inner.requests), error.attempts) == (1, 1)
    inner, response = send([ConnectError()], helpers.Clock(), idempotent=False)
    assert (len(inner.requests), response.status) == (2, 200)


@given(st.lists(st.sampled_from(PASSING), max_size=4), chances)
def test_faults_leave_no_trace(helpers, script, luck):
    """With fewer faults than attempts, the answer is the one without faults."""
    clock = helpers.Clock()
    inner, response = send(script, clock, luck=luck)
    assert bytes(response.body) == b'[{"id":7}]'
    assert len(inner.requests) == len(script) + 1
    assert len(clock.slept) == len(script)


@given(st.lists(st.sampled_from(PASSING), min_size=5, max_size=9))
def test_too_many_faults(helpers, script):
    """With as many faults as attempts, the last fault comes out as it was."""
    inner, error = send(script, helpers.Clock())
    assert error is script[4]
    assert len(inner.requests) == 5


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, KeyError, OSError, SystemExit]
)
def test_what_is_none_of_our_errors_passes(helpers, error):
    """Cancelling, and errors that are not ours, go through at once."""

    async def main():
        inner = faulty([error()], helpers.Clock())
        clock = helpers.Clock()
        with pytest.raises(error):
            await Retry(inner, POLICY, clock).send(helpers.ask())
        assert len(inner.requests) == 1
        assert clock.slept == []

    asyncio.run(main())


def test_cancelled_while_waiting(helpers):
    """A task that is cancelled while it waits to retry sends nothing more."""

    class Endless(helpers.Clock):
        async def sleep(self, seconds):
            self.slept.append(seconds)
            await asyncio.Event().wait()

    async def main():
        clock = Endless()
        inner = faulty([ServerError()], clock)
        task = asyncio.create_task(Retry(inner, POLICY, clock).send(helpers.ask()))
        while not clock.slept:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(inner.requests) == 1

    asyncio.run(main())


def test_a_retry_is_logged(helpers, caplog):
    """Each wait is logged with the request, the reason and the seconds."""
    caplog.set_level(logging.WARNING)
    send([ServerError()], helpers.Clock())
    assert caplog.messages == ["GET customers: ServerError, again in 0.5 s"]


def deliver(script, clock, *, reducible, **policy):
    """Send a request through faults; return how often it was sent, and the outcome."""
    inner = faulty(script, clock)
    retry = Retry(inner, RetryPolicy(**policy), clock, jitter=lambda: 1.0)
    request = Request(method="GET", path="x", reducible=reducible)
    try:
        outcome = asyncio.run(retry.send(request))
    except (Sage200Error, AskForLess) as error:
        outcome = error
    return len(inner.requests), outcome


TOO_LARGE = [
    RequestTimeout(phase="read"),
    RequestTimeout(phase="total"),
    Response(504),
    Response(502),
    Response(503),
    ResponseTooLarge("16 GB"),
]


@pytest.mark.parametrize("fault", TOO_LARGE, ids=repr)
def test_what_is_too_large_is_handed_back(helpers, fault):
    """A page that times out is not sent again as it was: its sender asks for less."""
    clock = helpers.Clock()
    sent, outcome = deliver([fault], clock, reducible=True)
    assert (sent, type(outcome), outcome.attempts) == (1, AskForLess, 1)
    assert clock.slept == [0.5]  # the wait comes first


@pytest.mark.parametrize("fault", [IncompleteResponse(), ConnectError(), Response(429)])
def test_what_is_not_too_large_is_sent_as_it_was(helpers, fault):
    """A reset, a refusal or a 429 says nothing of the page's size."""
    sent, outcome = deliver([fault], helpers.Clock(), reducible=True)
    assert (sent, outcome.status) == (2, 200)


def test_after_a_reset_it_may_still_prove_too_large(helpers):
    """The attempts before are counted where a request is handed back."""
    faults = [IncompleteResponse(), Response(504)]
    sent, outcome = deliver(faults, helpers.Clock(), reducible=True)
    assert (sent, type(outcome), outcome.attempts) == (2, AskForLess, 2)


def test_what_cannot_be_smaller_is_sent_again(helpers):
    """A request that cannot be reduced is sent as often as the policy allows."""
    faults = [RequestTimeout(phase="read") for _ in range(99)]
    sent, error = deliver(faults, helpers.Clock(), reducible=False, max_attempts=3)
    assert (sent, type(error), error.attempts) == (3, RequestTimeout, 3)


def test_a_reply_that_is_too_large_and_cannot_be_smaller(helpers):
    """A reply past the limit is not requested again where it can be no smaller."""
    sent, error = deliver(
        [ResponseTooLarge("big")] * 9, helpers.Clock(), reducible=False
    )
    assert (sent, type(error)) == (1, ResponseTooLarge)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("fault", "unknown"),
    [
        (IncompleteResponse(), True),
        (RequestTimeout(phase="read"), True),
        (Response(504), True),
        (Response(500), True),
        (ConnectError(), False),
        (RequestTimeout(phase="connect"), False),
        (Response(400), False),
        (Response(404), False),
        (Response(429), False),
        (TokenRefused(), None),
    ],
    ids=repr,
)
def test_whether_a_write_was_done(helpers, method, fault, unknown):
    """A write whose reply was lost is reported as unknown, and says what to do."""
    clock, twice = helpers.Clock(), method in {"PUT", "DELETE"}
    inner = faulty([copy.copy(fault) for _ in range(9)], clock)
    request = helpers.ask(method=method, idempotent=twice or method == "GET")
    with pytest.raises(Sage200Error) as caught:
        asyncio.run(Retry(inner, POLICY, clock).send(request))
    error = caught.value
    notes = " ".join(getattr(error, "__notes__", []))
    if method == "GET" or not unknown:
        assert not getattr(error, "outcome_unknown", False)
        assert "may have been done" not in notes
    else:
        assert error.outcome_unknown
        assert ("safe to send it again" if twice else "look for it") in notes
        assert len(inner.requests) == (POLICY.max_attempts if twice else 1)


def test_a_write_that_was_lost_before_it_was_refused_a_connection(helpers):
    """A PUT whose first reply was lost stays unknown when the server then is gone."""
    clock = helpers.Clock()
    inner = faulty([IncompleteResponse(), *[ConnectError()] * 9], clock)
    with pytest.raises(ConnectError) as caught:
        asyncio.run(Retry(inner, POLICY, clock).send(helpers.ask(method="PUT")))
    assert caught.value.outcome_unknown


def test_the_whole_call_has_a_time_limit(helpers):
    """A call that takes too long ends in RequestTimeout, wherever it is, and says so."""

    async def main():
        class Silent:
            async def send(self, request):
                await asyncio.Event().wait()

        policy = RetryPolicy(call_seconds=0.02)
        for method, unknown in [("GET", False), ("POST", True)]:
            request = helpers.ask(method=method, idempotent=method == "GET")
            with pytest.raises(RequestTimeout, match=r"within 0\.02 s") as caught:
                await Retry(Silent(), policy, helpers.Clock()).send(request)
            assert (caught.value.phase, caught.value.attempts) == ("call", 1)
            assert caught.value.outcome_unknown is unknown

    asyncio.run(main())


def test_retries_are_reported(helpers):
    """Each retry is an event: what failed, how often, how long until the next."""
    events, heard, clock = Events(), [], helpers.Clock()
    events.subscribe(heard.append)
    inner = faulty([IncompleteResponse(), Response(504)], clock)
    retry = Retry(inner, POLICY, clock, events=events, jitter=lambda: 1.0)
    with pytest.raises(AskForLess):
        asyncio.run(retry.send(Request(method="GET", path="x", reducible=True)))
    kinds = [
        (each.error, each.attempts, each.delay, each.page_reduced) for each in heard
    ]
    assert kinds == [
        ("IncompleteResponse", 1, 0.5, False),
        ("ServerError", 2, 1.0, True),
    ]


def test_when_no_retry_is_left(helpers):
    """A retry whose turn would come too late is not waited for, and says why."""
    clock = helpers.Clock()
    budget = RetryBudget(0.001, clock)
    for _ in range(12):
        budget.take()
    inner = faulty([ServerError("down")] * 9, clock)
    with pytest.raises(ServerError) as caught:
        asyncio.run(Retry(inner, POLICY, clock, budget=budget).send(helpers.ask()))
    assert "retries that all requests of this client share" in caught.value.__notes__[0]
    assert len(inner.requests) == 1
