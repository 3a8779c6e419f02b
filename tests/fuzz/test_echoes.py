"""A server may send back what it was sent: no error repeats a secret."""

import pytest
from answering import Answer
from operations import OPERATIONS, VERBS, outcome_of, require_short_and_clean

ECHOES = [
    b'{"Message":"The token hush-access-0 is not valid."}',
    b'{"error":{"message":"Bearer hush-access-0"}}',
    b"<Error><Message>hush-key</Message></Error>",
    b"hush-access-0",
    b'{"id":"hush-access-0","name":"hush-key"}',
    b'[{"id":5,"hush-access-0":1}]',
    b'{"ModelState":{"hush-key":["no"]},"Message":"x"}',
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("body", ECHOES)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_no_error_repeats_a_secret(verb, body, status):
    """A server may send back what it was sent: the token, and the subscription key."""
    [operation, *_] = [entry for entry in OPERATIONS if entry.verb == verb]
    echo = (("X-Request-Id", b"hush-access-0"),)
    outcome = outcome_of(operation, [Answer(status, body, echo)])
    if outcome.error is not None:
        require_short_and_clean(outcome.error)
