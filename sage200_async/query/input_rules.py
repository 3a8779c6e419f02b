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
from sage200_async.odata.fields import EnumField
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
    from collections.abc import Iterator, Mapping, Sequence

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


def _parsed(required: str, read_only: str, lengths: str) -> InputRules:
    limits = {
        name: (int(most), certain)
        for text, certain in _marked(lengths).items()
        for name, most in [text.split(":")]
    }
    return InputRules(_marked(required), _marked(read_only), limits)


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
) -> Iterator[Fault]:
    """Yield what of *values* breaks the rules of its record, related rows included.

    Names that are unknown and values of wrong types are left to `encode_input`.

    Args:
        values: An input, or a list of them.
        fields: The fields of its record.
        new: Whether a record is made of it.
        path: Where it is inside a larger input; empty for the whole.
    """
    if path.count(".") + path.count("[") > MAX_DEPTH:
        return
    rules = rules_of(type(fields))
    for prefix, row in _rows(values, path):
        if rules is not None:
            implied = bool(path)
            added = row.get("id") is None if path else new
            if added:
                yield from _missing(row, rules, fields, prefix, implied=implied)
            yield from _refused(row, rules, prefix, has_id=not added)
        yield from _faults_by_kind(row, rules, fields, prefix)


def _rows(values: object, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each row of *values*, with what its fields are prefixed with."""
    if is_object(values):
        yield f"{path}." if path else "", values
    elif is_array(values):
        for i, row in enumerate(values):
            if is_object(row):
                yield f"{path}[{i}].", row


def _missing(
    row: Mapping[str, Any],
    rules: InputRules,
    fields: Fields,
    prefix: str,
    *,
    implied: bool,
) -> Iterator[Fault]:
    """Yield the fields that a new record needs; *implied* are ids of its parent."""
    record = record_name(type(fields))
    for name, certain in rules.required.items():
        if row.get(name) is None and not (implied and name.endswith("_id")):
            yield Fault(f"{prefix}{name}: missing, a new {record} needs it", certain)


def _refused(
    row: Mapping[str, Any], rules: InputRules, prefix: str, *, has_id: bool
) -> Iterator[Fault]:
    """Yield the fields that are read-only, and the texts that are too long."""
    for name, value in row.items():
        if name in rules.read_only and not (has_id and name == "id"):
            text = f"{prefix}{name}: read-only, so Sage does not take it; leave it out"
            yield Fault(text, rules.read_only[name])
        elif name in rules.lengths and isinstance(value, str):
            most, certain = rules.lengths[name]
            if len(value) > most:
                got = f"{len(value)} characters, expected {most} at most"
                yield Fault(f"{prefix}{name}: {got}", certain)


def _faults_by_kind(
    row: Mapping[str, Any], rules: InputRules | None, fields: Fields, prefix: str
) -> Iterator[Fault]:
    """Yield the enums that are misspelt, and the faults of related rows."""
    known = names_of(type(fields))
    unwritten = () if rules is None else rules.read_only
    for name, value in row.items():
        kind = known.get(name)
        if kind is EnumField and isinstance(value, str):
            meant = near_miss(value, known_values(type(fields), name))
            if meant is not None:
                text = f"{prefix}{name}: got {shown(value)}, expected {meant!r}"
                yield Fault(text, certain=True)
        elif kind is not None and issubclass(kind, Fields) and name not in unwritten:
            yield from faults_of(value, kind(), path=f"{prefix}{name}")
