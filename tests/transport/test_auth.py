"""The token that a request carries, and what happens after a 401."""

import asyncio

import pytest

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import TokenRefused, TokenUnavailable, Unauthorized
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

MINUTE = 60.0


def store_with(tokens):
    """Return a store that holds *tokens*."""
    store = MemoryStore()
    asyncio.run(store.save(tokens))
    return store


async def outcomes(auth, request, count):
    """Send *request* *count* times at once; return the responses and errors."""
    calls = (auth.send(request) for _ in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)


def test_the_authorization_header(helpers):
    """A request carries the token, and its own headers."""
    service = helpers.Service(helpers.Clock())
    auth, _ = service.auth()
    asyncio.run(auth.send(helpers.ask(headers={"X-Site": "guid"})))
    assert service.headers == [
        {"X-Site": "guid", "authorization": "Bearer hush-access-0"}
    ]


def test_settings_seed_an_empty_store(helpers):
    """Tokens of the settings are saved to an empty store before they are used."""
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    seed = Tokens("hush-access-0", "hush-refresh-0")
    auth, _ = service.auth(store, seed)
    asyncio.run(auth.send(helpers.ask()))
    assert asyncio.run(store.load()) == seed
    assert service.bearers == ["hush-access-0"]


def test_the_store_takes_precedence_over_the_settings(helpers):
    """Tokens in the store are used even if the settings have others."""
    service = helpers.Service(helpers.Clock())
    store = store_with(Tokens("hush-access-0", "hush-refresh-0"))
    auth, _ = service.auth(store, Tokens("an old one", "an old one"))
    asyncio.run(auth.send(helpers.ask()))
    assert service.bearers == ["hush-access-0"]
    assert asyncio.run(store.load()) == Tokens("hush-access-0", "hush-refresh-0")


def test_no_access_token_yet(helpers):
    """With only a refresh token, a refresh comes before the first request."""
    service = helpers.Service(helpers.Clock())
    auth, _ = service.auth(seed=Tokens("", "hush-refresh-0"))
    asyncio.run(auth.send(helpers.ask()))
    assert service.bearers == ["hush-access-1"]
    assert service.asked == ["hush-refresh-0"]


def test_fifty_tasks_with_an_expired_token(helpers):
    """Fifty tasks with an expired token cost one refresh, and all succeed."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    auth, _ = service.auth()
    responses = asyncio.run(outcomes(auth, helpers.ask(), 50))
    assert {response.status for response in responses} == {200}
    assert service.asked == ["hush-refresh-0"]
    assert service.bearers == ["hush-access-0"] * 50 + ["hush-access-1"] * 50


def test_late_401s_cost_nothing(helpers):
    """A 401 for a token that has since been replaced starts no refresh."""

    async def main():
        service = helpers.Service(helpers.Clock())
        auth, manager = service.auth()
        old = await manager.current()
        service.expire()
        await auth.send(helpers.ask())
        for _ in range(20):
            assert not manager.is_current(old)
            version = await manager.refresh(old.generation)
            assert version.tokens.access_token == "hush-access-1"
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_a_post_is_repeated_after_a_401(helpers):
    """A POST is repeated after a 401, which means that nothing was done."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    auth, _ = service.auth()
    request = helpers.ask(method="POST", body=b"{}", idempotent=False)
    assert asyncio.run(auth.send(request)).status == 200
    assert len(service.bearers) == 2


def test_a_refused_refresh_raises_in_all_tasks(helpers):
    """An invalid refresh token raises `TokenRefused` in all tasks, after one request."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    service.refresh = "another"
    auth, _ = service.auth()
    errors = asyncio.run(outcomes(auth, helpers.ask(), 50))
    assert {type(error) for error in errors} == {TokenRefused}
    assert len({str(error) for error in errors}) == 1
    assert "invalid_grant: Unknown or used." in str(errors[0])
    assert "sign in again" in str(errors[0])
    assert len(set(map(id, errors))) == 50
    assert service.asked == ["hush-refresh-0"]


def test_a_refused_refresh_token_is_not_tried_again(helpers):
    """A refused refresh token is not sent again; a new one is."""

    async def main():
        service, store = helpers.Service(helpers.Clock()), MemoryStore()
        service.expire()
        service.refresh = "another"
        auth, _ = service.auth(store)
        for _ in range(5):
            with pytest.raises(TokenRefused, match="invalid_grant"):
                await auth.send(helpers.ask())
        assert service.asked == ["hush-refresh-0"]
        await store.save(Tokens("", "another"))
        assert (await auth.send(helpers.ask())).status == 200
        assert service.asked == ["hush-refresh-0", "another"]

    asyncio.run(main())


def test_a_401_that_survives_a_refresh(helpers):
    """A 401 after a refresh names what to check, and rules out the token."""
    service = helpers.Service(helpers.Clock())
    service.forbids = True
    auth, _ = service.auth()
    with pytest.raises(Unauthorized, match="check site, company") as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert caught.value.__notes__ == [
        "the token was refreshed just now: it is not the token"
    ]
    assert service.bearers == ["hush-access-0", "hush-access-1"]


def test_further_401s_do_not_refresh_within_a_minute(helpers):
    """After a 401 that survived a refresh, further ones start none for a minute."""

    async def main():
        service = helpers.Service(helpers.Clock())
        service.forbids = True
        auth, _ = service.auth()
        for _ in range(100):
            with pytest.raises(Unauthorized):
                await auth.send(helpers.ask())
        assert len(service.asked) == 1
        await service.clock.sleep(MINUTE + 1)
        errors = await outcomes(auth, helpers.ask(), 100)
        assert {type(error) for error in errors} == {Unauthorized}
        assert len(service.asked) == 2

    asyncio.run(main())


def test_overlapping_401s_do_not_refresh_in_turn(helpers):
    """Overlapping requests that all get a 401 do not start a refresh each."""

    async def main():
        async def uneven(_):
            await helpers.turns(next(waits, 0))

        # Each request's second answer comes after the next one's first.
        waits = iter([0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9])
        service = helpers.Service(helpers.Clock(), uneven)
        service.forbids = True
        auth, _ = service.auth()
        tasks = []
        for _ in range(20):
            tasks.append(asyncio.create_task(auth.send(helpers.ask())))
            await helpers.turns(6)
        await asyncio.wait(tasks)
        assert {type(task.exception()) for task in tasks} == {Unauthorized}
        assert len(service.asked) <= 3  # not 20

    asyncio.run(main())


def test_no_refresh_token(helpers):
    """A 401 without a refresh token raises with advice, and asks for no token."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    auth, _ = service.auth(seed=Tokens("hush-access-0"))
    with pytest.raises(Unauthorized, match="token has expired, or the site"):
        asyncio.run(auth.send(helpers.ask()))
    assert (len(service.bearers), service.asked) == (1, [])


