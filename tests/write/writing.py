"""What the tests of jobs share: settings for their server, and running a job."""

import asyncio
from pathlib import Path
from typing import Any

from hostile_server import COMPANY, SITE

from sage200_async import Sage200Client, Settings
from sage200_async.write import Outcome, Report


def settings_for(url: str) -> Settings:
    """Return settings of a client that waits little, and repeats often."""
    return Settings(
        base_url=url,
        allow_insecure_http=True,
        access_token="a-token",
        site=SITE,
        company=COMPANY,
        read_timeout=0.8,
        connect_timeout=0.8,
        max_attempts=3,
        max_retry_seconds=1.0,
        retries_per_second=1000.0,
    )


def run_job(
    url: str, rows: Any, journal: Path, *, insert: bool = False, **options: Any
) -> tuple[list[Outcome], Report]:
    """Run a job on customers, or on invoices, to its end."""

    async def main() -> tuple[list[Outcome], Report]:
        async with Sage200Client(settings_for(url)) as client:
            start = client.sales_invoices.insert if insert else client.customers.upsert
            start_any: Any = start
            async with start_any(rows, journal=journal, **options) as job:
                outcomes = [outcome async for outcome in job]
            return outcomes, job.report

    return asyncio.run(main())
