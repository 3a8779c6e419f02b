"""Two judges that share nothing with ours: a web server, and an OData parser."""

import asyncio
import importlib.util
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser
from yarl import URL

# Loaded once, under names of their own, as the tests are no package.
for _name in ("tables", "busy_table"):
    _spec = importlib.util.spec_from_file_location(
        _name, Path(__file__).with_name(f"{_name}.py")
    )
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])

_PATIENCE = 30
# Seconds, for a machine that is busy; nothing here takes a hundredth of it.


class Server:
    """Sends queries through a socket; gives what the server understood."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._base, self._runner, self._session = self._run(self._open())

    def understood(self, query):
        """Send an encoded query, and give the options as the server decoded them."""
        return self._run(self._ask(URL(f"{self._base}?{query}", encoded=True)))

    def close(self):
        """Stop the server."""
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _open(self):
        app = web.Application()
        app.router.add_get("/", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        session = aiohttp.ClientSession(raise_for_status=True)
        return f"http://{host}:{port}/", runner, session

    async def _answer(self, request):
        return web.json_response(list(request.query.items()))

    async def _ask(self, url):
        async with self._session.get(url) as reply:
            return [tuple(pair) for pair in await reply.json()]

    async def _shut(self):
        await self._session.close()
        await self._runner.cleanup()


@pytest.fixture(scope="session")
def server():
    """Run one server for all properties."""
    running = Server()
    yield running
    running.close()


def parse(text):
    """Parse a ``$filter`` with odata-query."""
    return ODataParser().parse(ODataLexer().tokenize(text))


def nodes(tree):
    """Count the nodes of a parsed tree."""
    children = [each for each in vars(tree).values() if isinstance(each, ast._Node)]
    children += getattr(tree, "args", None) or []
    return 1 + sum(map(nodes, children))


@pytest.fixture(scope="session")
def odata():
    """Return the independent parser: `parse`, `nodes` and its tree, `ast`."""
    return SimpleNamespace(parse=parse, nodes=nodes, ast=ast)
