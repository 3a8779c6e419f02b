"""Renders what queries of each record take: keywords of `filter`, and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sage200_async._codegen.inputs import literals
from sage200_async._codegen.model import KINDS
from sage200_async._codegen.names import camel
from sage200_async._codegen.render import CATALOG, head, import_line, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sage200_async._codegen.model import Field, Models, Record
    from sage200_async._codegen.render import Homes

_ALIASES: Final = ("Filter", "Select", "OrderBy", "Expand")
_PACKED: Final = 80
# Characters of a line of names.


def alias(record: Record, method: str) -> str:
    """Return the name of what a method of queries of *record* takes."""
    return f"{camel(record.name)}{method}"


def filter_homes(models: Models) -> Homes:
    """Return the module of each name that the modules of filters define."""
    return {
        alias(record, method): f"filters.{record.area}"
        for record in models.records.values()
        for method in _ALIASES
    }


def filters_module(models: Models, names: Iterable[str], area: str) -> str:
    """Return the module of what queries of the records *names* of one area take."""
    records = [models.records[name] for name in sorted(set(names))]
    body = "\n".join(
        text
        for record in records
        if record.area == area
        for text in (_filter(record), *_names(record, models))
    )
    dates = ["DateOrTime"] if "DateOrTime" in body else []
    doc = f"What queries of the `{area}` document take: for type checkers."
    library = [import_line(f"{CATALOG}.inputs", dates)]
    return f"{head(doc, body, library)}\n# fmt: off\n{body}"


def _filter(record: Record) -> str:
    """Return the keywords of `filter`: the fields, each with what it is compared with."""
    lines = [
        f"class {alias(record, 'Filter')}(TypedDict, total=False):",
        quoted(f"    Fields of a `{camel(record.name)}`, and what each has to equal."),
        "",
    ]
    for field in _plain(record):
        compared = KINDS[field.kind].compared
        lines.append(f"    {field.name}: {literals(field)}{compared} | None")
    return "\n".join([*lines, ""])


def _names(record: Record, models: Models) -> Iterator[str]:
    """Yield the names that the other methods take, as literals."""
    plain = [field.name for field in _plain(record)]
    fields = [field.name for field in record.fields if field.attribute == field.name]
    yield _literal(alias(record, "Select"), fields)
    ordered = [f"{name}{way}" for name in plain for way in ("", " asc", " desc")]
    yield _literal(alias(record, "OrderBy"), ordered)
    yield _literal(alias(record, "Expand"), list(_related(record, models)))


def _plain(record: Record) -> list[Field]:
    return [
        field
        for field in record.fields
        if field.kind != "expandable" and field.attribute == field.name
    ]


def _related(record: Record, models: Models) -> Iterator[str]:
    """Yield the names of related records, and of those that are related to them."""
    for field in record.fields:
        if field.kind == "expandable":
            yield field.name
            inner = None if field.record is None else models.records[field.record]
            for other in () if inner is None else inner.fields:
                if other.kind == "expandable":
                    yield f"{field.name}.{other.name}"


def _literal(name: str, values: list[str]) -> str:
    """Return an alias of the *values*, many on a line."""
    if not values:
        return ""
    lines = [""]
    for value in values:
        if len(lines[-1]) + len(value) > _PACKED:
            lines.append("")
        lines[-1] += f'"{value}", '
    packed = "\n".join(f"    {line.rstrip()}" for line in lines)
    return f"{name}: TypeAlias = Literal[\n{packed}\n]\n"
