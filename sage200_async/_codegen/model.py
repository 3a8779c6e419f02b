"""Decides what each schema becomes: records, their fields, their related records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from sage200_async._codegen.names import attribute, related_record_name
from sage200_async._codegen.read import Property

if TYPE_CHECKING:
    from sage200_async._codegen.overrides import Overrides
    from sage200_async._codegen.read import Documents, Schema


class Kind(NamedTuple):
    """What a kind of field is in Python."""

    python: str
    """The type of a record's field."""
    namespace: str
    """The class of a field in conditions."""
    written: str
    """The type that writes take."""
    words: str
    compared: str
    """The type that a keyword of `filter` takes, besides None."""


KINDS: Final = {
    "text": Kind("str", "TextField", "str", "Text", "str"),
    "enum": Kind("str", "EnumField", "str", "Enum", "str | int"),
    "enum or number": Kind(
        "str | int", "EnumField", "str | int", "Enum, or its number", "str | int"
    ),
    "integer": Kind("int", "IntegerField", "int", "Whole number", "int"),
    "number": Kind(
        "Decimal", "NumberField", "Decimal | float", "Number", "Decimal | float"
    ),
    "datetime": Kind(
        "UtcTime", "DateTimeField", "DateOrTime", "Time, UTC", "DateOrTime"
    ),
    "boolean": Kind("bool", "BooleanField", "bool", "True or false", "bool"),
    "either": Kind(
        "int | str", "AnyField", "int | str", "Whole number or text", "int | str"
    ),
    "any": Kind("Any", "AnyField", "Any", "Of unknown type", "Any"),
}
_ENUM: Final = re.compile(r"(?!spare).*_(type|status|basis|method)")
# Text fields of these names have the literals of a `*_types` resource.
_NUMBERED: Final = "_view"
# Views serve some enums by number: a dbt project reads
# `sop_order_line_type = 0` where the documents say text.
_QUALIFIED: Final = (
    "country_code",
    "currency",
    "nominal_code",
    "payment_group",
    "search_value",
    "tax_code",
    "warehouse",
)
# Related records named `<something>_<one of these>` are certainly of that schema.


class Field(Struct, frozen=True):
    """One field of a record."""

    name: str
    """On the wire."""
    kind: str
    """A kind of `KINDS`, or ``"expandable"``: related records."""
    note: str
    read_only: bool
    many: bool = False
    record: str | None = None
    """The name of the related record, or None where it is unknown."""
    part: bool = False
    """Whether related records are part of their record, and written with it."""
    length: int | None = None
    """Characters of a text at most; an enum's are wrong in the documents."""
    places: int | None = None
    """Decimal places of a number."""
    values: tuple[str, ...] = ()
    """The literals of an enum that are known; there may be others."""

    @property
    def attribute(self) -> str:
        """Its name in Python."""
        return attribute(self.name)


class Record(Struct, frozen=True):
    """One record."""

    name: str
    """In the words of the documents: ``sop_order_line``."""
    area: str
    source: str
    """The schema that it comes from, and the field of the schema."""
    fields: tuple[Field, ...]
    required: tuple[str, ...] = ()
    professional_only: bool = False
    inferred: bool = False
    """Whether the documents lack it."""

    def field(self, name: str) -> Field | None:
        """Return a field, or None where there is none of that name."""
        return next((field for field in self.fields if field.name == name), None)


class Models(Struct, frozen=True):
    """Every record, and what became of the placeholders."""

    records: dict[str, Record]
    placeholders: dict[str, str | None]
    """Related records without fields in the documents, each with its record."""


class _Owner(NamedTuple):
    """The record that a field belongs to."""

    name: str
    area: str
    schema: str
    """The schema that the record comes from."""
    required: tuple[str, ...] = ()
    """What a new record needs."""

    def __str__(self) -> str:
        return self.name


def models_of(documents: Documents, overrides: Overrides) -> Models:
    """Decide what every schema becomes."""
    builder = _Builder(documents, overrides)
    for schema in documents.schemas.values():
        builder.add(schema)
    return Models(builder.records, builder.placeholders)


