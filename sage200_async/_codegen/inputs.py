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
"""The type of a body whose fields are unknown."""


class InputField(Struct, frozen=True):
    """One field of an input."""

    name: str
    type: str
    required: bool = False
    length: int | None = None
    """Characters of a text at most."""
    note: str = ""
    """What the documents know of it, in one line."""
    places: int | None = None
    """Decimal places of a number."""


class Input(Struct, frozen=True):
    """What writes of one record take."""

    record: str
    area: str
    created: bool
    """Whether a `create` takes it."""
    changed: bool
    """Whether an `update` does."""
    row: bool
    """Whether it is part of other inputs."""
    bulk: bool
    """Whether many are updated by one request, each with its id."""
    names: tuple[InputField, ...]
    has_id: bool
    """Whether rows are identified by an ``id`` that is read-only."""
    read_only: tuple[str, ...]
    """The fields of the record that are not written."""


class Bodies(Struct, frozen=True):
    """The schemas that operations take."""

    created: frozenset[str]
    changed: frozenset[str]
    bulk: frozenset[str]


def body_of(
    documents: Documents, overrides: Overrides, route: Route, operation: Operation
) -> str | None:
    """Return the schema that an operation takes, as corrected."""
    if operation.verb not in {"post", "put"}:
        return None
    body = operation.body
    where = "/".join(segments(route.path))
    if body is None:
        body = overrides.name("body", where, None)
        note = f"{body} by override" if body else "anything"
        documents.report(
            "write without a body", f"{operation.verb.upper()} {where}", note
        )
    return body


def bodies_of(documents: Documents, overrides: Overrides) -> Bodies:
    """Return every schema that an operation takes."""
    bodies: dict[str, set[str]] = {"post": set(), "put": set(), "bulk": set()}
    for route in documents.routes.values():
        for operation in route.operations:
            body = body_of(documents, overrides, route, operation)
            if body is not None:
                bodies[operation.verb].add(body)
                if operation.verb == "put" and not route.path.endswith("}"):
                    bodies["bulk"].add(body)
                    documents.report("update of a collection", route.path)
    created, changed, bulk = map(frozenset, bodies.values())
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
        _report_unwritten(
            documents, models.records[name], created=name in bodies.created
        )
    return inputs


def _report_unwritten(documents: Documents, record: Record, *, created: bool) -> None:
    """Report what of the documents the inputs leave out."""
    if record.required and not created:
        names = ", ".join(record.required)
        documents.report("required, yet never created", record.name, names)
    for field in record.fields:
        if field.kind == "expandable" and not field.part and not field.read_only:
            where = f"{record.name}.{field.name}"
            documents.report("placeholder that is not read-only", where, "not written")


def _add_rows(models: Models, record: Record, rows: set[str]) -> None:
    """Add the records that may be written inside *record*."""
    for inner in filter(
        None, (written_record(models, field) for field in record.fields)
    ):
        if inner.name not in rows:
            rows.add(inner.name)
            _add_rows(models, inner, rows)


def written_record(models: Models, field: Field) -> Record | None:
    """Return the related record that is written with its parent, or None."""
    if field.read_only or not field.part or field.record is None:
        return None
    record = models.records[field.record]
    return record if any(not field.read_only for field in record.fields) else None


def _input(models: Models, record: Record, bodies: Bodies, *, row: bool) -> Input:
    taken = [(field, _type(models, bodies, field)) for field in record.fields]
    id_field = record.field("id")
    return Input(
        record.name,
        record.area,
        created=record.name in bodies.created,
        changed=record.name in bodies.changed,
        row=row,
        bulk=record.name in bodies.bulk,
        names=tuple(
            InputField(
                field.name,
                type_,
                field.name in record.required,
                field.length,
                field.note,
                field.places,
            )
            for field, type_ in taken
            if type_ is not None
        ),
        has_id=id_field is not None and id_field.read_only,
        read_only=tuple(
            field.name
            for field, type_ in taken
            if type_ is None and field.attribute == field.name
        ),
    )


def _type(models: Models, bodies: Bodies, field: Field) -> str | None:
    """Return the type of a field of an input, or None where it is not written."""
    if field.read_only or field.attribute != field.name:
        return None
    if field.kind != "expandable":
        return f"{literals(field)}{KINDS[field.kind].written}"
    inner = written_record(models, field)
    if inner is None:
        return None
    name = row_name(inner.name, bodies)
    return f"list[{name}]" if field.many else name


def literals(field: Field) -> str:
    """Return the type of the values that are known, to be joined with others."""
    values = ", ".join(f'"{value}"' for value in field.values)
    return f"Literal[{values}] | " if values else ""


def row_name(record: str, bodies: Bodies) -> str:
    """Return the name of the input of a row, other than that of a `create`."""
    return f"{camel(record)}{'Row' if record in bodies.created else 'Input'}"
