"""A store's tokens are served to the client that they were issued to, and nobody else."""

import asyncio
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from sage200_async import Sage200Client
from sage200_async.auth.owner import TokenOwner
from sage200_async.auth.sign_in import AuthorizationRequest, exchange_code
from sage200_async.auth.stores import MemoryStore, Tokens, store_at
from sage200_async.errors import ForeignTokens, TokenStoreError
from sage200_async.sandbox import Sandbox
from sage200_async.settings import Settings

OURS = TokenOwner("id.sage.com", "ours")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (TokenOwner("id.sage.com", "theirs"), "client_id"),
        (TokenOwner("id.example", "ours"), "issuer"),
        (TokenOwner("id.sage.com:8443", "ours"), "issuer"),
    ],
)
def test_tokens_of_others_are_refused(owner, name):
    """Tokens of another client or issuer are an error that names both."""
    tokens = owner.mark(Tokens("hush-access", "hush-refresh"))
    with pytest.raises(ForeignTokens) as caught:
        OURS.require(tokens, store_at("file:///var/lib/tokens.json"))
    assert isinstance(caught.value, TokenStoreError)
    message = str(caught.value)
    assert "tokens.json" in message
    assert f"tokens of another {name}: expected" in message
    assert "token_store" in message
    assert "hush" not in message


@pytest.mark.parametrize(
    ("owner", "tokens"),
    [
        (OURS, None),
        (OURS, Tokens("a")),
        (OURS, OURS.mark(Tokens("a"))),
        (OURS, Tokens("a", client_id="ours")),
        (TokenOwner("id.sage.com:8443", "ours"), OURS.mark(Tokens("a"))),
        (TokenOwner("id.sage.com"), Tokens("a", issuer="id.sage.com")),
        (TokenOwner(), Tokens("a")),
    ],
)
def test_tokens_of_ones_own_or_of_nobody_are_served(owner, tokens):
    """Tokens without an owner are taken, and those of a host of which no port was stored."""
    assert owner.require(tokens, MemoryStore()) is tokens


def test_a_client_without_an_id_gets_no_tokens_of_another():
    """A client that does not say which it is gets no tokens that have an owner."""
    with pytest.raises(ForeignTokens, match="client_id: expected '', got 'ours'"):
        TokenOwner("id.sage.com").require(OURS.mark(Tokens("a")), MemoryStore())


def test_a_client_without_an_id_keeps_the_mark():
    """A client that does not know its id does not remove the one in the store."""
    assert TokenOwner("id.sage.com").mark(OURS.mark(Tokens("a"))).client_id == "ours"


def test_two_clients_at_one_path(tmp_path):
    """Of two clients with one store, the second is refused before it sends anything."""
    url = (tmp_path / "tokens.json").as_uri()

    async def main():
        async with Sandbox(records={}) as sandbox:
            settings = replace(sandbox.settings, token_store=url)
            async with Sage200Client(settings) as client:
                await client.sites()
            sandbox.token_requests.clear()
            other_id = replace(settings, client_id="theirs")
            other_host = replace(settings, token_url="https://id.example/oauth/token")
            for other in (other_id, other_host):
                async with Sage200Client(other) as client:
                    with pytest.raises(ForeignTokens, match="tokens of another"):
                        await client.sites()
            assert sandbox.token_requests == []
            async with Sage200Client(settings) as client:
                await client.sites()
            stored = await store_at(url).load()
            return settings, stored

    settings, stored = asyncio.run(main())
    server = urlsplit(settings.token_url).netloc
    assert (stored.issuer, stored.client_id) == (server, settings.client_id)


def test_a_store_that_becomes_anothers(tmp_path):
    """If another client signs in at the same path meanwhile, nothing is asked with its token."""
    url = (tmp_path / "tokens.json").as_uri()

    async def main():
        async with Sandbox(records={}) as sandbox:
            settings = replace(sandbox.settings, token_store=url)
            async with Sage200Client(settings) as client:
                await client.sites()
                theirs = TokenOwner("127.0.0.1", "theirs")
                await store_at(url).save(theirs.mark(Tokens("", "theirs")))
                sandbox.expire_tokens()
                sandbox.token_requests.clear()
                with pytest.raises(ForeignTokens):
                    await client.sites()
                assert sandbox.token_requests == []
                assert (await store_at(url).load()).refresh_token == "theirs"

    asyncio.run(main())


def test_an_old_file_is_taken_and_marked(tmp_path):
    """A file of an earlier version, without an owner, gets one with the next refresh."""
    path = tmp_path / "tokens.json"

    async def main():
        async with Sandbox(records={}) as sandbox:
            path.write_text(f'{{"refresh_token":"{sandbox.settings.refresh_token}"}}')
            path.chmod(0o600)
            settings = replace(sandbox.settings, token_store=path.as_uri())
            async with Sage200Client(settings) as client:
                await client.sites()
            return settings, await store_at(path.as_uri()).load()

    settings, stored = asyncio.run(main())
    assert stored.client_id == settings.client_id


def test_a_sign_in_is_marked():
    """The tokens of a sign-in carry their issuer and client."""
    import aiohttp

    from sage200_async.auth.sign_in import create_authorization_url

    async def main():
        async with Sandbox(records={}) as sandbox:
            settings = replace(sandbox.settings, token_store=MemoryStore())
            sign_in = AuthorizationRequest.begin("http://127.0.0.1/callback")
            url = create_authorization_url(settings, sign_in)
            async with (
                aiohttp.ClientSession() as session,
                session.get(url, allow_redirects=False) as response,
            ):
                location = response.headers["Location"]
            tokens = await exchange_code(settings, sign_in, location)
            return settings, tokens, await settings.token_store.load()

    settings, tokens, stored = asyncio.run(main())
    server = urlsplit(settings.token_url).netloc
    assert (tokens.issuer, tokens.client_id) == (server, settings.client_id)
    assert stored == tokens


def test_the_owner_of_settings():
    """The owner is the host of the token endpoint, with an unusual port, and the client id."""
    settings = Settings(client_id="ours", token_url="http://127.0.0.1:8080/oauth/token")
    assert TokenOwner.of(settings) == TokenOwner("127.0.0.1:8080", "ours")
    usual = replace(settings, token_url="https://id.sage.com:443/oauth/token")
    assert TokenOwner.of(usual) == OURS
