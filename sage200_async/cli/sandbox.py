"""``sage200 sandbox``: a Sage 200 to run against, until interrupted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
import msgspec

from sage200_async.sandbox import Behaviour, Sandbox

if TYPE_CHECKING:
    from pathlib import Path


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
    """Serve until cancelled; first print what a client needs, as one JSON line."""
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
        click.echo(msgspec.json.encode(card(sandbox)).decode())
        await asyncio.Event().wait()


def card(sandbox: Sandbox) -> dict[str, str]:
    """Give all that a client needs to use *sandbox*."""
    settings = sandbox.settings
    names = ("base_url", "token_url", "authorization_url", "client_id", "client_secret")
    also = ("refresh_token", "site", "company")
    return {name: str(getattr(settings, name)) for name in (*names, *also)}


def parse_counts(given: tuple[str, ...]) -> dict[str, int] | None:
    """Read ``RESOURCE=N`` pairs."""
    counts: dict[str, int] = {}
    for pair in given:
        name, _, number = pair.partition("=")
        if not number.isdecimal():
            raise click.BadParameter(f"expected RESOURCE=N, got {pair!r}")
        counts[name] = int(number)
    return counts or None
