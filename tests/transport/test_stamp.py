"""When a request gets its token, and what a 401 of one company means for others."""

import asyncio

import pytest

from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.auth.token_endpoint import token_refresher
from sage200_async.auth.token_manager import TokenManager
from sage200_async.errors import Unauthorized
from sage200_async.transport.auth import Auth, Bearer
from sage200_async.transport.throttle import Throttle

MINUTE = 60.0
LIFE = 28_800.0


def stack(helpers, service, limit, store=None):
    """Return the policy with a queue for *limit* requests, and its token manager."""
    seed = Tokens("hush-access-0", "hush-refresh-0")
    refresher = token_refresher(helpers.settings, service, service.clock)
    manager = TokenManager(store or MemoryStore(), seed, refresher, service.clock)
    throttle = Throttle(Bearer(service, manager), limit)
    return Auth(throttle, manager, service.clock), manager


def of_company(helpers, number):
    """Return a request about one company."""
    return helpers.ask(headers={"X-Site": "guid", "X-Company": str(number)})


def forbid(*numbers):
    """Return a function that forbids the requests about some companies."""
    names = {str(number) for number in numbers}
    return lambda request: request.headers.get("X-Company") in names


def test_the_token_is_put_in_after_the_queue(helpers):
    """A token that expires while a request is queued is not the one it carries."""

    async def main():
        async def slow(_):
            await service.clock.sleep(MINUTE)

        service, store = helpers.Service(helpers.Clock(), slow), MemoryStore()
        now = service.clock.now()
        await store.save(Tokens("hush-access-0", "hush-refresh-0", now + 30, now))
        auth, _ = stack(helpers, service, 1, store)
        await asyncio.gather(auth.send(helpers.ask()), auth.send(helpers.ask()))
        assert service.bearers == ["hush-access-0", "hush-access-1"]
        assert service.asked == ["hush-refresh-0"]

    asyncio.run(main())


def test_a_request_that_waits_for_a_refresh_leaves_its_place(helpers):
    """A 401 of one company holds up nobody whose token works, though the refresh hangs."""

    async def main():
        async def hangs(_):
            service.asked.append("hush-refresh-0")
            await asyncio.Event().wait()

        service = helpers.Service(helpers.Clock())
        service.forbids = forbid(8)
        service._token = hangs
        auth, _ = stack(helpers, service, 1)
        waiting = asyncio.create_task(auth.send(of_company(helpers, 8)))
        while not service.asked:
            await asyncio.sleep(0)
        for _ in range(5):
            assert (await auth.send(of_company(helpers, 7))).status == 200
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])

    asyncio.run(main())


class ShortLived:
    """Tokens of two seconds, and requests that take their time on the way."""

    def __init__(self, helpers, ways):
        self.service = helpers.Service(helpers.Clock(), life=2)
        self.ways = iter(ways)
        self.issued_at = {}
        self.service._api = self._api(self.service._api)

    def _api(self, inner):
        async def send(request):
            await self.service.clock.sleep(next(self.ways, 0))
            bearer = request.headers["authorization"].removeprefix("Bearer ")
            now = self.service.clock.now()
            issued_at = self.issued_at.setdefault(bearer, now)
            self.service.forbids = now - issued_at >= 2
            return await inner(request)

        return send

    def expires_on_its_way(self):
        """Note when the token that comes next was issued, as the server sees it."""
        self.issued_at["hush-access-1"] = self.service.clock.now()


def test_a_token_that_expires_on_its_way(helpers):
    """A fresh token that expires between the queue and the server is not blamed."""
    short = ShortLived(helpers, [0, 3, 0])
    service = short.service
    service.expire()
    short.expires_on_its_way()
    auth, _ = stack(helpers, service, 1)
    assert asyncio.run(auth.send(helpers.ask())).status == 200
    names = ["hush-access-0", "hush-access-1", "hush-access-2"]
    assert service.bearers == names


def test_tokens_that_always_expire_on_their_way(helpers):
    """If every token comes too late, the 401 is raised, and nothing is remembered."""
    short = ShortLived(helpers, [3] * 100)
    service = short.service
    service.expire()
    for number in range(1, 9):
        short.issued_at[f"hush-access-{number}"] = 0.0
    auth, _ = stack(helpers, service, 1)
    with pytest.raises(Unauthorized) as caught:
        asyncio.run(auth.send(helpers.ask()))
    assert not getattr(caught.value, "__notes__", [])
    assert len(service.bearers) == 4
    assert auth._useless == {}


def test_one_company_does_not_stop_healing_for_others(helpers):
    """After a company's 401 that survived a refresh, others still refresh after theirs."""

    async def main():
        service = helpers.Service(helpers.Clock())
        service.forbids = forbid(8)
        auth, _ = service.auth()
        with pytest.raises(Unauthorized, match="check site, company"):
            await auth.send(of_company(helpers, 8))
        assert len(service.asked) == 1
        service.expire()
        for request in (of_company(helpers, 7), helpers.ask(), of_company(helpers, 9)):
            assert (await auth.send(request)).status == 200
        assert len(service.asked) == 2
        with pytest.raises(Unauthorized):
            await auth.send(of_company(helpers, 8))
        assert len(service.asked) == 2

    asyncio.run(main())


def test_the_same_number_at_another_site(helpers):
    """A company is its site and its number."""
    service = helpers.Service(helpers.Clock())
    service.forbids = lambda request: request.headers["X-Site"] == "guid"
    auth, _ = service.auth()
    with pytest.raises(Unauthorized):
        asyncio.run(auth.send(of_company(helpers, 7)))
    service.expire()
    other = helpers.ask(headers={"X-Site": "another", "X-Company": "7"})
    assert asyncio.run(auth.send(other)).status == 200


def test_what_was_learned_of_companies_is_forgotten(helpers):
    """However many companies refuse, only those of the last minute are remembered."""

    async def main():
        service = helpers.Service(helpers.Clock())
        service.forbids = True
        auth, _ = service.auth()
        for number in range(200):
            with pytest.raises(Unauthorized):
                await auth.send(of_company(helpers, number))
            await service.clock.sleep(1)
        assert len(auth._useless) <= MINUTE + 1

    asyncio.run(main())


def test_a_new_token_deserves_a_second_try(helpers):
    """A 401 for a token that was just refreshed is tried once more before a refresh."""

    async def main():
        service = helpers.Service(helpers.Clock())
        service.expire()
        auth, _ = service.auth()
        await auth.send(helpers.ask())
        refusals = iter([True])
        service.forbids = lambda _: next(refusals, False)
        assert (await auth.send(helpers.ask())).status == 200
        assert len(service.asked) == 1
        service.expire()
        assert (await auth.send(helpers.ask())).status == 200
        assert len(service.asked) == 2

    asyncio.run(main())
