"""JSON of records: everything but a few fields is written once; and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.store.records import blank_record
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from random import Random

    from sage200_async.query.records import Record

T = TypeVar("T")

_STAMPS: Final = ("2024-01-02T09:17:53.297Z", "2024-01-02T09:20:21.33Z")


def row_template(
    record: type[Record] | None, varying: str, inner: str = "", **fixed: Any
) -> Callable[[Mapping[str, str]], str]:
    """Return a function that makes the JSON of a record.

    Args:
        record: Its type.
        varying: The fields that differ, between blanks; ``a=b`` for a field `a` that
            has the value of `b`.
        inner: The list of *record* whose rows are meant; ``""`` for itself.
        fixed: Values of other fields; those that are left out are blank.
    """
    shape = shape_of(record)
    if inner:
        shape = shape_of(shape.expandables[inner])
    pairs = (item.partition("=") for item in varying.split())
    wanted = {name: placeholder or name for name, _, placeholder in pairs}
    values = blank_record(shape) | fixed | dict(zip(STAMPS, _STAMPS, strict=True))
    return json_template(shape.served, values, wanted).__mod__


def json_template(
    names: Iterable[str], values: Mapping[str, Any], wanted: Mapping[str, str]
) -> str:
    """Return a record as JSON, some of its values placeholders.

    Args:
        names: Its fields, in their order.
        values: The values of the others; a field without one is left out.
        wanted: Names of placeholders: ``template % {"id": "7"}`` fills in JSON.
    """
    parts: list[str] = []
    for name in names:
        if name in wanted:
            parts.append(f'"{name}":%({wanted[name]})s')
        elif name in values:
            value = encode(values[name]).decode().replace("%", "%%")
            parts.append(f'"{name}":{value}')
    return "{" + ",".join(parts) + "}"


def text(value: str) -> str:
    """Return a text as JSON."""
    return msgspec.json.encode(value).decode()


def plain(value: str) -> str:
    """Return a text that needs no escapes as JSON: many times faster than `text`."""
    return f'"{value}"'


def choose(random: Random, options: Sequence[T]) -> T:
    """Return one of some options: in a third of the time of `Random.choice`."""
    return options[int(random.random() * len(options))]


def below(random: Random, bound: int) -> int:
    """Return a whole number from 0 and below *bound*, which is far below 2**53."""
    return int(random.random() * bound)
