"""The pytest plugin, in test suites of somebody else."""

import os
import re
import subprocess
import sys

import pytest

CONFTEST = '''\
"""Tests of a shop that sells through Sage 200."""
def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")
'''
SYNC = '''
import asyncio, json, os, subprocess, sys, urllib.request
import pytest
from sage200_async import Sage200Client
from sage200_async.sandbox import Fault

NEW = {"reference": "NEW", "name": "New"}
IDS = set()

def get(path):
    """Read a path as a program without this library does."""
    headers = {
        "Authorization": f"Bearer {os.environ['SAGE200_ACCESS_TOKEN']}",
        "X-Site": os.environ["SAGE200_SITE"],
        "X-Company": os.environ["SAGE200_COMPANY"],
    }
    request = urllib.request.Request(os.environ["SAGE200_BASE_URL"] + path, None, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)

@pytest.mark.parametrize("turn", [1, 2])
def test_as_new(sage200_sandbox, turn):
    assert sage200_sandbox.requests == []
    IDS.add(sage200_sandbox.store.insert("customers", NEW)["id"])
    assert len(IDS) == 1
    assert sage200_sandbox.store.count("customers") == 201

def test_any_program(sage200_env, sage200_sandbox):
    assert [site["company_id"] for site in get("sites")] == [7, 8]
    assert len(get("customers")) == 200
    assert [request.path for request in sage200_sandbox.requests] == ["sites", "customers"]

def test_command_line(sage200_env):
    command = [sys.executable, "-m", "sage200_async.cli", "whoami", "--json"]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["sites"][0]["company_id"] == 7

def test_clients_from_the_environment(sage200_env):
    async def main():
        async with Sage200Client() as first, Sage200Client() as second:
            return await first.customers.count(), await second.products.count()
    assert asyncio.run(main()) == (200, 100)

@pytest.mark.sage200(records={"customers": 3}, behaviour={"max_top": 2})
class TestMarked:
    def test_class(self, sage200_sandbox):
        assert sage200_sandbox.store.count("customers") == 3
        assert sage200_sandbox.behaviour.max_top == 2

    @pytest.mark.sage200(behaviour={"max_top": 1}, faults=[Fault(status=503)])
    def test_closest(self, sage200_settings, sage200_sandbox):
        async def main():
            async with Sage200Client(sage200_settings) as client:
                return [customer async for customer in client.customers]
        assert len(asyncio.run(main())) == 3
        assert sage200_sandbox.behaviour.max_top == 1
        assert sage200_sandbox.requests[0].status == 503
'''
ASYNC = """
import pytest

IDS = set()

async def create(client):
    assert await client.customers.count() == 200
    new = await client.customers.create({"reference": "NEW", "name": "New"})
    assert await client.customers.count() == 201
    IDS.add(new.id)

@pytest.mark.asyncio
@pytest.mark.parametrize("turn", [1, 2])
async def test_asyncio(sage200_client, turn):
    await create(sage200_client)
    assert len(IDS) == 1

@pytest.mark.asyncio(loop_scope="session")
async def test_session_loop(sage200_client):
    await create(sage200_client)
    assert len(IDS) == 1
"""
ANYIO = """
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_anyio(sage200_client, sage200_sandbox):
    await sage200_client.customers.create({"reference": "NEW", "name": "New"})
    assert [request.method for request in sage200_sandbox.requests] == ["POST"]
    assert await sage200_client.customers.count() == 201
"""
FILES = {"conftest": CONFTEST, "test_sync": SYNC}
RUNS = [(), ("-p", "no:randomly"), ("-n2",), ("-p", "randomly", "-n2")]


def passed(result):
    """Return how many tests passed, if all did."""
    assert result.code == 0, result.text
    return int(re.search(r"(\d+) passed", result.out)[1])


@pytest.mark.parametrize("arguments", RUNS)
def test_a_suite_of_somebody_else(suite, arguments):
    """Ten tests, sync and async, pass with a conftest.py of three lines."""
    pytest.importorskip("pytest_asyncio", reason="pytest-asyncio is not installed")
    pytest.importorskip("anyio", reason="anyio is not installed")
    if "-n2" in arguments:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    assert len(CONFTEST.splitlines()) == 3
    result = suite("-v", *arguments, test_async=ASYNC, test_anyio=ANYIO, **FILES)
    assert passed(result) == 11
    line = re.search(r"sage200: (\d+) sandboxes made as new.*", result.out)
    assert int(line[1]) == 11
    print(line[0])


def test_it_needs_no_other_plugin(suite):
    """Synchronous tests need pytest and nothing else; they see what the client sent."""
    alone = (
        "-p",
        "no:asyncio",
        "-p",
        "no:anyio",
        "-p",
        "no:xdist",
        "-p",
        "no:randomly",
    )
    assert passed(suite(*alone, **FILES)) == 7


@pytest.mark.parametrize(
    "arguments", [(), ("-p", "no:anyio", "-p", "no:asyncio")], ids=["plugins", "none"]
)
def test_a_client_without_an_async_test(suite, arguments):
    """Where no async plugin runs the test, one line says what is missing."""
    text = "def test(sage200_client): pass"
    result = suite(*arguments, "-q", test_sync=text)
    assert result.code == 1
    assert "\nsage200_client is for async tests, run by pytest-asyncio or anyio" in (
        result.out
    )
    assert "Traceback" not in result.text
    assert "_sage200_pytest.py" not in result.text.replace("sage200_client", "")


