"""The page of each resource: written from the catalog, and its examples work."""

import ast
import asyncio
import contextlib
import io
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator

import msgspec
import pytest
from click.testing import CliRunner
from page_blocks import Block, blocks_of
from page_run import RECORDS, environment

import sage200_async
from docs.site.__main__ import resource_pages
from docs.site.examples import BASE_URL, is_single
from docs.site.facts import SLOW_EXPANDS, VIEWS, endpoints, fields_of
from sage200_async import Sage200Client, Settings
from sage200_async.cli.app import app
from sage200_async.errors import NotFound
from sage200_async.odata.fields import EnumField, TextField
from sage200_async.odata.namespaces import names_of
from sage200_async.sandbox import Sandbox
from sage200_async.transport.memory import MemoryTransport, reply
from sage200_async.wire.messages import Request, Response

PAGES = resource_pages()
ENDPOINTS = endpoints()
BY_ID = {
    path
    for path, endpoint in ENDPOINTS.items()
    if "get" in endpoint.verbs
    and "list" not in endpoint.verbs
    and not is_single(endpoint)
}
"""Resources whose example gets the record 1, which a sandbox need not have."""


def examples(language: str, beginning: str = "") -> dict[str, Block]:
    """Return the block of each resource's page in a language, by resource."""
    return {
        path: block
        for path in ENDPOINTS
        for block in blocks_of(PAGES[f"{path}.md"], path)
        if block.language == language and block.code.startswith(beginning)
    }


def test_examples_fit_the_page() -> None:
    """On a screen of 1280 pixels no field that an example selects is cut."""
    for path, block in examples("python").items():
        for line in block.code.splitlines():
            assert len(line) <= 80 or line.count('"') <= 2, f"{path}: {line}"


class Served:
    """The variables by which a sandbox is reached; its repr shows none of them."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables

    def apply(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the variables for one test."""
        for name in self.variables:
            monkeypatch.setenv(name, self.variables[name])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a sandbox while the tests of this module run."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        sandbox = Sandbox(records=RECORDS)
        runner.run(sandbox.__aenter__())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        yield Served(environment(sandbox, tmp_path_factory.mktemp("tokens")))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        runner.run(sandbox.__aexit__(None, None, None))


def test_every_resource_has_a_page_with_three_examples() -> None:
    """Each of the catalog's resources has a page, with Python, a command and curl."""
    assert len(ENDPOINTS) >= 317
    for path in ENDPOINTS:
        page = blocks_of(PAGES[f"{path}.md"], path)
        assert [block.language for block in page] == ["python", "sh", "sh"], path


def test_every_field_is_on_the_page_of_its_resource() -> None:
    """A page names each field and each related record that the catalog knows."""
    for path, endpoint in ENDPOINTS.items():
        record = endpoint.record or endpoint.reply_record
        names = names_of(type(record.fields)) if record else {}
        rows = set(re.findall(r"^\| `(\w+)` \|", PAGES[f"{path}.md"], re.MULTILINE))
        assert set(names) <= rows, path


def test_a_page_says_what_the_documents_say_of_a_field() -> None:
    """Lengths, required and read-only fields and known values are on the page."""
    page = PAGES["customers.md"]
    assert "| `reference` | Text, 8 characters at most | required |" in page
    assert "| `balance` | Number, 2 decimal places | read-only |" in page
    assert "known values: `AccountStatusActive`, `AccountStatusHidden`" in page


def test_a_slow_resource_names_its_view() -> None:
    """The views and slow expansions that the pages name exist in the catalog."""
    for path, view in VIEWS.items():
        assert f'!!! tip "Faster: [`{view}`]({view}.md)"' in PAGES[f"{path}.md"]
        assert "list" in ENDPOINTS[view].verbs
    for path, names in SLOW_EXPANDS.items():
        endpoint = ENDPOINTS[path]
        assert endpoint.record is not None
        known = {*names_of(type(endpoint.record.fields)), *endpoint.extra_expands}
        assert set(names) <= known


def test_required_fields_are_those_of_the_rules() -> None:
    """The page's required fields are what `create` warns of, or refuses, without."""
    required = {f.name for f in fields_of(ENDPOINTS["products"].record) if f.required}
    assert required == {"code", "name", "product_group_id"}


def test_python_examples_run(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python example of each page that reads runs against a sandbox."""
    served.apply(monkeypatch)
    code = {
        path: compile(block.code, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for path, block in examples("python").items()
        if "create(" not in block.code
    }

    async def main() -> None:
        for path, program in code.items():
            unknown = (NotFound,) if path in BY_ID else ()
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.suppress(*unknown),
            ):
                await eval(program, {"__name__": path})

    assert len(code) > 200
    asyncio.run(main())


def test_python_examples_that_create_send_what_they_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Python example of a page that only writes passes all checks, and is sent."""

    def stored(request: Request) -> Response:
        endpoint = ENDPOINTS[request.path]
        record = endpoint.reply_record or endpoint.record
        body = msgspec.json.decode(request.body or b"{}")
        kinds = names_of(type(record.fields)) if record else {}
        texts = {
            n: "x" for n, k in kinds.items() if issubclass(k, TextField | EnumField)
        }
        return reply({**texts, "id": 1, "urn": "1", **body})

    memory = MemoryTransport(stored)

    def open_client() -> Sage200Client:
        return Sage200Client(Settings(site="guid", company=1), transport=memory)

    monkeypatch.setattr(sage200_async, "Sage200Client", open_client)
    programs = {p: b for p, b in examples("python").items() if "create(" in b.code}

    async def main() -> None:
        for path, block in programs.items():
            code = compile(block.code, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            with contextlib.redirect_stdout(io.StringIO()):
                await eval(code, {"__name__": path})

    asyncio.run(main())
    assert len(memory.requests) == len(programs) > 30


def test_commands_run(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of each page succeeds against a sandbox."""
    served.apply(monkeypatch)
    for path, block in examples("sh", "sage200 ").items():
        arguments = block.code.split()[1:]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"{path}: {result.output}"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_requests_by_curl_are_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request by curl of each page that reads is answered with 200."""
    served.apply(monkeypatch)

    async def access_token() -> str:
        async with Sage200Client(Settings.from_env()) as client:
            token = await client.access_token()
            return token.token

    reads = {
        path: block.code
        for path, block in examples("sh", "curl ").items()
        if "--data" not in block.code and path not in BY_ID
    }
    lines = [f"{code.rstrip()} || echo {path}" for path, code in reads.items()]
    script = "\n".join([_CURL, *lines])
    script = script.replace(BASE_URL, served.variables["SAGE200_BASE_URL"].rstrip("/"))
    env = {
        "PATH": os.environ["PATH"],
        "TOKEN": asyncio.run(access_token()),
        "SITE": served.variables["SAGE200_SITE"],
        "COMPANY": served.variables["SAGE200_COMPANY"],
    }
    command = ["bash", "-eu"]
    done = subprocess.run(
        command, input=script, text=True, env=env, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(lines) > 200


_CURL = """curl() {
    command curl --silent --show-error --fail --output /dev/null "$@"
}
"""
