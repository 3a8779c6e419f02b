"""The page of one resource, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from docs.site import examples
from docs.site.facts import (
    AREAS,
    SLOW_EXPANDS,
    VIEWS,
    FieldFacts,
    RelatedFacts,
    area_of,
    endpoints,
    fields_of,
    nested_of,
    operations,
    pages_by_record,
    related_of,
    titles,
)
from sage200_async.catalog.identities import IDENTITIES
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.records import Record

_CALLS: Final = {
    "list": ("async for record in {0}", "GET {0}"),
    "get": ("await {0}.get(id)", "GET {0}/{{id}}"),
    "create": ("await {0}.create(values)", "POST {0}"),
    "update": ("await {0}.update(id, changes)", "PUT {0}/{{id}}"),
    "update_many": ("await {0}.update_many(rows)", "PUT {0}"),
    "delete": ("await {0}.delete(id)", "DELETE {0}/{{id}}"),
}


def page(path: str, endpoint: Endpoint[Any]) -> str:
    """Return the page of the resource at *path*."""
    parts = [_head(path, endpoint), _operations(endpoint), _examples(endpoint)]
    record = endpoint.record or endpoint.reply_record
    parts += [_reading(path, endpoint), _writing(path), _fields(record)]
    parts += [_related(path, endpoint, record), _nested(path, endpoint)]
    return "\n".join(part for part in parts if part)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, or nothing where there are no rows."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_row(head), _row(["---"] * len(head)), *lines]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _head(path: str, endpoint: Endpoint[Any]) -> str:
    title = titles().get(path, f"{path.capitalize()}:").rpartition(":")[0]
    area = area_of(endpoint)
    record = endpoint.record or endpoint.reply_record
    name = f" as `sage200_async.catalog.{record.__name__}`" if record else ""
    lines = [f"# {path}\n", f"{title}{name}. In [{AREAS[area]}]({area}.md).\n"]
    if endpoint.professional_only:
        lines.append("Only in Sage 200 Professional: Standard lacks it.\n")
    if path in VIEWS:
        view = VIEWS[path]
        lines.append(
            f'!!! tip "Faster: [`{view}`]({view}.md)"\n'
            f"    Sage calls `{path}` slow to list, and names this view instead. It has "
            "fewer\n    fields, and is only read.\n"
        )
    return "\n".join(lines)


def _operations(endpoint: Endpoint[Any]) -> str:
    rows = [
        (
            operation,
            f"`{_call(operation, endpoint)}`",
            f"`{_request(operation, endpoint)}`",
        )
        for operation in operations(endpoint)
    ]
    return "## Operations\n\n" + table(("operation", "Python", "request"), rows)


def _call(operation: str, endpoint: Endpoint[Any]) -> str:
    if endpoint.path == "sites":
        return "await client.sites()"
    call = _CALLS[operation][0].format(f"client.{endpoint.path}")
    return call.replace("(id)", "()") if examples.is_single(endpoint) else call


def _request(operation: str, endpoint: Endpoint[Any]) -> str:
    request = _CALLS[operation][1].format(endpoint.path)
    return request.removesuffix("/{id}") if examples.is_single(endpoint) else request


def _examples(endpoint: Endpoint[Any]) -> str:
    tabs = {
        "Python": ("python", examples.python(endpoint)),
        "Command line": ("sh", examples.command_line(endpoint)),
        "curl": ("sh", examples.curl(endpoint)),
    }
    blocks = [
        f'=== "{title}"\n\n' + _indented(f"```{language}\n{code}```\n")
        for title, (language, code) in tabs.items()
    ]
    return "## Example\n\n" + "\n".join(blocks)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def _reading(path: str, endpoint: Endpoint[Any]) -> str:
    if "list" not in endpoint.verbs:
        return ""
    rows = [
        (
            "unique key",
            _code(endpoint.key) or "none: see [reading](../how-it-reads.md)",
        ),
        ("time of last change", _code(endpoint.watermark) or _NO_STAMP),
        ("Sage's own order", _codes(endpoint.default_order) or "not documented"),
    ]
    if endpoint.parameters:
        rows.append(("parameters of its own", _codes(endpoint.parameters)))
    if path in SLOW_EXPANDS:
        rows.append(("slow to expand", _codes(SLOW_EXPANDS[path])))
    return "## Reading\n\n" + "".join(f"- {name}: {text}\n" for name, text in rows)


_NO_STAMP: Final = "none: a sync reads the resource whole each time"


def _writing(path: str) -> str:
    if path not in IDENTITIES:
        return ""
    identity = IDENTITIES[path]
    if identity is None:
        text = (
            "No field is known by which a new record could be found again. After an "
            "error with `outcome_unknown`, look in Sage before you send it once more."
        )
    else:
        kind = {"key": "its natural key", "marker": "a marker of your own"}[identity.by]
        where = f"[`{identity.resource}`]({identity.resource}.md)"
        text = (
            f"A new record is found again by {kind}, {_codes(identity.fields)}, in "
            f"{where}. Look there after an error with `outcome_unknown`, before you "
            "send it once more; [a job of many rows](../writing.md) does so by itself. "
            f"Known from: {identity.source}."
        )
    return f"## Creating\n\n{text}\n"


def _fields(record: type[Record] | None) -> str:
    if record is None:
        return ""
    return "## Fields\n\n" + _LEGEND + _field_table(fields_of(record))


_LEGEND: Final = (
    "*required*: when a record is created. *read-only*: Sage sets it. A value of an "
    "enumeration that is not listed is passed on as it is.\n\n"
)


def _field_table(facts: list[FieldFacts]) -> str:
    rows = [(f"`{f.name}`", ", ".join(f.about) or "-", _notes(f)) for f in facts]
    return table(("field", "type", ""), rows)


def _notes(fact: FieldFacts) -> str:
    notes = ["required"] * fact.required + ["read-only"] * fact.read_only
    if fact.values:
        notes.append(f"known values: {_codes(fact.values)}")
    return "; ".join(notes)


def _related(path: str, endpoint: Endpoint[Any], record: type[Record] | None) -> str:
    facts = related_of(record)
    if not facts and not endpoint.extra_expands:
        return ""
    pages = pages_by_record()
    slow = SLOW_EXPANDS.get(path, ())
    rows = [
        (f"`{f.name}`", _record_link(f, pages), _related_notes(f, slow)) for f in facts
    ]
    rows += [
        (
            f"`{name}`",
            "-",
            "no field of the record; slow"
            if name in slow
            else "no field of the record",
        )
        for name in endpoint.extra_expands
    ]
    text = f"## Related records\n\n{_how_related(endpoint)}\n\n"
    text += table(("name", "record", ""), rows) + "\n"
    return text + "\n".join(_details(facts, pages))


def _how_related(endpoint: Endpoint[Any]) -> str:
    if endpoint.verbs & {"list", "get"}:
        return "`expand` brings them; `select` with such a name does so, too."
    return "They are nested in what is written."


def _record_link(fact: RelatedFacts, pages: dict[str, str]) -> str:
    if fact.record is None:
        return "not documented"
    name = f"`{fact.record.__name__}`"
    home = pages.get(fact.record.__name__)
    return f"[{name}]({home}.md)" if home else name


def _related_notes(fact: RelatedFacts, slow: Sequence[str]) -> str:
    notes = ["a list" if fact.many else "one"] + ["slow"] * (fact.name in slow)
    # The first part is "Related record(s)", the last "when expanded".
    notes += [part for part in fact.about[1:] if part != "when expanded"]
    return ", ".join(notes)


def _details(facts: list[RelatedFacts], pages: dict[str, str]) -> Iterator[str]:
    """Yield the fields of related records that have no page of their own."""
    for fact in facts:
        if fact.record is not None and fact.record.__name__ not in pages:
            fields = _field_table(fields_of(fact.record))
            if fields:
                yield f'??? note "Fields of `{fact.name}`"\n\n' + _indented(fields)


def _nested(path: str, endpoint: Endpoint[Any]) -> str:
    pages, own = pages_by_record(), endpoints()
    rows = [
        (
            f"`client.{nested}`",
            " ".join(operations(below)),
            _nested_link(below, own, pages),
        )
        for nested, below in nested_of(endpoint.item, path)
    ]
    if not rows:
        return ""
    return "## Below one record\n\n" + table(("resource", "operations", "record"), rows)


def _nested_link(
    below: Endpoint[Any], own: dict[str, Endpoint[Any]], pages: dict[str, str]
) -> str:
    name = f"`{below.record.__name__}`" if below.record else "untyped"
    home = below.path if below.path in own else pages.get(name.strip("`"))
    return f"[{name}]({home}.md)" if home else name


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
