"""``sage200 watch``: changes as lines of JSON, acknowledged once they are written."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct

from sage200_async import Sage200Client
from sage200_async.cli.config import request_settings
from sage200_async.cli.database_password import has_password, with_password
from sage200_async.cli.destination import require_folder_of
from sage200_async.cli.messages import note
from sage200_async.cli.query import (
    QueryArguments,
    known_endpoint,
    refine,
    require_listed,
)
from sage200_async.extract.databases.urls import is_database
from sage200_async.extract.rows import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sage200_async.changes import Change, ChangeFeed
    from sage200_async.query.collection import CollectionQuery

_ENCODER: Final = msgspec.json.Encoder()
_AT_ONCE: Final = 500
# Lines that are acknowledged together.
_IDLE: Final = 0.2
# Seconds without another change after which what is written is acknowledged.


class WatchOptions(Struct, frozen=True, kw_only=True):
    """The options of ``sage200 watch``."""

    state: str
    password_file: Path | None
    filter: str | None
    select: str | None
    expand: str | None
    every: float
    overlap: float
    sweep_every: float
    whole_every: float | None
    max_deleted: float
    lease: float
    give_up_after: float
    workers: int
    snapshot: bool
    compare_whole: bool
    once: bool
    explain: bool


async def watch(resources: Sequence[str], options: WatchOptions) -> None:
    """Print the changes of *resources*, until interrupted or, if asked for, once."""
    state = _state(options)
    async with Sage200Client(request_settings()) as client:
        queries = [_query(client, name, options) for name in resources]
        feed = client.changes(
            *queries,
            state=state,
            every=options.every,
            overlap=options.overlap,
            sweep_every=options.sweep_every,
            whole_every=options.whole_every,
            max_deleted=options.max_deleted,
            lease=options.lease,
            give_up_after=options.give_up_after,
            workers=options.workers,
            snapshot=options.snapshot,
            compare_whole=options.compare_whole,
            once=options.once,
        )
        if options.explain:
            click.echo(feed.explain())
            return
        async with feed:
            await _write_all(feed)


async def _write_all(feed: ChangeFeed[Any]) -> None:
    """Write each change on a line; acknowledge those that are written."""
    written: list[Change[Any]] = []
    following = asyncio.ensure_future(anext(feed))
    try:
        while True:
            done, _ = await asyncio.wait(
                {following}, timeout=_IDLE if written else None
            )
            if not done or len(written) >= _AT_ONCE:
                await feed.ack(written)
                written = []
            if not done:
                continue
            try:
                change = following.result()
            except StopAsyncIteration:
                return
            click.echo(line(change))  # which flushes it
            written.append(change)
            following = asyncio.ensure_future(anext(feed))
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await following
        if written:
            await feed.ack(written)


def line(change: Change[Any]) -> str:
    """Return a change as one line of JSON."""
    text = None if change.record is None else json_text(change.record)
    stamp = change.stamp
    fields = {
        "kind": change.kind,
        "resource": change.resource,
        "key": change.key,
        "stamp": None if stamp is None else stamp.isoformat().replace("+00:00", "Z"),
        "record": None if text is None else msgspec.Raw(text.encode()),
    }
    return _ENCODER.encode(fields).decode()


def _state(options: WatchOptions) -> str:
    """Return the URL of the state; a path is a file of SQLite."""
    state = options.state
    if not is_database(state):
        state = f"sqlite:///{Path(state).as_posix()}"
    require_folder_of("--state", state)
    if has_password(state):
        note(
            "a password on the command line is seen by the other users of this machine; "
            "use PGPASSWORD, a .pgpass file or --password-file instead"
        )
    return with_password(state, options.password_file)


def _query(
    client: Sage200Client, name: str, options: WatchOptions
) -> CollectionQuery[Any]:
    require_listed(name)
    query: CollectionQuery[Any] = client.run(known_endpoint(name).query)
    arguments = QueryArguments(
        filter=options.filter, select=options.select, expand=options.expand
    )
    return refine(query, arguments)
