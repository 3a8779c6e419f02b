"""``sage200 sandbox``: serve a sandbox until interrupted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import click
import msgspec

from sage200_async.sandbox import Behaviour, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS: Final = (
    "base_url",
    "token_url",
    "authorization_url",
    "allow_insecure_http",
    "client_id",
    "client_secret",
    "refresh_token",
    "site",
    "company",
)


async def serve(
    *,
    data: Path | None,
    seed: int,
    host: str,
    port: int,
    records: dict[str, int] | None,
    database: str,
    ask_consent: bool,
) -> None:
    """Print the settings that a client needs as one line of JSON, then serve."""
    sandbox = Sandbox(
        records=records,
        seed=seed,
        data=data,
        database=database,
        host=host,
        port=port,
        behaviour=Behaviour(consent="ask" if ask_consent else "grant"),
    )
    async with sandbox:
        click.echo(msgspec.json.encode(connection(sandbox)).decode())
        await asyncio.Event().wait()


def connection(sandbox: Sandbox) -> dict[str, str]:
    """Return the settings that a client needs to use *sandbox*."""
    settings = sandbox.settings
    return {name: str(getattr(settings, name)) for name in _SETTINGS}


def parse_counts(pairs: tuple[str, ...]) -> dict[str, int] | None:
    """Return the number of records of each resource, from ``RESOURCE=N``."""
    counts: dict[str, int] = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        if not number.isdecimal():
            raise click.BadParameter(
                f"expected RESOURCE=N such as customers=500, got {pair!r}"
            )
        counts[name] = int(number)
    return counts or None
