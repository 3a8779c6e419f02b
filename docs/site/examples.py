"""The examples on a resource's page: in Python, for the command line and for curl."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from docs.site.facts import FieldFacts, fields_of, operations
from sage200_async.odata.fields import (
    BooleanField,
    DateTimeField,
    IntegerField,
    NumberField,
)
from sage200_async.odata.namespaces import names_of
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.operations import Single

BASE_URL: Final = "https://api.columbus.sage.com/uk/sage200extra/accounts/v1"
HEADERS: Final = (
    '-H "Authorization: Bearer $TOKEN" \\\n'
    '  -H "X-Site: $SITE" -H "X-Company: $COMPANY"'
)
_PROGRAM: Final = """\
from sage200_async import Sage200Client

async with Sage200Client() as client:
"""
_IMPORTS: Final = {
    "Decimal(": "from decimal import Decimal\n",
    "datetime(": "from datetime import UTC, datetime\n",
}
# What an example imports besides, by what is in it.
_SHOWN: Final = 4
# Fields that an example selects, where its line is not longer than:
_WIDEST: Final = 80


def shown_fields(endpoint: Endpoint[Any]) -> list[str]:
    """Return the fields that tell most about a record: its key and its first texts."""
    facts = fields_of(endpoint.record)
    texts = [f.name for f in facts if f.about[:1] == ("Text",)]
    others = [f.name for f in facts]
    key = [endpoint.key] if endpoint.key else []
    shown = list[str]()
    for name in dict.fromkeys([*key, *texts, *others]):
        line = f"    {_query(endpoint, [*shown, name])}"
        if not shown or (len(shown) < _SHOWN and len(line) <= _WIDEST):
            shown.append(name)
    return shown


def _query(endpoint: Endpoint[Any], names: list[str]) -> str:
    selected = ", ".join(f'"{name}"' for name in names)
    query = f"query = client.{endpoint.path}"
    return f"{query}.select({selected})" if selected else query


def python(endpoint: Endpoint[Any]) -> str:
    """Return a whole example in Python, for an event loop that runs."""
    lines = _python_lines(endpoint)
    body = "".join(f"    {line}\n" if line else "\n" for line in lines)
    imports = "".join(line for call, line in _IMPORTS.items() if call in body)
    return (f"{imports}\n" if imports else "") + _PROGRAM + body


def _python_lines(endpoint: Endpoint[Any]) -> Iterator[str]:
    resource, names = f"client.{endpoint.path}", shown_fields(endpoint)
    operation = operations(endpoint)[0]
    if endpoint.path == "sites":  # a method: it is asked without the headers of a site
        yield "for site in await client.sites():"
        yield "    print(site.site_id, site.company_id, site.company_name)"
    elif operation == "list":
        yield _query(endpoint, names)
        values = ", ".join(f"record.{name}" for name in names) or "record"
        yield "async for record in query.top(5):"
        yield f"    print({values})"
        if "get" in endpoint.verbs and endpoint.key:
            yield ""
            yield f"first = await {resource}.first()"
            yield "if first is not None:"
            yield f"    whole = await {resource}.get(first.{endpoint.key})"
    elif operation == "get":
        key = "" if is_single(endpoint) else "1"
        yield f"record = await {resource}.get({key})" + ("  # its id" if key else "")
        yield "print(record)"
    elif operation == "create":
        yield f"new = await {resource}.create("
        yield from _input_lines(endpoint)
        yield ")"
        yield "print(new)"
    else:
        message = f"{endpoint.path}: no example for {operation}"
        raise NotImplementedError(message)


def is_single(endpoint: Endpoint[Any]) -> bool:
    """Whether a resource is one record, without an id: `current_user` is."""
    kind = getattr(endpoint.resource, "__origin__", endpoint.resource)
    return issubclass(kind, Single)


def _input_lines(endpoint: Endpoint[Any]) -> Iterator[str]:
    """Yield the lines of an input: its required fields, or a few that it may have."""
    facts = [f for f in fields_of(endpoint.record) if not f.read_only]
    required = [f for f in facts if f.required]
    yield "    {"
    for fact in required or facts[:2]:
        yield f'        "{fact.name}": {_value(endpoint, fact)},'
    yield "    }"


def _value(endpoint: Endpoint[Any], fact: FieldFacts) -> str:
    """Return a value of the kind of a field, as Python writes it."""
    record = endpoint.record
    kind = names_of(type(record.fields))[fact.name] if record else object
    if fact.values:
        return f'"{fact.values[0]}"'
    samples = {
        IntegerField: "1",
        NumberField: 'Decimal("1.50")',
        DateTimeField: "datetime(2026, 1, 31, tzinfo=UTC)",
        BooleanField: "True",
    }
    return next((s for k, s in samples.items() if issubclass(kind, k)), '"A1"')


def command_line(endpoint: Endpoint[Any]) -> str:
    """Return the command that prints records, or else that describes the resource."""
    if "list" not in endpoint.verbs:
        return f"sage200 describe {endpoint.path}\n"
    names = shown_fields(endpoint)
    select = f" --select {','.join(names)}" if names else ""
    return f"sage200 query {endpoint.path}{select} --top 5\n"


def curl(endpoint: Endpoint[Any]) -> str:
    """Return the request of the same read or write for curl."""
    url = f"{BASE_URL}/{endpoint.path}"
    if "list" in endpoint.verbs:
        names = shown_fields(endpoint)
        select = f"$select={','.join(names)}&" if names else ""
        return f"curl '{url}?{select}$top=5' \\\n  {HEADERS}\n"
    if "get" in endpoint.verbs:
        return f"curl '{url}{'' if is_single(endpoint) else '/1'}' \\\n  {HEADERS}\n"
    body = "-H 'Content-Type: application/json' --data @new.json"
    return f"curl '{url}' \\\n  {HEADERS} \\\n  {body}\n"
