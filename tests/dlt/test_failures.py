"""Runs that fail load nothing, and leave the state as it was."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace
from pipelines import COLUMNS, KEY, STAMP, Parquet, cause_of, few, stored

from sage200_async.engines.dlt import sage200
from sage200_async.errors import ExtractError, PagingError, Sage200Error
from sage200_async.extract import DeletePolicy
from sage200_async.sandbox import Behaviour

PAGE = 5
JOB = Path(__file__).with_name("killed_job.py")


@pytest.fixture(autouse=True)
def honest(sandbox):
    """Let the next test find a server that is honest and has no hook."""
    yield
    sandbox.request_hook = None
    sandbox.behaviour = Behaviour()


def customers(sandbox, **options):
    """Return a source of customers in small pages."""
    small = replace(sandbox.settings, page_size=PAGE, max_attempts=1)
    columns = {"customers": COLUMNS}
    return sage200("customers", columns=columns, settings=small, **options)


def rows_of(sandbox):
    return stored(sandbox, names=COLUMNS)


def change_some(sandbox):
    """Change, add and delete customers."""
    first, second, third = sandbox.store.keys("customers")[:3]
    sandbox.store.update("customers", first, {"name": "Changed"})
    sandbox.store.update("customers", second, {"on_hold": True})
    sandbox.store.delete("customers", third)
    sandbox.store.insert("customers", {"reference": "NEW1", "name": "New"})


def require_failure(pipeline, source, *kinds):
    """Run a pipeline that has to fail; nothing may differ then."""
    state, files = pipeline.state(), pipeline.files()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - dlt wraps it
        pipeline.run(source)
    error = cause_of(caught.value)
    assert isinstance(error, kinds), error
    assert pipeline.state() == state
    assert pipeline.files() == files
    return str(error)


def answers(condition, body):
    """Return a hook that answers *body* where a request meets *condition*."""

    async def hook(request):
        await asyncio.sleep(0)
        return web.json_response(body) if condition(request) else None

    return hook


def is_page(request):
    """Return whether a request is for records, rather than sites or an edge."""
    query = request.query
    narrow = query.get("$top") == "2" or "$count" in query
    return request.path.endswith("/customers") and not narrow


class Nth:
    """A condition that holds from the nth page on."""

    def __init__(self, number):
        self.left = number

    def __call__(self, request):
        self.left -= is_page(request)
        return is_page(request) and self.left < 0


@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_first_run_that_fails_is_repeated(sandbox, parquet, number):
    """A page that fails ends the run; the next one loads everything."""
    sandbox.request_hook = failing(Nth(number))
    require_failure(parquet, customers(sandbox), Sage200Error)
    sandbox.request_hook = None
    parquet.run(customers(sandbox))
    assert few(parquet.rows()) == rows_of(sandbox)


def failing(condition):
    async def hook(request):
        await asyncio.sleep(0)
        return web.Response(status=500) if condition(request) else None

    return hook


@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_later_run_that_fails_loses_no_change(sandbox, parquet, number):
    """Changes and deletes that a failed run had found come with the next one."""
    parquet.run(customers(sandbox))
    change_some(sandbox)
    sandbox.request_hook = failing(Nth(number))
    require_failure(parquet, customers(sandbox), Sage200Error)
    sandbox.request_hook = None
    assert parquet.run(customers(sandbox)) == {"customers": 4}
    assert few(parquet.rows()) == rows_of(sandbox)


def test_many_deletes_at_once_are_refused(sandbox, parquet):
    """They are believed where the policy says so."""
    parquet.run(customers(sandbox))
    for key in sandbox.store.keys("customers")[:20]:
        sandbox.store.delete("customers", key)
    message = require_failure(parquet, customers(sandbox), ExtractError)
    assert "20 of 30 rows seem to be deleted" in message
    policy = DeletePolicy(max_fraction=1)
    assert parquet.run(customers(sandbox, deletes=policy)) == {"customers": 20}
    assert few(parquet.rows()) == rows_of(sandbox)


def test_an_empty_answer_deletes_nothing(sandbox, parquet):
    """A server that lists nothing any more, as behind a lost tunnel, is not believed."""
    parquet.run(customers(sandbox))
    sandbox.request_hook = answers(lambda r: r.path.endswith("/customers"), [])
    require_failure(parquet, customers(sandbox), ExtractError)
    sandbox.behaviour = Behaviour(empty_sites=True)
    require_failure(parquet, customers(sandbox), ExtractError)


def test_a_first_run_behind_a_lost_tunnel_fails(sandbox, parquet):
    """Nothing listed is no empty table where the company is not among the sites."""
    sandbox.request_hook = answers(lambda r: r.path.endswith("/customers"), [])
    sandbox.behaviour = Behaviour(empty_sites=True)
    require_failure(parquet, customers(sandbox), Sage200Error)
    assert parquet.state() == ""


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("number", [1, 3])
def test_lost_pages_are_an_error(sandbox, parquet, number, later):
    """Pages that come empty, though there are records, end the run."""
    if later:
        parquet.run(customers(sandbox))
        change_some(sandbox)
    sandbox.request_hook = answers(Nth(number), [])
    require_failure(parquet, customers(sandbox), ExtractError, PagingError)
    sandbox.request_hook = None
    parquet.run(customers(sandbox))
    assert few(parquet.rows()) == rows_of(sandbox)


@pytest.mark.parametrize(
    "lie", [{"out_of_order": "reverse"}, {"ignore_skip": True}, {"max_top": 3}]
)
def test_a_server_that_lies_is_caught_or_harmless(sandbox, parquet, lie):
    """Disorder ends the run; shorter pages than were asked for lose nothing."""
    sandbox.behaviour = Behaviour(**lie)
    if "out_of_order" in lie:
        require_failure(parquet, customers(sandbox), PagingError)
        assert parquet.state() == ""
        return
    parquet.run(customers(sandbox))
    assert few(parquet.rows()) == rows_of(sandbox)


def test_rows_that_a_server_hides_are_not_deleted(sandbox, parquet):
    """A listing that lacks a row is not believed, and nothing is deleted."""
    parquet.run(customers(sandbox))
    sandbox.request_hook = without(sandbox, sandbox.store.keys("customers")[4])
    message = require_failure(parquet, customers(sandbox), PagingError)
    assert "29 records arrived, and the server counts 30" in message
    sandbox.request_hook = None
    assert few(parquet.rows()) == rows_of(sandbox)


def without(sandbox, hidden):
    """Return a hook that leaves a record out of pages of keys and stamps."""

    async def hook(request):
        await asyncio.sleep(0)
        names = request.query.get("$select", "").split(",")
        if not is_page(request) or len(names) != len([KEY, STAMP]):
            return None
        _, _, rest = request.query.get("$filter", "").partition(f"{KEY} gt ")
        low = int(rest.split()[0]) if rest else 0
        keys = sorted(key for key in sandbox.store.keys("customers") if key > low)
        page = [sandbox.store.get("customers", key) for key in keys[:PAGE]]
        shown = [{n: one[n] for n in names} for one in page if one[KEY] != hidden]
        return web.json_response(shown)

    return hook


def test_writers_between_pages_lose_nothing(sandbox, parquet):
    """Records that are written while a run reads are loaded by it, or by the next."""
    keys = sorted(sandbox.store.keys("customers"))
    writes = iter(
        [
            lambda: sandbox.store.update("customers", keys[0], {"name": "First"}),
            lambda: sandbox.store.delete("customers", keys[1]),
            lambda: sandbox.store.insert("customers", {"reference": "W1", "name": "W"}),
            lambda: sandbox.store.delete("customers", keys[-1]),
            lambda: sandbox.store.update("customers", keys[-2], {"name": "Last"}),
            lambda: sandbox.store.update("customers", keys[0], {"name": "Again"}),
        ]
    )

    async def hook(request):
        if is_page(request):
            next(writes, lambda: None)()
        await asyncio.sleep(0)

    sandbox.request_hook = hook
    parquet.run(customers(sandbox, workers=2))
    sandbox.request_hook = None
    parquet.run(customers(sandbox))
    assert few(parquet.rows()) == rows_of(sandbox)
    assert parquet.run(customers(sandbox)) == {}


def test_a_record_that_changes_while_it_is_read_comes_with_the_next_run(
    sandbox, parquet
):
    """A key is loaded once in a run, also where a sweep is not due in the next one."""
    key = min(sandbox.store.keys("customers"))
    changed = []

    async def hook(request):
        await asyncio.sleep(0)
        if is_page(request) and request.query.get("$select", "").count(",") == 1:
            changed.append(1)
            sandbox.store.update("customers", key, {"name": f"{len(changed)}"})

    sandbox.request_hook = hook
    parquet.run(customers(sandbox, sweep_every=86_400))
    sandbox.request_hook = None
    assert changed
    assert parquet.run(customers(sandbox, sweep_every=86_400)) == {"customers": 1}
    assert few(parquet.rows()) == rows_of(sandbox)


@pytest.mark.parametrize(("later", "number"), [(False, 4), (True, 1)])
def test_a_killed_run_is_repeated(sandbox, tmp_path, later, number):
    """A process that is killed leaves neither rows nor state; the next one has all."""
    if later:
        Parquet(tmp_path).run(customers(sandbox))
        change_some(sandbox)
    state = Parquet(tmp_path).state()
    process = started(sandbox, tmp_path)
    condition = Nth(number)

    async def hook(request):
        if condition(request):
            process.kill()
            process.wait()
        await asyncio.sleep(0)

    sandbox.request_hook = hook
    assert process.wait() == -signal.SIGKILL
    sandbox.request_hook = None
    pipeline = Parquet(tmp_path)
    assert pipeline.state() == state
    pipeline.run(customers(sandbox))
    assert few(pipeline.rows()) == rows_of(sandbox)


def started(sandbox, folder):
    """Start a pipeline in a process of its own, which waits for a line."""
    settings = {
        name: getattr(sandbox.settings, name)
        for name in ("base_url", "token_url", "client_id", "client_secret")
    } | {"site": sandbox.settings.site, "company": sandbox.settings.company}
    settings |= {"access_token": sandbox.create_access_token(), "page_size": PAGE}
    return subprocess.Popen(
        [sys.executable, str(JOB), str(folder), json.dumps(settings)]
    )
