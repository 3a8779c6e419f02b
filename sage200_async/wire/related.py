"""Which records the fields of a record hold."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = re.compile(r"\w+")


def with_related(model: Any) -> Iterator[Any]:
    """Yield *model* after all records below it, each after those that its fields hold.

    Records that hold each other stand together, after whatever else they hold: Tarjan's
    strongly connected components.
    """
    return _components(model, [], {})


def _components(
    model: Any, open_records: list[Any], lowest: dict[Any, int]
) -> Iterator[Any]:
    """Yield the components below *model*, and its own if it was met first of that.

    Args:
        model: A record that was not met before.
        open_records: Those whose component is not complete.
        lowest: Of each record that was met, the number of the first one that it leads
            back to.
    """
    lowest[model] = number = len(lowest)
    open_records.append(model)
    for related in related_fields(model).values():
        if related not in lowest:
            yield from _components(related, open_records, lowest)
        if related in open_records:
            lowest[model] = min(lowest[model], lowest[related])
    if lowest[model] == number:
        start = open_records.index(model)
        component = open_records[start:]
        del open_records[start:]
        yield from reversed(component)


@cache
def related_fields(model: Any) -> dict[str, Any]:
    """Return the fields of *model* that hold records, one or a list, with their model."""
    pairs = ((name, _record_in(hint, model)) for name, hint in hints_of(model).items())
    return {name: record for name, record in pairs if record is not None}


@cache
def hints_of(model: Any) -> dict[str, Any]:
    """Return the annotations of the fields of *model*, as they were written."""
    names = getattr(model, "__struct_fields__", ())
    hints: dict[str, Any] = {}
    for base in reversed(getattr(model, "__mro__", ())):
        hints.update(getattr(base, "__annotations__", {}))
    return {name: hints[name] for name in names if name in hints}


def _record_in(hint: object, model: Any) -> Any:
    """Return the record that a field with this annotation holds, or None."""
    if isinstance(hint, str):
        names = getattr(sys.modules.get(model.__module__), "__dict__", {})
        parts = [names.get(word) for word in _WORD.findall(hint)]
    else:
        parts = [_record_in(part, model) for part in get_args(hint)] or [hint]
    records = (part for part in parts if isinstance(part, type))
    return next((record for record in records if issubclass(record, Struct)), None)
