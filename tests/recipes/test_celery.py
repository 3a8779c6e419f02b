"""Celery with a real worker, a real broker and processes that fork."""

import importlib.util
import json
import sqlite3
import sys

import pytest

from sage200_async.sandbox import Fault

if importlib.util.find_spec("celery") is None:
    pytest.skip("celery: nox -s 'recipes(celery)'", allow_module_level=True)

CALL = """
import json, sys
import celery_worker
task = getattr(celery_worker, sys.argv[1])
results = [task.delay(json.loads(argument)) for argument in sys.argv[2:]]
print(json.dumps([result.get(timeout=60) for result in results]))
"""

SEND = """
import json, sys
import celery_worker
task = getattr(celery_worker, sys.argv[1])
print(task.apply_async(json.loads(sys.argv[2]), queue=sys.argv[3]).id)
"""


@pytest.fixture(scope="module")
def celery_env(redis_url, folder):
    """A broker, a token store for all machines, and where the copy is."""
    return {
        "CELERY_BROKER_URL": f"{redis_url}/0",
        "CELERY_RESULT_BACKEND": f"{redis_url}/1",
        "SAGE200_TOKEN_STORE": f"{redis_url}/2",
        "SAGE200_MAX_ATTEMPTS": "1",  # so that one fault is seen
        "SAGE200_COPY": f"sqlite:///{(folder / 'copy.db').as_posix()}",
    }


@pytest.fixture(scope="module")
def worker(start, celery_env):
    """A worker of two processes, as the recipe's docstring starts it."""
    options = ("worker", "--concurrency", "2", "--loglevel", "INFO")
    worker = start("celery", "-A", "celery_worker", *options, **celery_env)
    worker.wait_until(lambda: " ready." in worker.printed)
    return worker


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    """Each test has its own faults."""
    sandbox.faults.clear()


@pytest.fixture(scope="module")
def send(run, celery_env):
    """Send a task, and return its id."""

    def send(task, *arguments, queue="celery"):
        arguments = json.dumps(arguments)
        result = run(sys.executable, "-c", SEND, task, arguments, queue, **celery_env)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return send


@pytest.fixture(scope="module")
def call(run, celery_env, worker):
    """Send tasks, and return their results."""

    def call(task, *arguments):
        texts = [json.dumps(argument) for argument in arguments]
        result = run(sys.executable, "-c", CALL, task, *texts, **celery_env)
        assert result.returncode == 0, result.stderr + worker.printed
        return json.loads(result.stdout)

    return call


def test_tasks_of_all_processes(call, sandbox):
    """Twenty tasks in two processes read twenty records, by one sign-in."""
    keys = sandbox.store.keys("customers")[:20]
    balances = call("balance", *keys)
    assert len(balances) == len(keys)
    assert len(sandbox.token_requests) == 1


def test_a_copy(call, sandbox, folder):
    """A task brings the copy in step, and a second run reads only what has changed."""
    count = sandbox.store.count("customers")
    (first,) = call("update_copy", "customers")
    (second,) = call("update_copy", "customers")
    assert first == {"read": count, "deleted": 0}
    assert second["read"] < count
    with sqlite3.connect(folder / "copy.db") as copy:
        assert copy.execute("select count(*) from customers").fetchone() == (count,)
    copy.close()


def test_what_may_succeed_later_is_retried(send, worker, sandbox):
    """A failure of the server is planned again, in a minute."""
    sandbox.faults = [Fault(status=503)]
    task = send("balance", sandbox.store.keys("customers")[0])
    worker.wait_until(lambda: f"{task}] retry: Retry in 60s" in worker.printed)


def test_what_cannot_succeed_is_not_retried(send, worker):
    """A record that does not exist fails at once, with the library's error."""
    task = send("balance", 1)
    worker.wait_until(lambda: f"{task}] raised unexpected: NotFound" in worker.printed)
    assert f"{task}] retry" not in worker.printed


def test_the_end(start, send, celery_env, sandbox, folder):
    """A worker that gets SIGTERM closes the clients of its processes."""
    before = sandbox.connections
    options = (
        "worker",
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--queues",
        "other",
    )
    other = start("celery", "-A", "celery_worker", *options, **celery_env)
    task = send("balance", sandbox.store.keys("customers")[0], queue="other")
    other.wait_until(lambda: f"{task}] succeeded" in other.printed)
    assert sandbox.connections > before
    assert other.stop() == 0
    assert sandbox.connections == before
    assert "Unclosed" not in other.printed
