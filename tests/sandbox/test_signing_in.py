"""An expired token costs one refresh, however many tasks share it."""

import asyncio

import pytest
from aiohttp import web
from msgspec.structs import replace

from sage200_async import Sage200Client, Tokens
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import TokenRefused, Unauthorized
from sage200_async.sandbox import Behaviour, Sandbox


async def fifty(client: Sage200Client) -> list[object]:
    reads = (client.customers.top(1).first() for _ in range(50))
    return list(await asyncio.gather(*reads, return_exceptions=True))


def test_an_expired_token_costs_fifty_tasks_one_refresh(on_sandbox) -> None:
    """Fifty tasks get a 401 for an expired token: one refresh, and all succeed."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        await client.customers.first()
        sandbox.expire_tokens()
        before = len(sandbox.token_requests)
        answers = await fifty(client)
        assert not [answer for answer in answers if isinstance(answer, BaseException)]
        assert len(sandbox.token_requests) == before + 1

    slow = Behaviour(token_delay=0.05)
    on_sandbox(body, records={"customers": 5}, behaviour=slow)


def test_the_rotated_token_is_stored_before_it_is_used() -> None:
    """The new refresh token is stored before a request sends the new access token."""
    stored: list[Tokens] = []

    class Store(MemoryStore):
        async def save(self, tokens: Tokens) -> None:
            await asyncio.sleep(0.01)
            await super().save(tokens)
            stored.append(tokens)

    async def main() -> None:
        async with Sandbox(records={"customers": 5}) as sandbox:
            settings = replace(sandbox.settings, token_store=Store())
            async with Sage200Client(settings) as client:
                first = await client.customers.first()
                assert first is not None
                sandbox.expire_tokens()
                late: list[str] = []

                async def look(request: web.Request) -> None:
                    bearer = request.headers["Authorization"].removeprefix("Bearer ")
                    if bearer not in {tokens.access_token for tokens in stored}:
                        late.append(bearer)

                sandbox.request_hook = look
                await fifty(client)
                assert late == []
                unspent = [
                    tokens for tokens in stored if tokens.refresh_started_at is None
                ]
                refreshed = [tokens.refresh_token for tokens in unspent]
                assert len(set(refreshed)) == len(refreshed) == 3

    asyncio.run(main())


def test_a_refused_refresh_is_one_clear_error_in_all(on_sandbox) -> None:
    """A revoked refresh token raises `TokenRefused` in all tasks, after one request."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        await client.customers.first()
        sandbox.expire_tokens()
        sandbox.revoke()
        before = len(sandbox.token_requests)
        answers = await fifty(client)
        assert {type(answer) for answer in answers} == {TokenRefused}
        assert {str(answer) for answer in answers} == {str(answers[0])}
        assert "invalid_grant" in str(answers[0])
        assert "sign in again" in str(answers[0])
        assert len(sandbox.token_requests) == before + 1

    on_sandbox(body, records={"customers": 5})


def test_an_empty_401_says_what_to_check() -> None:
    """A wrong company brings an empty 401; the error names site, company and role."""

    async def main() -> None:
        async with Sandbox(records={"customers": 5}) as sandbox:
            wrong = replace(sandbox.settings, company=99)
            async with Sage200Client(wrong) as client:
                for _ in range(3):
                    with pytest.raises(Unauthorized, match="check site, company"):
                        await client.customers.first()
            # The first for the first access token, the second after the 401.
            assert len(sandbox.token_requests) == 2

    asyncio.run(main())


def test_a_token_is_refreshed_in_the_middle_of_a_stream(on_sandbox) -> None:
    """A token that expires between two pages costs a refresh and no record."""

    async def body(client: Sage200Client, sandbox: Sandbox) -> None:
        read = []
        async for page in client.customers.page_size(100).pages():
            read += [customer.id for customer in page.records]
            sandbox.expire_tokens()
        assert read == sandbox.store.keys("customers")

    on_sandbox(body, records={"customers": 550})
