"""Inputs against Sage's rules: required fields, read-only fields, lengths of texts.

The documents state the rules, and are wrong in places. Of a rule that other sources
show to hold, a fault is an error; of the others, a warning. See
`Settings.check_inputs`.
"""

from __future__ import annotations

import inspect
import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sage200_async.odata.enums import near_miss
from sage200_async.odata.namespaces import (
    Fields,
    known_values,
    names_of,
    record_name,
)
from sage200_async.odata.plain_values import shown
from sage200_async.wire.json_types import is_array, is_object
from sage200_async.wire.payloads import MAX_DEPTH, encode_input, encode_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sage200_async.query.bound_endpoint import BoundEndpoint

_PACKAGE: Final = "sage200_async."
_MODELS: Final = "sage200_async.catalog.models."
_RULES: Final = "sage200_async.catalog.rules."
_HELD: Final = "!"
# Marks a rule that a source shows to hold.
_LISTED: Final = 20
# Faults that a warning lists.


class InputWarning(UserWarning):
    """Sage's documents say that it will refuse or ignore part of an input."""


class InputRules(NamedTuple):
    """The rules of one record's inputs; each field with whether it surely holds."""

    required: dict[str, bool]
    read_only: dict[str, bool]
    lengths: dict[str, tuple[int, bool]]
    """Characters of a text at most."""
    places: dict[str, int]
    """Decimal places that a number is rounded to."""


class Fault(NamedTuple):
    """What is wrong with one field of an input, and whether Sage surely refuses it."""

    text: str
    certain: bool


def rules_of(namespace: type[Fields]) -> InputRules | None:
    """Return the rules of a record, or None where nothing is written to it."""
    return _rules_of(namespace.__module__, record_name(namespace))


@cache
def _rules_of(module: str, record: str) -> InputRules | None:
    if not module.startswith(_MODELS):
        return None
    try:
        table = import_module(_RULES + module.removeprefix(_MODELS)).RULES
    except ModuleNotFoundError:  # an area that is only read
        return None
    columns = table.get(record)
    return None if columns is None else _parsed(*columns)


def _parsed(required: str, read_only: str, lengths: str, places: str) -> InputRules:
    limits = {
        name: (int(most), certain)
        for text, certain in _marked(lengths).items()
        for name, most in [text.split(":")]
    }
    pairs = [text.split(":") for text in places.split()]
    rounded = {name: int(digits) for name, digits in pairs}
    return InputRules(_marked(required), _marked(read_only), limits, rounded)


def _marked(words: str) -> dict[str, bool]:
    """Return each of *words*, with whether it is marked as certain."""
    return {word.rstrip(_HELD): word.endswith(_HELD) for word in words.split()}


def encode_create(resource: BoundEndpoint, values: Mapping[str, Any]) -> bytes:
    """Check the *values* of a new record and encode them."""
    faults = _Faults(resource, values, new=True)
    body = encode_input(values, resource.endpoint.fields, faults.errors)
    faults.warn()
    return body


def encode_update(resource: BoundEndpoint, changes: Mapping[str, Any]) -> bytes:
    """Check the *changes* of a record and encode them."""
    faults = _Faults(resource, changes)
    body = encode_input(changes, resource.endpoint.fields, faults.errors)
    faults.warn()
    return body


def encode_update_many(
    resource: BoundEndpoint, rows: Sequence[Mapping[str, Any]]
) -> bytes:
    """Check the *rows* of an update of several records and encode them."""
    faults = _Faults(resource, rows)
    body = encode_inputs(rows, resource.endpoint.fields, faults.errors)
    faults.warn()
    return body


def encode_row(resource: BoundEndpoint, values: Mapping[str, Any]) -> tuple[bytes, str]:
    """Check *values* that change a record or become a new one, and encode them.

    Returns:
        JSON, and what a new record would lack; empty where it lacks nothing.
    """
    body = encode_update(resource, values)
    fields, mode = resource.endpoint.fields, resource.context.check_inputs
    rules = None if fields is None or mode == "off" else rules_of(type(fields))
    if rules is None or fields is None:
        return body, ""
    missing = _missing(values, rules, type(fields), "", implied=False)
    lacking = [text for text, certain in missing if certain or mode == "error"]
    return body, "; ".join(lacking)


def places_of(namespace: type[Fields]) -> dict[str, int]:
    """Return how many decimal places the fields of a record have, where it is known."""
    rules = rules_of(namespace)
    return {} if rules is None else rules.places


