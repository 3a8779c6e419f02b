"""A Prefect block with the credentials of Sage 200, and a flow that uses it.

Install, register the block, and fill it in on Prefect's page "Blocks" under the name
``sage200``:

    pip install "sage200-async[file,redis]" prefect
    prefect block register --file prefect_flow.py

Run the flow once, or every night:

    python prefect_flow.py
    python -c "import prefect_flow as p; p.update_copies.serve(cron='15 2 * * *', limit=1)"

Secrets are in the block, encrypted by the server. Workers share their tokens, and so
one sign-in, by ``token_store``: ``redis://host/0``, or ``file:///...`` on one machine.
``sage200 login`` fills it, with the same values as ``SAGE200_...`` in the environment.
"""

import asyncio
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.blocks.abstract import CredentialsBlock
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff
from pydantic import Field, SecretStr

from sage200_async import Sage200Client, Settings
from sage200_async.errors import Sage200Error
from sage200_async.extract import Extraction, database_at, sync


class Sage200Credentials(CredentialsBlock):
    """One company of Sage 200, and the client that Sage has registered."""

    _block_type_name = "Sage 200 Credentials"
    _block_type_slug = "sage200-credentials"

    client_id: str
    client_secret: SecretStr
    site: str
    company: int
    token_store: SecretStr = Field(description="Its URL may hold a password.")
    more: dict[str, Any] = Field(default={}, description="Other settings, by name.")

    def get_client(self) -> Sage200Client:
        """Return a client, to be used with ``async with``; it sends nothing yet."""
        settings = Settings(
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            site=self.site,
            company=self.company,
            token_store=self.token_store.get_secret_value(),
            **self.more,
        )
        return Sage200Client(settings)


async def may_succeed_later(task: object, run: TaskRun, state: State[Any]) -> bool:
    """Whether a retry can help; otherwise a person corrects it, or signs in."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, Sage200Error) and error.retryable


@task(
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=60),
    retry_condition_fn=may_succeed_later,
    task_run_name="{resource}",
)
async def update_copy(resource: str, url: str) -> int:
    """Bring a copy in step; two runs on one copy at once are refused, and retried."""
    credentials = await Sage200Credentials.aload("sage200")
    async with credentials.get_client() as client:
        extraction = Extraction(name=resource, query=getattr(client, resource))
        result = await sync(client, extraction, database_at(url))
    get_run_logger().info("%d read, %d deleted", result.read, result.deleted)
    return result.read


@flow(name="Copies of Sage 200")
async def update_copies(
    resources: tuple[str, ...] = ("customers", "suppliers"),
    url: str = "sqlite:///copy.db",
) -> dict[str, int]:
    """Bring copies in step, one after the other; it fails with the first that does."""
    return {resource: await update_copy(resource, url) for resource in resources}


if __name__ == "__main__":
    asyncio.run(update_copies())