class _Builder:
    """Turns schemas into records, related records first."""

    def __init__(self, documents: Documents, overrides: Overrides) -> None:
        self.records: dict[str, Record] = {}
        self.placeholders: dict[str, str | None] = {}
        self._documents = documents
        self._overrides = overrides
        self._dates = _dates(documents)

    def add(self, schema: Schema) -> None:
        """Add the record of a schema, and its related records."""
        required = self._required(schema)
        owner = _Owner(schema.name, schema.area, schema.name, required)
        properties = (*schema.properties, *self._extra(schema))
        self.records[schema.name] = Record(
            schema.name,
            schema.area,
            f"`{schema.name}`" + _lacking(schema.kin),
            tuple(self._field(owner, field) for field in properties),
            required,
            schema.professional_only,
            bool(schema.kin),
        )

    def _extra(self, schema: Schema) -> list[Property]:
        """Return the fields that the documents lack."""
        known = {field.name: field.kind for field in schema.properties}
        named = [name for name, _ in self._overrides.below("extra", schema.name)]
        kinds = {
            name: self._overrides.name(
                "extra", f"{schema.name}.{name}", known.get(name)
            )
            for name in named
        }
        return [Property(name, str(kinds[name])) for name in named if name not in known]

    def _required(self, schema: Schema) -> tuple[str, ...]:
        for field in schema.properties:
            if field.read_only and field.name in schema.required:
                where = f"{schema.name}.{field.name}"
                self._documents.report("required, yet read-only", where, "read-only")
        return self._overrides.names("required", schema.name, schema.required)

    def _field(self, owner: _Owner, property_: Property) -> Field:
        where = f"{owner}.{property_.name}"
        if attribute(property_.name) != property_.name:
            note = (
                f"{attribute(property_.name)} in records, left out of fields and inputs"
            )
            self._documents.report("name that Python cannot spell", where, note)
        kind = self._kind(owner, property_)
        record = self._related(owner, property_) if kind == "expandable" else None
        return Field(
            property_.name,
            kind,
            self._note(owner, property_, kind, known=record is not None),
            self._read_only(where, property_),
            property_.many,
            record,
            part=bool(property_.target or property_.inside),
            length=property_.length if kind == "text" else None,
            places=property_.places if kind == "number" else None,
            values=self._values(where, property_) if kind.startswith("enum") else (),
        )

    def _values(self, where: str, property_: Property) -> tuple[str, ...]:
        of_all = self._overrides.names("values", property_.name)
        return self._overrides.names("values", where, of_all)

    def _read_only(self, where: str, property_: Property) -> bool:
        default = "yes" if property_.read_only else "no"
        return self._overrides.name("read_only", where, default) == "yes"

    def _kind(self, owner: _Owner, property_: Property) -> str:
        kind = property_.kind
        if kind == "text" and _ENUM.fullmatch(property_.name):
            kind = "enum or number" if _NUMBERED in owner.schema else "enum"
        corrected = self._overrides.name("type", f"{owner}.{property_.name}", kind)
        if corrected not in KINDS and corrected != "expandable":
            raise ValueError(
                f"{owner}.{property_.name}: there is no kind {corrected!r}"
            )
        return str(corrected)

    def _related(self, owner: _Owner, property_: Property) -> str | None:
        if property_.target is not None:
            return property_.target
        if property_.inside:
            return self._inline(owner, property_)
        where = f"{owner}.{property_.name}"
        guess = _target_by_name(property_.name, self._documents)
        target = self._overrides.name("expandable", where, guess)
        if target is not None and target not in self._documents.schemas:
            raise ValueError(f"{where}: there is no schema {target!r}")
        self.placeholders[where] = target
        return target

    def _inline(self, owner: _Owner, property_: Property) -> str:
        name = related_record_name(owner.name, property_.name, many=property_.many)
        if name in self._documents.schemas or name in self.records:
            taken, name = name, f"{owner.name}_{property_.name}"
            self._documents.report("name clash", taken, f"{name} instead")
        inner = _Owner(name, owner.area, owner.schema)
        fields = tuple(self._field(inner, field) for field in property_.inside)
        source = f"`{owner.schema}`, related `{property_.name}`"
        inferred = bool(self._documents.schemas[owner.schema].kin)
        self.records[name] = Record(name, owner.area, source, fields, inferred=inferred)
        return name

    def _note(
        self, owner: _Owner, property_: Property, kind: str, *, known: bool
    ) -> str:
        """Return what the documents know of a field, in one line."""
        if kind == "expandable":
            what = "Related records" if property_.many else "Related record"
            parts = [f"{what}, when expanded"] + ["of unknown fields"] * (not known)
        else:
            parts = [KINDS[kind].words]
        if kind == "text" and property_.length is not None:
            parts.append(f"{property_.length} characters at most")
        if kind == "number" and property_.places is not None:
            parts.append(f"{property_.places} decimal places")
        is_read_only = self._read_only(f"{owner}.{property_.name}", property_)
        required = property_.name in owner.required and not is_read_only
        parts += ["read-only"] * is_read_only + ["required when created"] * required
        parts += ["Professional only"] * property_.professional_only
        added = dict(self._overrides.below("extra", owner.name))
        parts += ["not in the documents"] * (property_.name in added)
        if owner.name == owner.schema:
            date = self._dates.get((owner.schema, property_.name))
            parts += [f"changelog {date}"] * (date is not None)
        return f"{', '.join(parts)}."


def _lacking(kin: str) -> str:
    """Return what is said of what the documents lack."""
    return f", not in the documents: as `{kin}`, by inference" if kin else ""


def _target_by_name(name: str, documents: Documents) -> str | None:
    if name in documents.schemas:
        return name
    endings = (ending for ending in _QUALIFIED if name.endswith(f"_{ending}"))
    return next(endings, None)


def _dates(documents: Documents) -> dict[tuple[str, str], str]:
    """Return when the changelog of a schema's paths first names each field."""
    dates: dict[tuple[str, str], str] = {}
    fields = {
        p.name for schema in documents.schemas.values() for p in schema.properties
    }
    for route in documents.routes.values():
        schemas = {
            operation.reply or operation.body for operation in route.operations
        } - {None}
        for date, names in route.changelog:
            for name in names:
                if name not in fields:
                    where = f"{route.path} {date}"
                    documents.report("changelog names no field", where, name)
                for schema in schemas:
                    key = (str(schema), name)
                    dates[key] = min(dates.get(key, date), date)
    return dates
