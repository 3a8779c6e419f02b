"""Sign users in to a web application: authorization code with PKCE, on the sandbox.

It takes two pages, and one client whose connections all users share. The example also acts as the browser, so that it runs by itself.
"""

import asyncio

import aiohttp
from aiohttp import web
from msgspec.structs import replace

from sage200_async import (
    AuthorizationRequest,
    Sage200Client,
    Settings,
    create_authorization_url,
    exchange_code,
)
from sage200_async.auth.stores import MemoryStore
from sage200_async.errors import SignInFailed
from sage200_async.sandbox import Sandbox

HOME = "http://127.0.0.1:8405"


class Pages:
    def __init__(self, settings: Settings, client: Sage200Client) -> None:
        self.settings = settings
        self.client = client
        self.pending: list[AuthorizationRequest] = []  # yours: in the user's session

    async def login(self, request: web.Request) -> web.StreamResponse:
        authorization = AuthorizationRequest.begin(f"{HOME}/callback")
        self.pending.append(authorization)
        raise web.HTTPFound(create_authorization_url(self.settings, authorization))

    async def callback(self, request: web.Request) -> web.StreamResponse:
        store = MemoryStore()  # yours: one for each user, in a file or in Redis
        settings = replace(self.settings, token_store=store)
        try:
            await exchange_code(settings, self.pending.pop(), str(request.url))
        except SignInFailed as error:
            raise web.HTTPForbidden(text=f"not signed in: {error}") from error
        user = await self.client.with_tokens(store).current_user.get()
        return web.Response(text=f"signed in as {user.logon_name}")


async def main() -> None:
    async with Sandbox() as sandbox, aiohttp.ClientSession() as browser:
        # The client itself has no tokens: an empty store.
        settings = replace(
            sandbox.settings, refresh_token="", token_store=MemoryStore()
        )
        async with Sage200Client(settings) as client:
            pages = Pages(settings, client)
            app = web.Application()
            app.router.add_get("/", pages.login)
            app.router.add_get("/callback", pages.callback)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 8405).start()
            async with browser.get(HOME) as response:
                print(await response.text())
            sandbox.behaviour.forge_state = True
            async with browser.get(HOME) as response:
                print(await response.text())
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
