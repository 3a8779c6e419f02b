"""``sage200 resources``: find resources by words of their names and fields."""

from __future__ import annotations

import fnmatch
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct

from sage200_async.catalog import Endpoints
from sage200_async.cli.describe import operations
from sage200_async.cli.messages import note
from sage200_async.cli.output import align_columns
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sage200_async.query.endpoint import Endpoint

_HEAD: Final = ("resource", "operations", "key", "watermark")
_SHOWN: Final = 3
# Fields of a resource that a line names.


class Match(Struct, frozen=True):
    """A resource that matches, and by which of its fields."""

    name: str
    fields: list[str]
    """Those that match words which its name does not; empty if the name has all."""


def resources(words: Sequence[str], *, as_json: bool) -> None:
    """Print the resources that match all *words*: by their names, then by fields."""
    matches = sorted(search(words), key=lambda match: bool(match.fields))
    if as_json:
        rows = [_report(match) for match in matches]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    by_field = [match for match in matches if match.fields]
    head = (*_HEAD, "matching fields") if by_field else _HEAD
    for line in align_columns([head, *(_row(match, len(head)) for match in matches)]):
        click.echo(line)
    more = f", {len(by_field)} of them by a field" if by_field else ""
    note(f"{len(matches)} of {len(known())} resources{more}")


def known() -> dict[str, Endpoint[Any]]:
    """Return the resources that have operations; a few only lead to nested ones."""
    endpoints = Endpoints.endpoints().items()
    return {name: endpoint for name, endpoint in endpoints if endpoint.verbs}


def search(words: Sequence[str]) -> Iterator[Match]:
    """Yield the resources whose name or fields match each of *words*.

    Example:
        >>> [match.name for match in search(["sop", "proforma"])][:1]
        ['sop_proforma_line_views']
        >>> next(search(["customers", "credit_limit"])).fields
        ['credit_limit']
    """
    for name, endpoint in known().items():
        others = [word for word in words if not _matches(word, [name])]
        fields = _matching_fields(others, endpoint) if others else []
        if fields is not None:
            yield Match(name, fields)


def _matching_fields(words: Sequence[str], endpoint: Endpoint[Any]) -> list[str] | None:
    """Return the fields that match, or None if one of *words* has none."""
    record = endpoint.record
    fields: Fields = record.fields if record else Fields()
    names = names_of(type(fields))
    matches = [_matches(word, names) for word in words]
    return list(dict.fromkeys(chain.from_iterable(matches))) if all(matches) else None


def _matches(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that contain *word*, or match it as a pattern with * or ?."""
    word = word.lower()
    glob = word if any(mark in word for mark in "*?[") else f"*{word}*"
    return fnmatch.filter(names, glob)


def _row(match: Match, length: int) -> tuple[str, ...]:
    endpoint = known()[match.name]
    shown = ", ".join(match.fields[:_SHOWN])
    more = len(match.fields) - _SHOWN
    cells = (
        match.name,
        " ".join(operations(endpoint)),
        endpoint.key or "-",
        endpoint.watermark or "-",
        f"{shown} and {more} more" if more > 0 else shown,
    )
    return cells[:length]


def _report(match: Match) -> dict[str, Any]:
    endpoint = known()[match.name]
    return {
        "resource": match.name,
        "operations": operations(endpoint),
        "key": endpoint.key,
        "watermark": endpoint.watermark,
        "matching_fields": match.fields,
    }
