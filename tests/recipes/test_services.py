"""FastAPI under uvicorn, and aiohttp.web: one client for each process, closed at the end."""

import http.client
import importlib.util
import json
import sys
import urllib.error
import urllib.request
from decimal import Decimal

import pytest

from sage200_async.sandbox import Fault

PAGE = 500


class Service:
    """A recipe that serves."""

    def __init__(self, name, start, port):
        self.url = f"http://127.0.0.1:{port}"
        address = ("-H", "127.0.0.1", "-P", str(port))
        commands = {  # those of the recipes' docstrings
            "fastapi": ("uvicorn", "fastapi_app:app", "--port", str(port)),
            "aiohttp": (
                *(sys.executable, "-m", "aiohttp.web"),
                *(*address, "aiohttp_app:create_app"),
            ),
        }
        self.process = start(*commands[name])
        self.process.wait_until(self._is_up)

    def _is_up(self):
        try:
            return self.get("/")
        except urllib.error.URLError:
            return None

    def get(self, path):
        """Return the status and the body of a response."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture(scope="module", params=["fastapi", "aiohttp"])
def service(request, start, free_port):
    """A service that runs."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: nox -s 'recipes(services)'")
    return Service(request.param, start, free_port())


@pytest.fixture(autouse=True)
def no_requests_yet(sandbox):
    """Each test sees its own requests, and its own faults."""
    sandbox.requests.clear()
    sandbox.faults.clear()


def test_a_record(service, sandbox):
    """One record comes as JSON with exact money, one that is not there is a 404."""
    key = sandbox.store.keys("customers")[0]
    status, body = service.get(f"/customers/{key}")
    record = json.loads(body, parse_float=Decimal)
    assert (status, record["id"]) == (200, key)
    assert isinstance(record["balance"], Decimal)
    assert service.get("/customers/1")[0] == 404


def test_a_stream(service, sandbox):
    """All records come as NDJSON, read by pages, and by one sign-in in all."""
    status, body = service.get("/customers")
    keys = [json.loads(line)["id"] for line in body.splitlines()]
    assert status == 200
    assert keys == sorted(sandbox.store.keys("customers"))
    assert len(sandbox.requests) >= len(keys) / PAGE
    assert len(sandbox.token_requests) == 1


def test_an_error_before_the_first_page(service, sandbox):
    """What fails before the response begins has a status; the reason is in the log."""
    sandbox.faults = [Fault(status=403)] * 2
    status, body = service.get("/customers")
    assert status == 502
    assert b"403" not in body
    assert "403" in service.process.printed


def test_an_error_in_the_middle(service, sandbox):
    """A response that fails after its first page is cut, and cannot be taken for whole."""
    sandbox.faults = [None, None, *[Fault(status=403)] * 2]
    with pytest.raises(http.client.IncompleteRead):
        service.get("/customers")


def test_the_end(service, sandbox, start, free_port):
    """On SIGTERM the service ends by itself, and leaves no connection to Sage open."""
    kind = "fastapi" if "uvicorn" in service.process.log.name else "aiohttp"
    before = sandbox.connections
    other = Service(kind, start, free_port())
    assert other.get("/customers")[0] == 200
    assert sandbox.connections > before
    assert other.process.stop() in {0, -15}
    assert sandbox.connections == before
    assert "Unclosed" not in other.process.printed
