"""A client without settings: it finds those of the environment or of a profile."""

import asyncio
import os
import threading

import pytest
from msgspec.structs import asdict

from sage200_async import Sage200Client, Settings
from sage200_async.auth.stores import Tokens, store_at
from sage200_async.errors import ClientClosed, SettingsError
from sage200_async.profiles.file import ProfileFile, write_profiles
from sage200_async.profiles.folder import profiles_path, token_path
from sage200_async.sandbox import Sandbox

NAMES = ("base_url", "token_url", "authorization_url", "client_id", "client_secret")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Set up a configuration folder of this test alone."""
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))


async def make_profile(sandbox):
    """Write a profile of *sandbox*, and tokens as `sage200 login` stores them."""
    settings = asdict(sandbox.settings)
    values = {name: settings[name] for name in (*NAMES, "site", "company")}
    path = profiles_path(os.environ)
    write_profiles(ProfileFile(path, {"main": values}))
    store = store_at(token_path(os.environ, "main").as_uri())
    await store.save(Tokens(refresh_token=settings["refresh_token"]))


@pytest.mark.usefixtures("home")
def test_a_client_without_settings_finds_the_profile_and_its_tokens(monkeypatch):
    """The profile is read when the client is entered, in a thread, and its tokens."""
    threads = []
    load = Settings.load

    def record(*arguments):
        threads.append(threading.current_thread())
        return load(*arguments)

    monkeypatch.setattr(Settings, "load", record)

    async def main():
        async with Sandbox(records={"customers": 3}) as sandbox:
            client = Sage200Client()
            assert threads == []
            await make_profile(sandbox)
            async with client:
                assert await client.customers.count() == 3
                async with client.at(client.settings.site, 7) as other:
                    assert await other.customers.count() == 3

    asyncio.run(main())
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


@pytest.mark.usefixtures("home")
def test_a_client_of_the_environment_ignores_the_profile(monkeypatch):
    """A service that lacks its site does not read the developer's company."""

    async def main():
        async with Sandbox(records={"customers": 3}) as sandbox:
            await make_profile(sandbox)
            for name in (*NAMES, "refresh_token"):
                value = str(getattr(sandbox.settings, name))
                monkeypatch.setenv(f"SAGE200_{name.upper()}", value)
            async with Sage200Client() as client:
                with pytest.raises(
                    SettingsError, match=r"No site is set. Run `sage200"
                ):
                    await client.customers.first()
            assert sandbox.requests == []

    asyncio.run(main())


@pytest.mark.usefixtures("home")
def test_a_client_without_settings_that_finds_none():
    """Entering it is an error that names the next command; it can be closed."""

    async def main():
        client = Sage200Client()
        with pytest.raises(SettingsError, match="Run `sage200 init`"):
            await client.__aenter__()
        await client.close()
        for use in (lambda: client.settings, lambda: client.customers, client.sites):
            with pytest.raises(ClientClosed, match="loaded when it is entered"):
                value = use()
                await value

    asyncio.run(main())


def test_a_none_by_mistake_loads_no_profile():
    """None is no settings: a function that forgot to return some opens no company."""
    with pytest.raises(SettingsError, match=r"such as Settings.load\(\), got None"):
        Sage200Client(None)
