"""Decides what writes take: an input for each schema that a body may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sage200_async._codegen.model import KINDS
from sage200_async._codegen.names import camel
from sage200_async._codegen.read import segments

if TYPE_CHECKING:
    from sage200_async._codegen.model import Field, Models, Record
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.read import Documents, Operation, Route

ANYTHING = "dict[str, Any]"
"""What a body takes of which nobody knows the fields."""


class Given(Struct, frozen=True):
    """One name that an input takes."""

    name: str
    type: str
    required: bool = False


class Input(Struct, frozen=True):
    """What writes of one record take."""

    record: str
    area: str
    created: bool
    """Whether a `create` takes it."""
    changed: bool
    """Whether an `update` does."""
    row: bool
    """Whether it stands inside other inputs."""
    bulk: bool
    """Whether many are updated at once, each with its id."""
    names: tuple[Given, ...]
    has_id: bool
    """Whether a row is told from others by an ``id`` that is read-only."""


class Bodies(Struct, frozen=True):
    """Which schemas the operations take."""

    created: frozenset[str]
    changed: frozenset[str]
    bulk: frozenset[str]


def body_of(
    documents: Documents, overrides: Overrides, route: Route, operation: Operation
) -> str | None:
    """Give the schema that an operation takes, as corrected."""
    if operation.verb not in {"post", "put"}:
        return None
    body = operation.body
    where = "/".join(segments(route.path))
    if body is None:
        body = overrides.name("body", where, None)
        note = f"{body} by override" if body else "anything"
        documents.find(
            "write without a body", f"{operation.verb.upper()} {where}", note
        )
    return body


def bodies_of(documents: Documents, overrides: Overrides) -> Bodies:
    """Find every schema that an operation takes."""
    found: dict[str, set[str]] = {"post": set(), "put": set(), "bulk": set()}
    for route in documents.routes.values():
        for operation in route.operations:
            body = body_of(documents, overrides, route, operation)
            if body is not None:
                found[operation.verb].add(body)
                if operation.verb == "put" and not route.path.endswith("}"):
                    found["bulk"].add(body)
                    documents.find("update of a collection", route.path)
    created, changed, bulk = map(frozenset, found.values())
    return Bodies(created, changed, bulk)


def inputs_of(documents: Documents, models: Models, bodies: Bodies) -> dict[str, Input]:
    """Decide every input, by the name of its record."""
    written = bodies.created | bodies.changed
    rows: set[str] = set()
    for name in models.records:
        if name in written:
            _add_rows(models, models.records[name], rows)
    inputs = {
        name: _input(models, record, bodies, row=name in rows)
        for name, record in models.records.items()
        if name in written or name in rows
    }
    for name in inputs:
        _look_at(documents, models.records[name], created=name in bodies.created)
    return inputs


def _look_at(documents: Documents, record: Record, *, created: bool) -> None:
    """Note what of the documents the inputs leave out."""
    if record.required and not created:
        names = ", ".join(record.required)
        documents.find("required, yet never created", record.name, names)
    for each in record.fields:
        if each.kind == "member" and not each.part and not each.read_only:
            where = f"{record.name}.{each.name}"
            documents.find("placeholder that is not read-only", where, "not written")


def _add_rows(models: Models, record: Record, rows: set[str]) -> None:
    """Add the records that may be written inside *record*."""
    for inner in filter(None, (written_member(models, each) for each in record.fields)):
        if inner.name not in rows:
            rows.add(inner.name)
            _add_rows(models, inner, rows)


def written_member(models: Models, field: Field) -> Record | None:
    """Give the record of a member that is written with its parent, or None."""
    if field.read_only or not field.part or field.record is None:
        return None
    record = models.records[field.record]
    return record if any(not each.read_only for each in record.fields) else None


def _input(models: Models, record: Record, bodies: Bodies, *, row: bool) -> Input:
    taken = [(each, _type(models, bodies, each)) for each in record.fields]
    id_field = record.field("id")
    return Input(
        record.name,
        record.area,
        created=record.name in bodies.created,
        changed=record.name in bodies.changed,
        row=row,
        bulk=record.name in bodies.bulk,
        names=tuple(
            Given(each.name, type_, each.name in record.required)
            for each, type_ in taken
            if type_ is not None
        ),
        has_id=id_field is not None and id_field.read_only,
    )


def _type(models: Models, bodies: Bodies, field: Field) -> str | None:
    """Give the type that an input takes for a field, or None where it takes none."""
    if field.read_only or field.attribute != field.name:
        return None
    if field.kind != "member":
        return KINDS[field.kind].given
    inner = written_member(models, field)
    if inner is None:
        return None
    name = row_name(inner.name, bodies)
    return f"list[{name}]" if field.many else name


def row_name(record: str, bodies: Bodies) -> str:
    """Name the input of a row: apart from what a `create` takes."""
    return f"{camel(record)}{'Row' if record in bodies.created else 'Input'}"
