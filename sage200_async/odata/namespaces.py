"""Namespaces: the fields of a record, by name.

`Customer.fields` is one. Names are looked up here, and a name that a record
lacks is answered with the nearest that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_type_hints

from sage200_async.errors import UnknownFieldError
from sage200_async.odata.fields import EnumField, Field
from sage200_async.odata.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from typing import ClassVar

_NONE: Final[dict[str, tuple[str, ...]]] = {}


class Fields:
    """The fields of a record, or of its related records.

    Subclasses annotate names with field classes, or with other namespaces for
    related records. An unknown name raises `UnknownFieldError` with the nearest.
    """

    if TYPE_CHECKING:  # at run time, an annotation would be that of a field
        _values: ClassVar[dict[str, tuple[str, ...]]]
    _values = _NONE  # the values of enums that are known

    def __init__(self, path: str = "") -> None:
        self._path = path

    def __str__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path!r})"

    def __dir__(self) -> list[str]:
        return sorted(names_of(type(self)))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            kind = names_of(type(self)).get(name)
            if kind is None:
                raise unknown_field(name, type(self))
            path = f"{self._path}.{name}" if self._path else name
            known = self._values.get(name)
            field = EnumField(path, known) if known else kind(path)
            self.__dict__[name] = field
            return field


class OpaqueFields(Fields):
    """Related records whose fields are unknown."""


AnyName = Field[Any] | Fields
"""A field, or the namespace of related records."""

_NAMES: dict[type[Fields], dict[str, type[AnyName]]] = {}


def names_of(namespace: type[Fields]) -> dict[str, type[AnyName]]:
    """Return the names in *namespace*, each with its class."""
    if namespace not in _NAMES:
        _NAMES[namespace] = get_type_hints(namespace)
    return _NAMES[namespace]


def known_values(namespace: type[Fields], name: str) -> tuple[str, ...]:
    """Return the values of an enum that are known; there may be others."""
    values: dict[str, tuple[str, ...]] = vars(namespace).get("_values", _NONE)
    return values.get(name, ())


def expandable_names(namespace: type[Fields]) -> list[str]:
    """Return the names of related records: OData's navigation properties."""
    names = names_of(namespace)
    return [name for name, kind in names.items() if issubclass(kind, Fields)]


def record_name(namespace: type[Fields]) -> str:
    """Return the name of the record that *namespace* belongs to."""
    return namespace.__name__.removesuffix("Fields")


def unknown_field(name: str, namespace: type[Fields]) -> UnknownFieldError:
    """Return the error for a *name* that is not in *namespace*."""
    record, known = record_name(namespace), names_of(namespace)
    message = f"{record} has no field {name!r}"
    otherwise = f"dir({record}.fields) lists them"
    if "," in name:
        hint = "; pass several names as separate arguments"
    else:
        hint = did_you_mean(name, known, otherwise)
    return UnknownFieldError(message + hint, name=name, nearest=nearest(name, known))


def look_up(namespace: Fields, dotted: str) -> AnyName:
    """Return the field, or the namespace of related records, that *dotted* names.

    Raises:
        UnknownFieldError: There is none of that name.
    """
    known: AnyName | None = vars(namespace).get(dotted)
    if isinstance(known, Field | Fields):  # and not, say, `_path`
        return known
    current: AnyName = namespace
    for name in dotted.split("."):
        if isinstance(current, OpaqueFields):
            return current
        if not isinstance(current, Fields):
            message = f"{dotted!r}: a field has no fields of its own; use '{current}'"
            raise UnknownFieldError(message, name=dotted)
        if name not in names_of(type(current)):
            raise unknown_field(name, type(current))
        current = getattr(current, name)
    return current
