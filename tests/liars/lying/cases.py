"""One way of reading while a server lies, and what became of it."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lying.company import Company, insert, rename
from lying.service import Service, running
from lying.ways import AGAIN, Setting, WrongData, check_rows
from sage200_async import Sage200Client, Settings
from sage200_async.errors import Sage200Error

LONGEST = 30


@dataclass(frozen=True)
class Outcome:
    """How a reading ended: "right", or the name of its error."""

    name: str
    times_lied: int
    message: str = ""


def settings(address, page_size):
    return Settings(
        base_url=address,
        site="s",
        company=1,
        access_token="t",
        page_size=page_size,
        max_attempts=2,
        max_retry_seconds=1.0,
        retries_per_second=1000.0,
    )


def run_case(way, tellers=(), **options):
    """Read while the server lies and others write; fail unless it ends well.

    Args:
        way: The way of reading.
        tellers: The lies, and when they happen.
        **options: See `run_cases`.

    Raises:
        WrongData: What was read is wrong, then or after the next honest run.
    """
    [outcome] = run_cases(way, [tellers], **options)
    return outcome


def run_cases(way, cases, *, writers=None, seed=0, workers=4, size=100, page_size=30):
    """Read at once from several servers, each with a company and lies of its own.

    Args:
        way: The way of reading.
        cases: The lies of each server.
        writers: What writers do, by the number of the request before which they act.
        seed: The seed of the company.
        workers: Requests at once, where the way does not say.
        size: How many records the company has of each kind, or a few more.
        page_size: Records that one request asks for at most.
    """
    options = {
        "writers": writers or {},
        "seed": seed,
        "workers": workers,
        "size": size,
        "page_size": page_size,
    }

    async def all_of_them():
        runs = (_run(way, list(case), **options) for case in cases)
        return await asyncio.gather(*runs, return_exceptions=True)

    outcomes = asyncio.run(all_of_them())
    for case, outcome in zip(cases, outcomes, strict=True):
        if isinstance(outcome, WrongData):
            lies = ", ".join(f"{teller.lie}, {teller.when}" for teller in case)
            raise WrongData(f"{way}, {lies or 'no lie'}: {outcome}")
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


async def _run(way, tellers, *, writers, seed, workers, size, page_size):
    company = Company(seed, size)
    service = Service(company)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running(service) as address,
            Sage200Client(settings(address, page_size)) as client,
        ):
            setting = Setting(client, company, Path(folder), workers)
            if way.name == "sync later":
                await _honest_start(way, setting)
            service.tellers, service.number = tellers, 0
            company.writers = writers
            outcome = await _attempt(way, setting, service)
            service.tellers, company.writers = [], {}
            if way.name in AGAIN:
                await _next_run(way, setting, outcome)
            return outcome


async def _honest_start(way, setting):
    """Copy all; then others write, which a later sync has to find."""
    await way.run(setting, way.path)
    setting.company.write_some()


async def _attempt(way, setting, service):
    for table in setting.company.tables.values():
        table.watch()
        if any(teller.lie.earlier for teller in service.tellers):
            table.allow_earlier()
    try:
        async with asyncio.timeout(LONGEST):
            await way.run(setting, way.path)
    except Sage200Error as error:
        return Outcome(type(error).__name__, service.times_lied, str(error))
    except TimeoutError:
        raise WrongData(
            f"no end after {LONGEST} s, {service.number} requests"
        ) from None
    return Outcome("right", service.times_lied)


async def _next_run(way, setting, outcome):
    """Run it again without lies: what was left behind must not spoil it.

    An export goes on where it was; a sync copies what is there now.
    """
    company = setting.company
    if way.name.startswith("export") and outcome.name == "right":
        return
    if way.name.startswith("sync"):
        company.tick(hours=3)
        insert(company)
        rename(company)
        for table in company.tables.values():
            table.watch()
    try:
        await way.run(setting, way.path)
        if way.name.startswith("sync"):
            check_rows(setting.stored(way.path), company, way.path)
    except (WrongData, Sage200Error) as error:
        message = f"after {outcome.name} ({outcome.message}), an honest run: {error!r}"
        raise WrongData(message) from error
