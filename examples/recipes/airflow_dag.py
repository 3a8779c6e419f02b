"""An Airflow DAG that keeps copies of Sage 200 in step: tasks in plain Python.

Install with Airflow's own constraints, and put this file in the folder of DAGs:

    pip install apache-airflow --constraint <the file of your Airflow and Python>
    pip install "sage200-async[file,redis]"
    airflow dags test sage200_copies

Settings come from the environment of the workers (``SAGE200_CLIENT_ID`` and so on),
which a secrets backend or the deployment fills. Workers share their tokens, and so one
sign-in: ``SAGE200_TOKEN_STORE=redis://host/0``. ``sage200 login`` fills it.
``SAGE200_COPY`` is the URL of a database.

Nothing is imported from the library, and nothing read, where the scheduler parses this
file: both are within the task.
"""

import asyncio
import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

RESOURCES = ("customers", "suppliers")


@task(
    retries=3,
    retry_delay=timedelta(minutes=1),
    retry_exponential_backoff=2,
    execution_timeout=timedelta(hours=3),
)
def update_copy(resource: str) -> dict[str, int]:
    """Bring a copy in step; two runs on one copy at once are refused, and retried."""
    from sage200_async import Sage200Client
    from sage200_async.errors import Sage200Error
    from sage200_async.extract import Extraction, database_at, sync

    async def work() -> dict[str, int]:
        async with Sage200Client() as client:  # one for the life of the task
            extraction = Extraction(name=resource, query=getattr(client, resource))
            copy = database_at(os.environ["SAGE200_COPY"])
            result = await sync(client, extraction, copy)
            return {"read": result.read, "deleted": result.deleted}

    try:
        return asyncio.run(work())
    except Sage200Error as error:
        if error.retryable:
            raise
        # Without a retry: a person corrects it, or signs in.
        raise AirflowFailException(str(error)) from error


@dag(
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/London")),
    catchup=False,
    max_active_runs=1,
    tags=["sage200"],
)
def sage200_copies() -> None:
    update_copy.expand(resource=list(RESOURCES))


sage200_copies()
