"""Reads Sage's OpenAPI documents into plain values.

Only here is JSON of unknown shape. What two documents have in common is taken
from the first in alphabetical order, and every irregularity becomes a finding.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from sage200_async._codegen.names import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERBS: Final = ("get", "post", "put", "delete")
_SHARED: Final = "#/components/schemas/"
_JSON: Final = "application/json"
_PLAIN: Final = {
    ("string", ""): "text",
    ("string", "date-time"): "datetime",
    ("boolean", ""): "boolean",
    ("integer", "int16"): "integer",
    ("integer", "int32"): "integer",
    ("integer", "int64"): "integer",
}
_MISTYPED: Final = {
    ("object", "boolean"): "boolean",
    ("string", "int16"): "either",
    ("number", "int64"): "integer",
}
# What a format means that does not fit its type; "either" takes both.


class Finding(Struct, frozen=True, order=True):
    """An irregularity of the documents."""

    what: str
    """The kind of irregularity."""
    name: str
    """Where it is."""
    note: str = ""
    """What it became."""


class Property(Struct, frozen=True):
    """One field of a schema."""

    name: str
    kind: str
    """A kind of `model.KINDS`, or ``"expandable"``: related records."""
    read_only: bool = False
    professional_only: bool = False
    places: int | None = None
    """Decimal places."""
    length: int | None = None
    """Characters at most."""
    many: bool = False
    target: str | None = None
    """The schema of related records, or None."""
    inside: tuple[Property, ...] = ()
    """The fields of related records without a schema of their own."""


class Schema(Struct, frozen=True):
    """One schema."""

    name: str
    area: str
    properties: tuple[Property, ...]
    required: tuple[str, ...]
    professional_only: bool
    kin: str = ""
    """The schema that it is like, if the documents lack it."""


class Operation(Struct, frozen=True):
    """One verb of a path."""

    verb: str
    body: str | None
    """The schema that it takes, or None."""
    reply: str | None
    """The schema that it answers with, or None."""
    many: bool
    """Whether it answers with several."""


class Route(Struct, frozen=True):
    """One path."""

    path: str
    area: str
    title: str
    operations: tuple[Operation, ...]
    professional_only: bool
    changelog: tuple[tuple[str, tuple[str, ...]], ...]
    """Dates, each with the names that its entry touches."""
    kin: str = ""
    """The path that it is like, if the documents lack it."""


class Documents(Struct):
    """All documents, merged."""

    schemas: dict[str, Schema] = field(default_factory=dict[str, Schema])
    routes: dict[str, Route] = field(default_factory=dict[str, Route])
    digests: dict[str, str] = field(default_factory=dict[str, str])
    """SHA-256 of each document, by its name."""
    findings: list[Finding] = field(default_factory=list[Finding])

    def report(self, what: str, name: str, note: str = "") -> None:
        """Add a finding."""
        self.findings.append(Finding(what, name, note))


def read(folder: Path) -> Documents:
    """Read every document in *folder*.

    Raises:
        FileNotFoundError: There is none.
    """
    documents = Documents()
    files = sorted(folder.glob("*.json"))
    if not files:
        raise FileNotFoundError(f"no OpenAPI documents in {folder}")
    for file in files:
        raw = file.read_bytes()
        area = file.stem.replace("-", "_")
        documents.digests[file.name] = hashlib.sha256(raw).hexdigest()
        _add(documents, area, json.loads(raw))
    return documents


def _add(documents: Documents, area: str, document: dict[str, Any]) -> None:
    for name, definition in document["components"]["schemas"].items():
        schema = _schema(documents, area, name, definition)
        known = documents.schemas.setdefault(name, schema)
        if known.area != area:
            same = known.properties == schema.properties
            note = f"{area}, {'as' if same else 'UNLIKE'} in {known.area}"
            documents.report("schema in two documents", name, note)
    for path, definition in document["paths"].items():
        route = _route(documents, area, path, definition)
        known_route = documents.routes.setdefault(path, route)
        if known_route.area != area:
            same = known_route.operations == route.operations
            note = f"{area}, {'as' if same else 'UNLIKE'} in {known_route.area}"
            documents.report("operation in two documents", path, note)


def _schema(
    documents: Documents, area: str, name: str, definition: dict[str, Any]
) -> Schema:
    properties = definition.get("properties", {})
    if not properties:
        documents.report("empty schema", name, "a plain mapping, where it is written")
    return Schema(
        name,
        area,
        tuple(
            _property(documents, name, field, properties[field]) for field in properties
        ),
        tuple(definition.get("required", ())),
        bool(definition.get("x-sage-professional-only")),
    )


def _property(
    documents: Documents, owner: str, name: str, definition: dict[str, Any]
) -> Property:
    where = f"{owner}.{name}"
    kind, inner, many = _kind(documents, where, definition), definition, False
    if definition.get("type") == "array":
        inner, many, where = definition["items"], True, f"{where}[]"
    inside: dict[str, Any] = inner.get("properties", {}) if kind == "expandable" else {}
    _report_oddities(documents, where, kind, definition)
    return Property(
        name,
        kind,
        read_only=bool(definition.get("readOnly")),
        professional_only=bool(definition.get("x-sage-professional-only")),
        places=_places(definition),
        length=_length(definition),
        many=many,
        target=_target(inner),
        inside=tuple(
            _property(documents, where, field, inside[field]) for field in inside
        ),
    )


def _kind(documents: Documents, where: str, definition: dict[str, Any]) -> str:
    """Return the kind of a field, by its type and its format."""
    type_, format_ = definition.get("type", ""), definition.get("format", "")
    if (type_, format_) in _PLAIN:
        return _PLAIN[type_, format_]
    if type_ == "number" and format_.startswith("decimal "):
        return "number"
    if "$ref" in definition or (type_ in {"object", "array"} and not format_):
        return "expandable"
    kind = _MISTYPED.get((type_, format_))
    if kind is None and type_ == "string" and format_.isdigit():
        kind = "text"
    if kind is None and format_.startswith("decimal "):
        kind = "number"
    if kind is None:
        raise ValueError(f"{where}: unknown type {type_} of the format {format_!r}")
    documents.report("format that is not one", where, f"{type_}/{format_}: {kind}")
    return kind


def _places(definition: dict[str, Any]) -> int | None:
    match = re.fullmatch(r"decimal (\d)dp", definition.get("format", ""))
    return int(match[1]) if match else None


def _length(definition: dict[str, Any]) -> int | None:
    format_ = str(definition.get("format", ""))
    length = int(format_) if format_.isdigit() else definition.get("maxLength")
    return None if length is None else int(length)


def _target(definition: dict[str, Any]) -> str | None:
    reference = definition.get("$ref")
    return None if reference is None else str(reference).removeprefix(_SHARED)


def _report_oddities(
    documents: Documents, where: str, kind: str, definition: dict[str, Any]
) -> None:
    """Report what is odd about a field without changing it."""
    default, length = definition.get("default"), definition.get("maxLength")
    if isinstance(default, str) and " " in default:
        documents.report("default that is prose", where)
    elif isinstance(default, str) and length is not None and len(default) > length:
        documents.report("default past its length", where, f"{len(default)} > {length}")
    if kind == "text" and length is None and _length(definition) is None:
        documents.report("text without a length", where)
    if where.endswith("_id") and kind != "integer":
        documents.report("id that is no whole number", where, kind)


def _route(
    documents: Documents, area: str, path: str, definition: dict[str, Any]
) -> Route:
    operations = [
        _operation(documents, f"{verb.upper()} {path}", verb, definition[verb])
        for verb in VERBS
        if verb in definition
    ]
    return Route(
        path,
        area,
        str(definition.get("x-sage-pathtitle", "")),
        tuple(operations),
        bool(definition.get("x-sage-professional-only")),
        tuple(
            (iso(entry["date"]), tuple(entry["names"]))
            for entry in definition.get("x-sage-changelog", ())
        ),
    )


def _operation(
    documents: Documents, where: str, verb: str, definition: dict[str, Any]
) -> Operation:
    body = _content(documents, f"{where} body", definition.get("requestBody", {}))
    reply = _content(documents, f"{where} reply", definition["responses"]["200"])
    return Operation(
        verb,
        _target(body.get("items", body)),
        _target(reply.get("items", reply)),
        reply.get("type") == "array",
    )


def _content(
    documents: Documents, where: str, definition: dict[str, Any]
) -> dict[str, Any]:
    for media, content in definition.get("content", {}).items():
        if media != _JSON:
            documents.report("media type", where, f"{media}: read as JSON")
        schema: dict[str, Any] = content.get("schema", {})
        return schema
    return {}


def segments(path: str) -> tuple[str, ...]:
    """Return the parts of a path, its parameters without their names.

    Example:
        >>> segments("/banks/{bankId}/bank_posted_transactions")
        ('banks', '{}', 'bank_posted_transactions')
    """
    return tuple(
        "{}" if part.startswith("{") else part for part in path.strip("/").split("/")
    )


def parameters(documents: Documents) -> Iterator[str]:
    """Yield the name of every path parameter."""
    for path in documents.routes:
        yield from re.findall(r"{(\w+)}", path)
