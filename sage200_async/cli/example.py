"""An example query for each resource, the same in Python and on the command line."""

from __future__ import annotations

from inspect import isfunction
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from sage200_async import Sage200Client
from sage200_async.odata.fields import Field
from sage200_async.odata.namespaces import Fields, names_of

if TYPE_CHECKING:
    from sage200_async.query.endpoint import Endpoint

_TOP: Final = 10
_COLUMNS: Final = 4


class Example(Struct, frozen=True):
    """One query, written twice."""

    python: str
    command: str


def example_of(name: str, endpoint: Endpoint[Any]) -> Example | None:
    """Return a query of some fields of ten records; None if it cannot be listed.

    Where there is a text to compare, it has a condition, too.

    Example:
        >>> from sage200_async.catalog import Endpoints
        >>> example = example_of("price_bands", Endpoints.price_bands)
        >>> print(example.command)
        sage200 query price_bands --filter "startswith(name,'A')" --select id,name,description,is_standard_band --top 10
    """
    if "list" not in endpoint.verbs:
        return None
    if isfunction(getattr(Sage200Client, name, None)):
        python = f"for record in await client.{name}():\n    print(record)"
        return Example(python, f"sage200 query {name}")
    fields = _kinds(endpoint)
    chosen = list(fields)[:_COLUMNS]
    compared = next((one for one in chosen if fields[one] == "text"), None)
    steps, options = [f"client.{name}"], [f"sage200 query {name}"]
    record = endpoint.record
    imported = ""
    if compared and record:
        imported = f"from sage200_async.catalog import {record.__name__}\n"
        steps.append(f"filter({record.__name__}.fields.{compared}.startswith('A'))")
        options.append(f"--filter \"startswith({compared},'A')\"")
    if chosen:
        steps.append(f"select({', '.join(f'{one!r}' for one in chosen)})")
        options.append(f"--select {','.join(chosen)}")
    query = ".".join([*steps, f"top({_TOP})"])
    python = f"{imported}async for record in {query}:\n    print(record)".replace(
        "'", '"'
    )
    return Example(python, " ".join([*options, f"--top {_TOP}"]))


def _kinds(endpoint: Endpoint[Any]) -> dict[str, str]:
    """Return the kind of each field, the key's first."""
    record = endpoint.record
    namespace: Fields = record.fields if record else Fields()
    types = names_of(type(namespace))
    kinds = {name: kind.kind for name, kind in types.items() if issubclass(kind, Field)}
    key = endpoint.key
    return ({key: kinds[key]} if key in kinds else {}) | kinds
