"""What a request is stamped with, and what happens after a 401."""

import asyncio

import pytest

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import TokenRefused, TokenUnavailable, Unauthorized
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

MINUTE = 60.0


def kept(tokens):
    """Give a store that holds *tokens*."""
    store = MemoryStore()
    asyncio.run(store.save(tokens))
    return store


async def outcomes(auth, request, count):
    """Send *count* times at once; give what came of each."""
    sent = (auth.send(request) for _ in range(count))
    return await asyncio.gather(*sent, return_exceptions=True)


def test_the_stamp(lab):
    """A request carries the token and keeps its own headers."""
    service = lab.Service(lab.Clock())
    auth, _ = service.auth()
    asyncio.run(auth.send(lab.ask(headers={"X-Site": "guid"})))
    assert service.headers == [
        {"X-Site": "guid", "authorization": "Bearer hush-access-0"}
    ]


def test_settings_seed_an_empty_store(lab):
    """Tokens of the settings go into an empty store before they are used."""
    service, store = lab.Service(lab.Clock()), MemoryStore()
    seed = Tokens("hush-access-0", "hush-refresh-0")
    auth, _ = service.auth(store, seed)
    asyncio.run(auth.send(lab.ask()))
    assert asyncio.run(store.load()) == seed
    assert service.bearers == ["hush-access-0"]


def test_the_store_wins_over_the_settings(lab):
    """Tokens in the store are used, whatever the settings hold."""
    service = lab.Service(lab.Clock())
    store = kept(Tokens("hush-access-0", "hush-refresh-0"))
    auth, _ = service.auth(store, Tokens("an old one", "an old one"))
    asyncio.run(auth.send(lab.ask()))
    assert service.bearers == ["hush-access-0"]
    assert asyncio.run(store.load()) == Tokens("hush-access-0", "hush-refresh-0")


def test_no_access_token_yet(lab):
    """With a refresh token alone, the first request is preceded by a refresh."""
    service = lab.Service(lab.Clock())
    auth, _ = service.auth(seed=Tokens("", "hush-refresh-0"))
    asyncio.run(auth.send(lab.ask()))
    assert service.bearers == ["hush-access-1"]
    assert service.asked == ["hush-refresh-0"]


def test_fifty_tasks_meet_an_expired_token(lab):
    """Fifty tasks meet an expired token: one refresh, and all succeed."""
    service = lab.Service(lab.Clock())
    service.expire()
    auth, _ = service.auth()
    replies = asyncio.run(outcomes(auth, lab.ask(), 50))
    assert {each.status for each in replies} == {200}
    assert service.asked == ["hush-refresh-0"]
    assert service.bearers == ["hush-access-0"] * 50 + ["hush-access-1"] * 50


def test_late_401s_cost_nothing(lab):
    """A 401 to a token that has been replaced meanwhile starts no refresh."""

    async def main():
        service = lab.Service(lab.Clock())
        auth, keeper = service.auth()
        old = await keeper.current()
        service.expire()
        await auth.send(lab.ask())
        for _ in range(20):
            assert keeper.should_refresh(old.generation)
            stamp = await keeper.renew(old.generation)
            assert stamp.tokens.access_token == "hush-access-1"
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_a_post_goes_again_after_a_401(lab):
    """A 401 means that nothing was done, so that a POST goes again too."""
    service = lab.Service(lab.Clock())
    service.expire()
    auth, _ = service.auth()
    request = lab.ask(method="POST", body=b"{}", idempotent=False)
    assert asyncio.run(auth.send(request)).status == 200
    assert len(service.bearers) == 2


def test_a_refused_refresh_is_one_clear_error_in_all(lab):
    """A dead refresh token raises `TokenRefused` in all fifty, after one request."""
    service = lab.Service(lab.Clock())
    service.expire()
    service.refresh = "another"
    auth, _ = service.auth()
    errors = asyncio.run(outcomes(auth, lab.ask(), 50))
    assert {type(each) for each in errors} == {TokenRefused}
    assert len({str(each) for each in errors}) == 1
    assert "invalid_grant: Unknown or used." in str(errors[0])
    assert "sign in again" in str(errors[0])
    assert len(set(map(id, errors))) == 50
    assert service.asked == ["hush-refresh-0"]


def test_a_refused_refresh_token_is_not_tried_again(lab):
    """A refresh token that was refused is not asked with again; a new one is."""

    async def main():
        service, store = lab.Service(lab.Clock()), MemoryStore()
        service.expire()
        service.refresh = "another"
        auth, _ = service.auth(store)
        for _ in range(5):
            with pytest.raises(TokenRefused, match="invalid_grant"):
                await auth.send(lab.ask())
        assert service.asked == ["hush-refresh-0"]
        await store.save(Tokens("", "another"))
        assert (await auth.send(lab.ask())).status == 200
        assert service.asked == ["hush-refresh-0", "another"]

    asyncio.run(main())


