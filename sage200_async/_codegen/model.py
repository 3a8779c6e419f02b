"""Decides what each schema becomes: records, their fields, their members."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from sage200_async._codegen.names import attribute, member_name
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
    given: str
    """The type that writes take."""
    words: str


KINDS: Final = {
    "text": Kind("str", "TextField", "str", "Text"),
    "enum": Kind("str", "EnumField", "str", "Enum"),
    "enum or number": Kind(
        "str | int", "EnumField", "str | int", "Enum, or its number"
    ),
    "integer": Kind("int", "IntegerField", "int", "Whole number"),
    "number": Kind("Decimal", "NumberField", "Decimal | float", "Number"),
    "datetime": Kind("datetime", "DateTimeField", "DateOrTime", "Time, UTC"),
    "boolean": Kind("bool", "BooleanField", "bool", "True or false"),
    "either": Kind("int | str", "AnyField", "int | str", "Whole number or text"),
    "any": Kind("Any", "AnyField", "Any", "Of a type that nobody knows"),
}
_ENUM: Final = re.compile(r"(?!spare).*_(type|status|basis|method)")
# Text fields named like this hold the literals of a `*_types` resource.
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
# Members named `<something>_<one of these>` are of that schema beyond doubt.


class Field(Struct, frozen=True):
    """One field of a record."""

    name: str
    """On the wire."""
    kind: str
    """A kind of `KINDS`, or ``"member"``."""
    note: str
    read_only: bool
    many: bool = False
    record: str | None = None
    """The record of a member, or None where nobody knows it."""
    part: bool = False
    """Whether a member is a part of its record, and no relative of it."""

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
    """The schema, and the member, that it was made from."""
    fields: tuple[Field, ...]
    required: tuple[str, ...] = ()
    professional_only: bool = False

    def field(self, name: str) -> Field | None:
        """Find a field."""
        return next((each for each in self.fields if each.name == name), None)


class Models(Struct, frozen=True):
    """Every record, and what became of the placeholders."""

    records: dict[str, Record]
    placeholders: dict[str, str | None]
    """Members without fields of their own, each with the record that it is."""


class _Place(NamedTuple):
    """Where a field stands."""

    owner: str
    """The record that it is in."""
    area: str
    schema: str
    """The schema that the record comes from."""

    def __str__(self) -> str:
        return self.owner


def models_of(documents: Documents, overrides: Overrides) -> Models:
    """Decide what every schema becomes."""
    maker = _Maker(documents, overrides)
    for schema in documents.schemas.values():
        maker.add(schema)
    return Models(maker.records, maker.placeholders)


class _Maker:
    """Makes records out of schemas, members first."""

    def __init__(self, documents: Documents, overrides: Overrides) -> None:
        self.records: dict[str, Record] = {}
        self.placeholders: dict[str, str | None] = {}
        self._documents = documents
        self._overrides = overrides
        self._dates = _dates(documents)

    def add(self, schema: Schema) -> None:
        """Make the record of a schema, and those of its members."""
        place = _Place(schema.name, schema.area, schema.name)
        properties = (*schema.properties, *self._extra(schema))
        self.records[schema.name] = Record(
            schema.name,
            schema.area,
            f"`{schema.name}`",
            tuple(self._field(place, each) for each in properties),
            self._required(schema),
            schema.professional_only,
        )

    def _extra(self, schema: Schema) -> list[Property]:
        """Give the fields that the documents lack."""
        known = {each.name: each.kind for each in schema.properties}
        named = [name for name, _ in self._overrides.below("extra", schema.name)]
        kinds = {
            name: self._overrides.name(
                "extra", f"{schema.name}.{name}", known.get(name)
            )
            for name in named
        }
        return [Property(name, str(kinds[name])) for name in named if name not in known]

    def _required(self, schema: Schema) -> tuple[str, ...]:
        for each in schema.properties:
            if each.read_only and each.name in schema.required:
                where = f"{schema.name}.{each.name}"
                self._documents.find("required, yet read-only", where, "read-only")
        return self._overrides.names("required", schema.name, schema.required)

    def _field(self, place: _Place, given: Property) -> Field:
        where = f"{place}.{given.name}"
        if attribute(given.name) != given.name:
            note = f"{attribute(given.name)} in records, left out of fields and inputs"
            self._documents.find("name that Python cannot spell", where, note)
        kind = self._kind(place, given)
        record = self._member(place, given) if kind == "member" else None
        return Field(
            given.name,
            kind,
            self._note(place, given, kind, known=record is not None),
            self._read_only(where, given),
            given.many,
            record,
            part=bool(given.target or given.inside),
        )

    def _read_only(self, where: str, given: Property) -> bool:
        said = "yes" if given.read_only else "no"
        return self._overrides.name("read_only", where, said) == "yes"

    def _kind(self, place: _Place, given: Property) -> str:
        kind = given.kind
        if kind == "text" and _ENUM.fullmatch(given.name):
            kind = "enum or number" if _NUMBERED in place.schema else "enum"
        found = self._overrides.name("type", f"{place}.{given.name}", kind)
        if found not in KINDS and found != "member":
            raise ValueError(f"{place}.{given.name}: there is no kind {found!r}")
        return str(found)

    def _member(self, place: _Place, given: Property) -> str | None:
        if given.target is not None:
            return given.target
        if given.inside:
            return self._inline(place, given)
        where = f"{place}.{given.name}"
        guess = _target_by_name(given.name, self._documents)
        target = self._overrides.name("member", where, guess)
        if target is not None and target not in self._documents.schemas:
            raise ValueError(f"{where}: there is no schema {target!r}")
        self.placeholders[where] = target
        return target

    def _inline(self, place: _Place, given: Property) -> str:
        name = member_name(place.owner, given.name, many=given.many)
        if name in self._documents.schemas or name in self.records:
            taken, name = name, f"{place.owner}_{given.name}"
            self._documents.find("name clash", taken, f"{name} instead")
        inner = _Place(name, place.area, place.schema)
        fields = tuple(self._field(inner, each) for each in given.inside)
        source = f"`{place.schema}`, member `{given.name}`"
        self.records[name] = Record(name, place.area, source, fields)
        return name

    def _note(self, place: _Place, given: Property, kind: str, *, known: bool) -> str:
        """Say what the documents know of a field, in one line."""
        if kind == "member":
            what = "Members" if given.many else "Member"
            parts = [f"{what}, when expanded"] + ["unknown inside"] * (not known)
        else:
            parts = [KINDS[kind].words]
        if kind == "text" and given.length is not None:
            parts.append(f"{given.length} characters at most")
        if kind == "number" and given.places is not None:
            parts.append(f"{given.places} decimal places")
        parts += ["read-only"] * given.read_only
        parts += ["Professional only"] * given.professional_only
        if place.owner == place.schema:
            date = self._dates.get((place.schema, given.name))
            parts += [f"changelog {date}"] * (date is not None)
        return f"{', '.join(parts)}."


def _target_by_name(name: str, documents: Documents) -> str | None:
    if name in documents.schemas:
        return name
    found = [each for each in _QUALIFIED if name.endswith(f"_{each}")]
    return found[0] if found else None


def _dates(documents: Documents) -> dict[tuple[str, str], str]:
    """Find when the changelog of a schema's paths first names each field."""
    dates: dict[tuple[str, str], str] = {}
    fields = {p.name for each in documents.schemas.values() for p in each.properties}
    for route in documents.routes.values():
        schemas = {each.reply or each.body for each in route.operations} - {None}
        for date, names in route.changelog:
            for name in names:
                if name not in fields:
                    where = f"{route.path} {date}"
                    documents.find("changelog names no field", where, name)
                for schema in schemas:
                    key = (str(schema), name)
                    dates[key] = min(dates.get(key, date), date)
    return dates