def test_no_token_at_all(helpers):
    """Without any token nothing is sent, and the error explains how to sign in."""
    service = helpers.Service(helpers.Clock())
    auth, _ = service.auth(seed=Tokens())
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert str(caught.value) == (
        "Not signed in. Run `sage200 login` (`sage200 init` the first time), or set "
        "SAGE200_REFRESH_TOKEN."
    )
    assert caught.value.reason == ""
    assert (service.bearers, service.asked) == ([], [])


@pytest.mark.parametrize(
    "response",
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
        lambda: Response(200, {}, b'{"a":' * 100_000),
        lambda: reply({"error": "temporarily_unavailable"}, 400),
        lambda: reply({"error": "server_error"}, 400),
        lambda: reply({"error": "invalid_request"}, 400),
        lambda: reply({"error": "access_denied"}, 403),
        lambda: reply({"error": "too_many_attempts"}, 403),
        lambda: reply({"error": "Not Found"}, 404),
        lambda: reply({"error": "invalid_grant"}, 408),
        lambda: reply({"error": "invalid_grant"}, 429),
        lambda: reply({"error": "invalid_client"}, 503),
        lambda: reply({"error": {"code": "invalid_grant"}}, 400),
        lambda: reply("invalid_grant", 400),
    ],
)
def test_the_endpoint_fails(helpers, response):
    """An endpoint that fails is no refusal: it is asked again after a pause."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    auth, _ = service.auth()
    service.token_response = response
    with pytest.raises(TokenUnavailable, match="token endpoint") as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert caught.value.retryable
    service.token_response = None
    asyncio.run(service.clock.sleep(caught.value.retry_after))
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    assert service.asked == ["hush-refresh-0", "hush-refresh-0"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, "invalid_grant"),
        (400, "invalid_grant"),
        (401, "invalid_client"),
        (401, "access_denied"),
        (400, "unauthorized_client"),
    ],
)
@pytest.mark.parametrize("description", ["Unknown.", None, 7, {"text": "Unknown."}])
def test_the_endpoint_refuses(helpers, status, error, description):
    """A token or a client that is refused is final, and the message has the code."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    body = {"error": error, "error_description": description}
    service.token_response = lambda: reply(body, status)
    auth, _ = service.auth()
    with pytest.raises(TokenRefused, match=error) as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert not caught.value.retryable
    assert caught.value.reason == error


def test_an_unavailable_endpoint_says_why(helpers):
    """What the endpoint gave as its reason is in the error, on one line."""
    service = helpers.Service(helpers.Clock())
    service.expire()
    body = {"error": "temporarily_unavailable", "error_description": "at\nwork"}
    service.token_response = lambda: reply(body, 400)
    auth, _ = service.auth()
    with pytest.raises(TokenUnavailable) as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert str(caught.value) == (
        "The token endpoint responded with status 400 (temporarily_unavailable: at work)"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"refresh_token": None, "expires_in": 28800},
        {"refresh_token": "", "expires_in": "28800"},
        {"expires_in": 28800.0, "scope": "offline_access", "id_token": None},
    ],
)
def test_optional_fields_of_a_token_response(helpers, fields):
    """Without a refresh token the old one is kept; without a life none is assumed."""
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    service.expire()

    def refresh():
        service.access = "hush-access-9"
        return reply({"access_token": "hush-access-9", **fields})

    service.token_response = refresh
    auth, _ = service.auth(store)
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    now = service.clock.now()
    end = now + 28_800 if "expires_in" in fields else None
    tokens = Tokens("hush-access-9", "hush-refresh-0", end, now)
    assert asyncio.run(store.load()) == tokens


UNREADABLE = ["soon", None, -5, 0, True, {}, [3600], "", "nan", "inf", 1e300, 10**400]


@pytest.mark.parametrize("life", UNREADABLE, ids=repr)
def test_a_life_that_cannot_be_read_costs_no_token(helpers, life):
    """Tokens whose life cannot be read are stored, with an unknown expiry."""
    service, store = helpers.Service(helpers.Clock()), MemoryStore()
    service.life = life
    service.expire()
    auth, _ = service.auth(store)
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    now = service.clock.now()
    tokens = Tokens("hush-access-1", "hush-refresh-1", None, now)
    assert asyncio.run(store.load()) == tokens
    service.life = 28_800
    service.expire()
    assert asyncio.run(auth.send(helpers.ask())).status == 200
