"""Whatever the token endpoint answers: tokens, or an error after which it heals."""

import asyncio
import json
import unicodedata

import pytest
from answering import SETTINGS, Answer, AnsweringServer, FakeClock
from bodies import ERROR_OBJECTS, PAGES, STATUSES, sent
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import Sage200Error, TokenError, TokenRefused

VALUES = st.sampled_from(
    [
        '"hush-access-1"',
        '""',
        "null",
        "5",
        "{}",
        '"hush-a\\r\\nX-Company: 8"',
        '"hush-\\u0000"',
        '"hush-\\ud83d\\udca5"',
        r'"hush-\ud800"',
        '"hush-' + "x" * 20_000 + '"',
        "28800",
        '"3600"',
        "-1",
        "0",
        "1E999999999",
        "9" * 400,
        "NaN",
    ]
)
TOKENS = st.lists(
    st.tuples(
        st.sampled_from(["access_token", "refresh_token", "expires_in", "token_type"]),
        VALUES,
    ),
    max_size=4,
).map(lambda pairs: "{" + ",".join(f'"{name}":{text}' for name, text in pairs) + "}")
REFUSALS = st.sampled_from(
    ["invalid_grant", "invalid_client", "temporarily_unavailable", "server_error", "", "x" * 3_000]
).map(lambda code: json.dumps({"error": code, "error_description": "\x1b[31m" + "d" * 3_000}))  # fmt: skip
BODIES = st.one_of(
    TOKENS.map(str.encode),
    TOKENS.map(lambda text: b"\xef\xbb\xbf" + text.encode()),
    REFUSALS.map(str.encode),
    ERROR_OBJECTS.map(str.encode),
    st.sampled_from(PAGES),
)
ANSWERS = STATUSES.flatmap(
    lambda status: BODIES.flatmap(lambda body: sent(body, status=status))
)
GOOD = Answer(
    200,
    json.dumps(
        {
            "access_token": "hush-access-9",
            "refresh_token": "hush-refresh-9",
            "expires_in": 28_800,
        }
    ).encode(),
)
NO_GZIP = Answer(
    500,
    b'{"access_token":"hush-access-1"}',
    headers=(("Content-Encoding", b"gzip"),),
    foreign=True,
)
# An error whose body is read as far as it can be: what stopped it is not raised.
CUSTOMERS = Answer(200, b'{"id":5,"name":"Real"}')
HOUR = 3_600
LIFE = 28_800


async def outcome_of(client):
    """Return a customer's name, or an error of ours."""
    try:
        return (await client.customers.get(5)).name
    except Sage200Error as error:
        return error


def require_short_and_clean(error):
    text = str(error)
    assert len(text) < 2_000
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs"}
    assert "hush-" not in text


async def run(script):
    """Return what happens while the endpoint answers so, and once it works again."""
    clock, store = FakeClock(), MemoryStore()
    async with (
        asyncio.timeout(60),
        AnsweringServer(script) as tokens,
        AnsweringServer([CUSTOMERS]) as api,
    ):
        changed = replace(
            SETTINGS,
            base_url=api.url,
            token_url=tokens.url,
            access_token="",
            token_store=store,
        )
        async with Sage200Client(changed, clock=clock) as client:
            first = await outcome_of(client)
            asked = len(tokens.methods)
            tokens.script[:] = [GOOD]
            clock.time += HOUR + LIFE
            return first, await outcome_of(client), asked, await store.load()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(script=st.lists(ANSWERS, min_size=1, max_size=3))
@example([Answer(200, b'\xef\xbb\xbf{"access_token":"hush-access-1"}')])
@example([NO_GZIP])
def test_every_answer_of_the_token_endpoint(script):
    """It is a token or a `TokenError`, and once the endpoint works, so do requests."""
    first, second, asked, stored = asyncio.run(run(script))
    assert asked <= SETTINGS.max_attempts
    if first != "Real":
        assert isinstance(first, TokenError)
        require_short_and_clean(first)
    if isinstance(first, TokenRefused):
        assert isinstance(second, TokenRefused)
        assert stored.refresh_token == SETTINGS.refresh_token
    else:
        assert second == "Real"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_before_tokens_is_read_over(mark):
    """Some gateways write one, though RFC 8259 (8.1) forbids it."""
    first, *_ = asyncio.run(run([Answer(200, mark + GOOD.body)]))
    assert first == "Real"
