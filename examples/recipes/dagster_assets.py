"""A Dagster resource for Sage 200, with an asset for each copy that is kept in step.

Install, and run it once, or with Dagster's own clock and pages:

    pip install "sage200-async[file,redis]" dagster dagster-webserver
    dagster asset materialize -f dagster_assets.py --select "*"
    dagster dev -f dagster_assets.py

Settings come from the environment (``SAGE200_CLIENT_ID`` and so on) of the processes
that run the steps. They share their tokens, and so one sign-in:
``SAGE200_TOKEN_STORE=redis://host/0``. ``sage200 login`` fills it. ``SAGE200_COPY``
is the URL of a database.

Dagster runs each step in a process of its own, and so with a client of its own. Two
runs on one copy do not overlap: the second fails, and is retried.
"""

import asyncio
from collections.abc import Iterator

import dagster as dg

from sage200_async import Sage200Client
from sage200_async.errors import Sage200Error
from sage200_async.extract import Extraction, SyncResult, database_at, sync

RESOURCES = ("customers", "suppliers")


class Sage200(dg.ConfigurableResource):
    """Copies of one company's resources in a database."""

    copy_url: str

    def update_copy(self, name: str) -> SyncResult:
        return asyncio.run(self._update_copy(name))

    async def _update_copy(self, name: str) -> SyncResult:
        async with Sage200Client() as client:
            extraction = Extraction(name=name, query=getattr(client, name))
            return await sync(client, extraction, database_at(self.copy_url))


def copies() -> Iterator[dg.AssetsDefinition]:
    for name in RESOURCES:

        @dg.asset(
            name=name,
            group_name="sage200",
            kinds={"table"},
            retry_policy=dg.RetryPolicy(
                max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL
            ),
        )
        def copy(
            context: dg.AssetExecutionContext, sage200: Sage200
        ) -> dg.MaterializeResult[None]:
            resource = context.asset_key.path[-1]
            try:
                result = sage200.update_copy(resource)
            except Sage200Error as error:
                # Without a retry a person corrects it, or signs in.
                raise dg.Failure(str(error), allow_retries=error.retryable) from error
            return dg.MaterializeResult(
                metadata={
                    "read": result.read,
                    "deleted": result.deleted,
                    "whole": result.whole,
                }
            )

        yield copy


defs = dg.Definitions(
    assets=list(copies()),
    resources={"sage200": Sage200(copy_url=dg.EnvVar("SAGE200_COPY"))},
    schedules=[
        dg.ScheduleDefinition(
            name="nightly",
            target=dg.AssetSelection.groups("sage200"),
            cron_schedule="15 2 * * *",
            execution_timezone="Europe/London",
        )
    ],
)