SPY = """
import sys

def pytest_unconfigure(config):
    ours = [name for name in sys.modules if name.startswith("sage200_async")]
    others = ("aiohttp", "msgspec")
    print("OURS", ours, [name for name in others if name in sys.modules])
"""
ALONE = """
import sys
import pytest
import os, importlib, types, typing
own = set(sys.modules)
import _sage200_pytest
print("MORE", sorted(sys.modules.keys() - own))
"""


def test_nothing_is_imported_before_a_fixture_is_used(suite):
    """A suite that uses no fixture of ours imports nothing of ours."""
    result = suite("-s", "-v", conftest=SPY, test_it="def test(): pass")
    assert passed(result) == 1
    assert "OURS [] []" in result.out
    assert "made as new" not in result.out


def test_a_run_without_a_fixture_pays_for_nothing_but_the_plugin(site):
    """The plugin imports nothing that pytest has not imported already."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        env={**os.environ, "PYTHONPATH": site},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "MORE ['_sage200_pytest']"


def test_a_test_of_two_async_plugins_gets_no_client(suite):
    """Where pytest-asyncio runs a test of anyio, one line says what to set instead."""
    pytest.importorskip("pytest_asyncio", reason="pytest-asyncio is not installed")
    pytest.importorskip("anyio", reason="anyio is not installed")
    files = {"test_anyio": ANYIO}
    strict = suite("-q", pytest="[pytest]\nasyncio_mode = strict\n", **files)
    assert passed(strict) == 1
    auto = suite("-q", pytest="[pytest]\nasyncio_mode = auto\n", **files)
    assert auto.code == 1
    assert "\nsage200_client: pytest-asyncio runs this test" in auto.out
    assert "asyncio_mode = strict" in auto.out


def test_it_can_be_turned_off(suite):
    """``-p no:sage200`` leaves no fixture, no marker and no option."""
    result = suite("-p", "no:sage200", test_it="def test(sage200_sandbox): pass")
    assert result.code == 1
    assert "fixture 'sage200_sandbox' not found" in result.out
    marked = "import pytest\n@pytest.mark.sage200\ndef test(): pass"
    result = suite("-p", "no:sage200", "--strict-markers", test_it=marked)
    assert "'sage200' not found in `markers`" in result.text


def test_records_and_seed_are_options(suite):
    """``sage200_records`` and ``sage200_seed`` set what the sandbox holds."""
    test = """
import pytest

def test(sage200_sandbox, request):
    store = sage200_sandbox.store
    assert store.count("customers") == 5 and store.has_table("suppliers")
    print("NAMES", [row["name"] for row in store.rows("customers")])
"""
    names = set()
    for seed in (1, 2, 2):
        ini = (
            f"[pytest]\nsage200_records = customers=5 suppliers=4\nsage200_seed={seed}"
        )
        result = suite("-s", pytest=ini, test_it=test)
        assert passed(result) == 1
        names.add(re.search("NAMES .*", result.out)[0])
    assert len(names) == 2


@pytest.mark.parametrize(
    ("ini", "marker", "message"),
    [
        ("sage200_records = customers", "", "RESOURCE=N such as customers=500"),
        ("sage200_records = custmers=1", "", "did you mean 'customers'?"),
        ("sage200_seed = one", "", "sage200_seed: expected a whole number, got 'one'"),
        ("", "records={'custmers': 1}", "did you mean 'customers'?"),
        ("", "behaviour={'max_tip': 1}", "behaviour: expected switches of Behaviour"),
        (
            "",
            "record={}",
            "expected sage200(records=, behaviour=, faults=), got record",
        ),
        ("", "{'customers': 1}", "faults=), got {'customers': 1}"),
        ("", "records=5", "records: expected numbers by resource such as"),
        ("", "records={'customers': '5'}", "whole number of customers, 0 or more"),
        ("", "records={'customers': -1}", "customers, 0 or more, got -1"),
        ("", "behaviour={'max_top': 'x'}", "got `str` - at `$.max_top`"),
        ("", "behaviour='x'", "behaviour: expected switches of Behaviour by name"),
        ("", "faults=5", "faults: expected a list of Fault such as"),
        ("", "faults=[5]", "[Fault(status=503), None], got 5"),
    ],
)
def test_what_is_malformed_is_named_in_one_line(suite, ini, marker, message):
    """A wrong option or marker fails the test with one line that names it."""
    test = f"""
import pytest

@pytest.mark.sage200({marker})
def test(sage200_sandbox):
    pass
"""
    result = suite("-q", pytest=f"[pytest]\n{ini}\n", test_it=test)
    assert result.code == 1, result.text
    assert message in result.out
    assert "Traceback" not in result.text
    assert '.py", line' not in result.text


def test_without_the_extra(suite):
    """Without the packages of the extra, one line says what to install."""
    conftest = "import sys\nsys.modules['odata_query'] = None\n"
    test = "def test(sage200_sandbox): pass"
    result = suite("-q", conftest=conftest, test_it=test)
    assert result.code == 1
    assert "pip install 'sage200-async[sandbox]'" in result.out
    assert "Traceback" not in result.text


def test_the_environment_is_put_back(suite):
    """Settings that were there are out of the way during a test, and back after it."""
    test = """
import os

def test_first(sage200_env):
    assert "SAGE200_TOKEN_STORE" not in os.environ
    assert os.environ["SAGE200_COMPANY"] == "7"
    assert os.environ["SAGE200_PROFILE"] == "none"
    assert {name for name in os.environ if name.startswith("SAGE200_")} == {*sage200_env}

def test_second():
    assert os.environ["SAGE200_TOKEN_STORE"] == "file:///x"
    assert "SAGE200_COMPANY" not in os.environ
"""
    env = {"SAGE200_TOKEN_STORE": "file:///x"}
    assert passed(suite("-p", "no:randomly", env=env, test_it=test)) == 2
