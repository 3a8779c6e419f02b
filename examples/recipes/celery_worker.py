"""A Celery worker that reads Sage 200: one client in each of its processes.

Install, and run a worker of four processes and the clock:

    pip install "sage200-async[file,redis]" "celery[redis]"
    celery -A celery_worker worker --concurrency 4
    celery -A celery_worker beat

Settings come from the environment (``SAGE200_CLIENT_ID`` and so on;
``CELERY_BROKER_URL`` and ``CELERY_RESULT_BACKEND`` are Celery's own). The processes
share their tokens, and so one sign-in: ``SAGE200_TOKEN_STORE=redis://host/0``.
``sage200 login`` fills it. ``SAGE200_COPY`` is the URL of a database.

A client cannot be forked: its connections would be shared with the parent. So it is
made after the fork, by ``worker_process_init``; one of before would be refused with
`ClientClosed`. Use the pool ``prefork`` (the default) or ``solo``: a client belongs to
one event loop, which a pool of threads would share.
"""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import worker_process_init, worker_process_shutdown

from sage200_async import Sage200Client
from sage200_async.errors import Sage200Error
from sage200_async.extract import Extraction, database_at, sync

T = TypeVar("T")
app = Celery("celery_worker")
app.conf.update(
    task_acks_late=True,  # a task of a killed worker runs again: these only read Sage
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    beat_schedule={
        "nightly": {
            "task": "celery_worker.update_copy",
            "schedule": crontab(hour="2", minute="15"),
            "args": ["customers"],
        },
    },
)


class Sage:
    """The event loop and the client of this process."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.client = self.runner.run(Sage200Client().__aenter__())

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()


_sage: list[Sage] = []  # one, after the fork


@worker_process_init.connect
def open_client(**_: object) -> None:
    _sage.append(Sage())  # no request is sent yet


@worker_process_shutdown.connect
def close_client(**_: object) -> None:
    while _sage:
        _sage.pop().close()


def run(task: Task, work: Coroutine[Any, Any, T]) -> T:
    """Run *work*; the task is retried if the same may succeed later, else it fails."""
    try:
        return _sage[0].runner.run(work)
    except Sage200Error as error:
        if error.retryable:
            wait = 60 * 2**task.request.retries
            raise task.retry(exc=error, countdown=wait, max_retries=5) from None
        raise  # a person corrects it, or signs in


@app.task(bind=True)
def balance(self: Task, customer_id: int) -> str:
    async def work() -> str:
        customer = await _sage[0].client.customers.get(customer_id)
        return str(customer.balance)

    return run(self, work())


@app.task(bind=True)
def update_copy(self: Task, resource: str) -> dict[str, int]:
    """Bring a copy in step; a second task for the same copy is refused, and retried."""

    async def work() -> dict[str, int]:
        client = _sage[0].client
        extraction = Extraction(name=resource, query=getattr(client, resource))
        result = await sync(client, extraction, database_at(os.environ["SAGE200_COPY"]))
        return {"read": result.read, "deleted": result.deleted}

    return run(self, work())
