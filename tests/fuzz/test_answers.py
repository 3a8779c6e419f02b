"""Whatever a server answers: the right record, or a truthful error.

The server knows which writes it has carried out, and it is never asked to lie beyond
what no client can see: it does not send the right record for a write that it left undone.
"""

import pytest
from answering import Answer
from bodies import answers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operations import (
    OPERATIONS,
    VERBS,
    Operation,
    outcome_of,
    require_short_and_clean,
    texts_of,
)

from sage200_async.errors import BadRequest


@st.composite
def cases(draw, verb):
    """A verb of some resource, and one to three answers to it."""
    choices = [operation for operation in OPERATIONS if operation.verb == verb]
    operation = draw(st.sampled_from(choices))
    return operation, draw(st.lists(answers(operation), min_size=1, max_size=3))


def value_in(record, name):
    return record.get(name) if isinstance(record, dict) else getattr(record, name)


def require_right(operation, outcome):
    """Check a result: it is what the answer shows, and of the record asked for."""
    if operation.verb == "delete":
        return
    assert not outcome.used[-1].foreign
    if operation.verb == "count":
        assert type(outcome.result) is int
        return
    results = outcome.result if isinstance(outcome.result, list) else [outcome.result]
    asked = operation.verb in {"get", "update"} and "id" in dict(operation.right)
    for record in results:
        if record is None:
            assert operation.verb == "list"  # an empty list
        elif asked:
            assert str(value_in(record, "id")) == "5"


def require_truth_about_a_write(operation, outcome):
    """Check what is said of a write against what the server did."""
    did = outcome.server.did
    if outcome.error is None:
        gone = any(answer.status == 404 for answer in outcome.used)
        assert did or (operation.verb == "delete" and gone)
        return
    unknown = getattr(outcome.error, "outcome_unknown", False)
    if did:
        assert unknown or "the update was done" in " ".join(texts_of(outcome.error))
    elif all(
        answer.refuses and answer.is_readable and answer.ends == "keep"
        for answer in outcome.used
    ):
        assert not unknown


def check(operation, script):
    outcome = outcome_of(operation, script)
    if outcome.error is None:
        require_right(operation, outcome)
    else:
        require_short_and_clean(outcome.error)
        first = script[0]
        assert not (first.right and first.is_readable and not first.foreign)
    if operation.writes:
        require_truth_about_a_write(operation, outcome)
    assert all(0 <= seconds <= 300 for seconds in outcome.slept)
    assert sum(outcome.slept) <= 300


@pytest.mark.parametrize("verb", VERBS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_answer_is_the_right_record_or_a_truthful_error(verb, data):
    """Whatever comes, the outcome is the right record or a truthful error."""
    check(*data.draw(cases(verb)))


LIAR = (("Content-Encoding", b"gzip"),)
FOUND = {
    "a refusal whose body claims to be gzip": Answer(400, b"<html>", LIAR),
    "a refusal whose body is cut": Answer(400, b"{}", framing="short", then="close"),
    "a redirect after a write that was done": Answer(303, b"", done=True),
    "a status of no known class, and a write that was done": Answer(
        999, b"", done=True
    ),
    "a body longer than it says": Answer(200, b"[" * 5_000, done=True, framing="long"),
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("verb", ["create", "delete", "update"])
def test_what_the_fuzzer_found(verb, name):
    """All of these once ended wrongly."""
    operation = Operation("customers", verb, (("id", 5), ("name", "Real")))
    check(operation, [FOUND[name], Answer(400)])


@pytest.mark.parametrize("headers", [(), LIAR])
@pytest.mark.parametrize("framing", ["length", "short"])
def test_a_status_is_known_though_its_body_cannot_be_read(headers, framing):
    """A refusal whose body is cut or no gzip is a refusal: not sent again, not unknown."""
    answer = Answer(400, b"No.", headers, framing=framing)
    customer = Operation("customers", "update", (("id", 5), ("name", "Real")))
    outcome = outcome_of(customer, [answer])
    assert isinstance(outcome.error, BadRequest)
    assert not outcome.error.outcome_unknown
    assert outcome.server.methods == ["PUT"]