class _Faults:
    """The faults of one input, sorted by `Settings.check_inputs`."""

    def __init__(
        self, resource: BoundEndpoint, values: object, *, new: bool = False
    ) -> None:
        self._resource = resource
        self.errors: list[str] = []
        self._doubts: list[str] = []
        fields = resource.endpoint.fields
        mode = resource.context.check_inputs
        if fields is None or mode == "off":
            return
        for text, certain in faults_of(values, fields, new=new):
            refused = certain or mode == "error"
            (self.errors if refused else self._doubts).append(text)

    def warn(self) -> None:
        """Warn once of all faults that may be none."""
        if not self._doubts:
            return
        listed = "; ".join(self._doubts[:_LISTED])
        more = len(self._doubts) - _LISTED
        rest = f"; and {more} more" if more > 0 else ""
        message = (
            f"{self._resource.endpoint.path}: {listed}{rest}. Sage's documents say so, "
            "and are wrong in places: check_inputs='error' refuses such inputs, 'off' "
            "does not warn"
        )
        warnings.warn(message, InputWarning, stacklevel=_caller())


def _caller() -> int:
    """Return the stack level of the code that called this library."""
    frame, level = inspect.currentframe(), 0
    while frame and str(frame.f_globals.get("__name__")).startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


def faults_of(
    values: object, fields: Fields, *, new: bool = False, path: str = ""
) -> list[Fault]:
    """Return what of *values* breaks the rules of its record, related rows included.

    Names that are unknown and values of wrong types are left to `encode_input`.

    Args:
        values: An input, or a list of them.
        fields: The fields of its record.
        new: Whether a record is made of it.
        path: Where it is inside a larger input; empty for the whole.
    """
    faults: list[Fault] = []
    _collect(faults, values, type(fields), path, new=new)
    return faults


def _collect(
    faults: list[Fault],
    values: object,
    namespace: type[Fields],
    path: str,
    *,
    new: bool = False,
) -> None:
    if path and path.count(".") + path.count("[") > MAX_DEPTH:
        return
    rules = rules_of(namespace)
    by_name = _BY_NAME.get(namespace) or _rules_by_name(namespace)
    for prefix, row in _rows(values, path):
        is_added = row.get("id") is None if path else new
        if is_added and rules is not None:
            faults += _missing(row, rules, namespace, prefix, implied=bool(path))
        for name, value in row.items():
            rule = by_name.get(name)
            if rule is None or (type(value) is str and len(value) <= rule.fits):
                continue
            if name == "id" and not is_added:
                continue
            if rule.related is not None:
                _collect(faults, value, rule.related, f"{prefix}{name}")
            elif fault := _fault(rule, value):
                faults.append(Fault(f"{prefix}{name}: {fault}", rule.certain))


def _rows(values: object, path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return each row of *values*, with what its fields are prefixed with."""
    if is_object(values):
        return [(f"{path}." if path else "", values)]
    if not is_array(values):
        return []
    return [(f"{path}[{i}].", row) for i, row in enumerate(values) if is_object(row)]


def _missing(
    row: Mapping[str, Any],
    rules: InputRules,
    namespace: type[Fields],
    prefix: str,
    *,
    implied: bool,
) -> list[Fault]:
    """Return the fields that a new record needs; *implied* are ids of its parent."""
    return [
        Fault(f"{prefix}{name}: missing, a new {record_name(namespace)} needs it", sure)
        for name, sure in rules.required.items()
        if row.get(name) is None and not (implied and name.endswith("_id"))
    ]


def _fault(rule: _FieldRule, value: object) -> str:
    """Return what is wrong with a *value*, or "" where nothing is."""
    if rule.read_only:
        return "read-only, so Sage does not take it; leave it out"
    if not isinstance(value, str):
        return ""
    if rule.length is not None and len(value) > rule.length:
        return f"{len(value)} characters, expected {rule.length} at most"
    meant = near_miss(value, rule.values) if rule.values else None
    return "" if meant is None else f"got {shown(value)}, expected {meant!r}"


class _FieldRule(NamedTuple):
    """What one field of an input has to fulfil, besides being there."""

    certain: bool = True
    read_only: bool = False
    length: int | None = None
    values: tuple[str, ...] = ()
    related: type[Fields] | None = None
    fits: int = -1
    """Characters up to which any text is right: the usual case, decided first."""


_BY_NAME: Final[dict[type[Fields], dict[str, _FieldRule]]] = {}


def _rules_by_name(namespace: type[Fields]) -> dict[str, _FieldRule]:
    """Return the rules of the fields that have any, and those of related records."""
    rules = rules_of(namespace) or InputRules({}, {}, {}, {})
    by_name: dict[str, _FieldRule] = {}
    for name, kind in names_of(namespace).items():
        values = known_values(namespace, name)
        if name in rules.read_only:
            by_name[name] = _FieldRule(rules.read_only[name], read_only=True)
        elif issubclass(kind, Fields):
            by_name[name] = _FieldRule(related=kind)
        elif name in rules.lengths:
            length, certain = rules.lengths[name]
            by_name[name] = _FieldRule(certain, length=length, fits=length)
        elif values:
            by_name[name] = _FieldRule(values=values)
    _BY_NAME[namespace] = by_name
    return by_name