def test_a_401_that_survives_a_refresh(lab):
    """A 401 with a fresh token says what to check, and that it is not the token."""
    service = lab.Service(lab.Clock())
    service.forbids = True
    auth, _ = service.auth()
    with pytest.raises(Unauthorized, match="check site, company") as caught:
        asyncio.run(auth.send(lab.ask()))
    assert caught.value.__notes__ == [
        "the token was refreshed just now: it is not the token"
    ]
    assert service.bearers == ["hush-access-0", "hush-access-1"]


def test_further_401s_do_not_refresh_within_a_minute(lab):
    """A hundred 401s after one that survived a refresh start none; a minute on, one."""

    async def main():
        service = lab.Service(lab.Clock())
        service.forbids = True
        auth, _ = service.auth()
        for _ in range(100):
            with pytest.raises(Unauthorized):
                await auth.send(lab.ask())
        assert len(service.asked) == 1
        await service.clock.sleep(MINUTE + 1)
        errors = await outcomes(auth, lab.ask(), 100)
        assert {type(each) for each in errors} == {Unauthorized}
        assert len(service.asked) == 2

    asyncio.run(main())


def test_overlapping_401s_do_not_refresh_in_turn(lab):
    """Requests that overlap and all meet 401 do not start a refresh each."""

    async def main():
        async def uneven(_):
            await lab.turns(next(waits, 0))

        # Each request's second answer comes after the next one's first.
        waits = iter([0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9])
        service = lab.Service(lab.Clock(), uneven)
        service.forbids = True
        auth, _ = service.auth()
        tasks = []
        for _ in range(20):
            tasks.append(asyncio.create_task(auth.send(lab.ask())))
            await lab.turns(6)
        await asyncio.wait(tasks)
        assert {type(each.exception()) for each in tasks} == {Unauthorized}
        assert len(service.asked) <= 3  # of the 20 that a turn each would be

    asyncio.run(main())


def test_no_refresh_token(lab):
    """An access token alone that draws a 401 raises with advice; nothing is asked."""
    service = lab.Service(lab.Clock())
    service.expire()
    auth, _ = service.auth(seed=Tokens("hush-access-0"))
    with pytest.raises(Unauthorized, match="token has expired, or the site"):
        asyncio.run(auth.send(lab.ask()))
    assert (len(service.bearers), service.asked) == (1, [])


def test_no_token_at_all(lab):
    """Without any token nothing is sent."""
    service = lab.Service(lab.Clock())
    auth, _ = service.auth(seed=Tokens())
    with pytest.raises(TokenRefused, match="no refresh token: sign in"):
        asyncio.run(auth.send(lab.ask()))
    assert (service.bearers, service.asked) == ([], [])


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(500),
        lambda: Response(503, {}, b"<html>"),
        lambda: Response(429, {"retry-after": "1"}),
        lambda: Response(408),
        lambda: Response(403, {}, b"<html>Blocked by a proxy"),
        lambda: Response(404),
        lambda: Response(302, {"location": "https://elsewhere.example"}),
        lambda: Response(200, {}, b""),
        lambda: Response(200, {}, b"\xff"),
        lambda: reply({"token_type": "Bearer"}),
        lambda: reply({"access_token": ""}),
        lambda: reply(["access_token"]),
    ],
)
def test_the_endpoint_is_out_of_order(lab, answer):
    """An endpoint that fails is unavailable, not a refusal: it is asked again."""
    service = lab.Service(lab.Clock())
    service.expire()
    auth, _ = service.auth()
    service.token_reply = answer
    with pytest.raises(TokenUnavailable, match="token endpoint") as caught:
        asyncio.run(auth.send(lab.ask()))
    assert caught.value.retryable
    service.token_reply = None
    assert asyncio.run(auth.send(lab.ask())).status == 200
    assert service.asked == ["hush-refresh-0", "hush-refresh-0"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, "invalid_grant"), (400, "invalid_request"), (401, "invalid_client")],
)
def test_the_endpoint_says_no(lab, status, error):
    """A refusal in OAuth's words is final, and its words are in the message."""
    service = lab.Service(lab.Clock())
    service.expire()
    service.token_reply = lambda: reply({"error": error}, status)
    auth, _ = service.auth()
    with pytest.raises(TokenRefused, match=error) as caught:
        asyncio.run(auth.send(lab.ask()))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "brought",
    [
        {},
        {"refresh_token": None, "expires_in": None},
        {"refresh_token": "", "expires_in": "28800"},
        {"expires_in": 28800.0, "scope": "offline_access", "id_token": None},
    ],
)
def test_sparing_token_replies(lab, brought):
    """Without a new refresh token the old one stands; without a life, 480 minutes."""
    service, store = lab.Service(lab.Clock()), MemoryStore()
    service.expire()

    def renew():
        service.access = "hush-access-9"
        return reply({"access_token": "hush-access-9", **brought})

    service.token_reply = renew
    auth, _ = service.auth(store)
    assert asyncio.run(auth.send(lab.ask())).status == 200
    now = service.clock.now()
    tokens = Tokens("hush-access-9", "hush-refresh-0", now + 28_800, now)
    assert asyncio.run(store.load()) == tokens
