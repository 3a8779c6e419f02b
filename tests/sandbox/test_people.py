"""A service in which several people are signed in: one pool, tokens of their own."""

import asyncio

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import MemoryStore, Tokens
from sage200_async.errors import ClientClosed, SettingsError, TokenRefused
from sage200_async.events import TokenRefreshed
from sage200_async.sandbox import Behaviour, Sandbox

RECORDS = {"customers": 20}


async def signed_in(sandbox):
    """Return the store of a person who has just signed in."""
    store = MemoryStore()
    await store.save(Tokens(refresh_token=sandbox.settings.refresh_token))
    return store


async def names(client):
    return [row.id async for row in client.customers.select("id").top(3)]


def bearers_of(client):
    """Return the access token that a client sends."""
    return client._token_manager._tokens.access_token


def test_two_people_share_a_pool_and_no_token():
    """Each reads with a token of their own, over the same connections."""

    async def main():
        async with Sandbox(records=RECORDS) as sandbox:
            stores = [await signed_in(sandbox) for _ in range(2)]
            async with Sage200Client(sandbox.settings) as client:
                people = [client.with_tokens(store) for store in stores]
                everybody = [client, *people]
                rows = [await names(person) for person in everybody]
                tokens = {bearers_of(person) for person in everybody}
                return (
                    rows,
                    tokens,
                    sandbox.connections,
                    [await s.load() for s in stores],
                )

    rows, tokens, connections, stored = asyncio.run(main())
    assert rows[0] == rows[1] == rows[2]
    assert len(tokens) == 3
    assert connections == 1
    assert [person.access_token for person in stored] == list(
        dict.fromkeys(person.access_token for person in stored)
    )
    assert {person.access_token for person in stored} < tokens


def test_a_person_who_is_signed_out_is_nobody_elses_trouble():
    """A refused refresh token is that person's; the others read on."""

    async def main():
        gone = MemoryStore()
        await gone.save(Tokens(refresh_token="hush-unknown"))
        async with (
            Sandbox(records=RECORDS) as sandbox,
            Sage200Client(sandbox.settings) as client,
        ):
            with pytest.raises(TokenRefused):
                await names(client.with_tokens(gone))
            return await names(client.with_tokens(await signed_in(sandbox)))

    assert len(asyncio.run(main())) == 3


def test_the_client_that_people_share_needs_no_tokens():
    """A service has none of its own: only what it asks for itself is refused."""

    async def main():
        async with Sandbox(records=RECORDS) as sandbox:
            store = await signed_in(sandbox)
            settings = replace(
                sandbox.settings, refresh_token="", token_store=MemoryStore()
            )
            async with Sage200Client(settings) as client:
                with pytest.raises(TokenRefused, match="Not signed in"):
                    await names(client)
                return await names(client.with_tokens(store))

    assert len(asyncio.run(main())) == 3


def test_closing_a_persons_client_leaves_the_pool_open():
    """The pool ends with the client that opened it, and then for everybody."""

    async def main():
        async with Sandbox(records=RECORDS) as sandbox:
            async with Sage200Client(sandbox.settings) as client:
                async with client.with_tokens(await signed_in(sandbox)) as person:
                    await names(person)
                rows = [await names(person), await names(client)]
            with pytest.raises(ClientClosed):
                await names(person)
            return rows

    assert [len(row) for row in asyncio.run(main())] == [3, 3]


def test_the_last_refresh_of_a_person_is_stored_when_the_pool_closes():
    """Closing waits for it: the new refresh token would be lost."""

    async def main():
        behaviour = Behaviour(token_delay=0.2)
        async with Sandbox(records=RECORDS, behaviour=behaviour) as sandbox:
            store = await signed_in(sandbox)
            async with Sage200Client(sandbox.settings) as client:
                await names(client)
                person = client.with_tokens(store)
                reading = asyncio.create_task(names(person))
                while not person._token_manager._tasks.running.get("_refresh"):
                    await asyncio.sleep(0.01)
                reading.cancel()
            stored = await store.load()
            return stored, sandbox.token_status(stored.refresh_token)

    stored, status = asyncio.run(main())
    assert stored.access_token
    assert status == "unused"


def test_people_share_the_limits_and_the_events():
    """What one person's requests learn of the server, all of them know."""

    async def main():
        async with Sandbox(records=RECORDS) as sandbox:
            store = await signed_in(sandbox)
            async with Sage200Client(sandbox.settings) as client:
                events = []
                client.subscribe(events.append)
                person = client.with_tokens(store)
                await names(person)
                refreshed = [event for event in events if type(event) is TokenRefreshed]
                throttles = [
                    one.transport._inner._inner._inner._hosts
                    for one in (client, person)
                ]
                budgets = [one.transport._inner._budget for one in (client, person)]
                return refreshed, throttles, budgets

    refreshed, throttles, budgets = asyncio.run(main())
    assert len(refreshed) == 1
    assert throttles[0] is throttles[1]
    assert len(throttles[0]) == 1
    assert budgets[0] is budgets[1]


def test_another_company_of_a_person():
    """`at` and `with_tokens` go together, in both orders."""

    async def main():
        async with Sandbox(records=RECORDS) as sandbox:
            store = await signed_in(sandbox)
            async with Sage200Client(sandbox.settings) as client:
                site = (await client.sites())[0]
                one = client.with_tokens(store).at(site)
                other = client.at(site).with_tokens(store)
                return await names(one), await names(other)

    one, other = asyncio.run(main())
    assert one == other
    assert len(one) == 3


@pytest.mark.parametrize(
    "store", [None, 5, "memory://", "nowhere", "ftp://x", MemoryStore]
)
def test_what_can_have_no_tokens_is_refused(store):
    """The settings' own tokens are the parent's, not everybody's."""
    client = Sage200Client(Settings(access_token="hush-a", site="s", company=1))
    with pytest.raises(SettingsError):
        client.with_tokens(store)
