"""JSON of embedded records: everything but a few fields is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sage200_async.sandbox.schema.tables import STAMPS, shape_of
from sage200_async.sandbox.store.records import blank_record
from sage200_async.sandbox.store.rows import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sage200_async.query.records import Record

_STAMPS: Final = ("2024-01-02T09:17:53.297Z", "2024-01-02T09:20:21.33Z")


def row_template(
    record: type[Record] | None, varying: str, inner: str = "", **fixed: Any
) -> Callable[[Mapping[str, str]], str]:
    """Return a function that makes the JSON of a record.

    Args:
        record: Its type.
        varying: The fields that differ, between blanks.
        inner: The list of *record* whose rows are meant; ``""`` for itself.
        fixed: Values of other fields; those that are left out are blank.
    """
    shape = shape_of(record)
    if inner:
        shape = shape_of(shape.expandables[inner])
    wanted = set(varying.split()) & shape.served.keys()
    values = blank_record(shape) | fixed | dict(zip(STAMPS, _STAMPS, strict=True))
    parts: list[str] = []
    names = [name for name in shape.served if name in wanted or name in values]
    for name in names:
        json = (
            "%s" if name in wanted else encode(values[name]).decode().replace("%", "%%")
        )
        parts.append(f'"{name}":{json}')
    template = "{" + ",".join(parts) + "}"
    order = [name for name in names if name in wanted]

    def make(row: Mapping[str, str]) -> str:
        return template % tuple(row[name] for name in order)

    return make


def text(value: str) -> str:
    """Return a text as JSON."""
    return msgspec.json.encode(value).decode()
