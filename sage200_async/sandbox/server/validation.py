"""What a request body may say: known names, values that fit their fields."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sage200_async.sandbox.schema.enums import is_possible
from sage200_async.sandbox.schema.tables import shape_of
from sage200_async.sandbox.server.references import ReferenceChecker
from sage200_async.sandbox.store.records import WriteError
from sage200_async.sandbox.store.rows import decode
from sage200_async.sandbox.store.timestamps import served_timestamp
from sage200_async.wire.json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sage200_async.query.records import Record
    from sage200_async.sandbox.behaviour import Behaviour
    from sage200_async.sandbox.schema.tables import Shape
    from sage200_async.sandbox.store.rows import Values
    from sage200_async.sandbox.store.store import Store

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "enum": (str,),
    "datetime": (str,),
    "integer": (int,),
    "number": (int, Decimal, float),
    "boolean": (bool,),
}
_MOST: Final[dict[str, int]] = {"integer": 2**63 - 1, "number": 2**96 - 1}
# The largest values of int64 and of .NET's Decimal. That Sage refuses what is beyond
# them is inference.


def parse_json(body: bytes) -> Any:
    """Return the value of a body.

    Raises:
        WriteError: It is not JSON.
    """
    try:
        return decode(body)
    except ValueError as error:
        raise WriteError(f"The body is no JSON: {error}") from error


def require_object(value: Any) -> Values:
    """Return a parsed body, or a row of it, that is a JSON object.

    Raises:
        WriteError: It is not an object.
    """
    if not is_object(value):
        raise WriteError("The body must be a JSON object.")
    return dict(value)


class BodyReader:
    """Reads bodies as strictly as a sandbox's switches say.

    Args:
        store: The records that a body may refer to.
        behaviour: The sandbox's switches.
    """

    def __init__(self, store: Store, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._references = ReferenceChecker(store)

    def values(self, shape: Shape, body: Mapping[str, Any], path: str = "") -> Values:
        """Return what a body sets; read-only names are ignored.

        Args:
            shape: The fields of its record.
            body: The body, or a row of it.
            path: Where in the body it is, as in ``lines[0].``.

        Raises:
            WriteError: The service would refuse it; the message has the field.
        """
        values: Values = {}
        for name, value in body.items():
            if name not in shape.scalars and name not in shape.expandables:
                if self._behaviour.unknown_names == "refuse":
                    raise WriteError(f"Could not find a property named '{path}{name}'.")
                continue
            if name not in shape.writable:
                continue
            if value is None:
                self._take_null(path + name)
            elif name in shape.expandables:
                values[name] = self._related(shape, name, value, path)
            else:
                values[name] = self._checked(shape, name, value, path + name)
        if self._behaviour.dangling_ids == "refuse":
            self._references.check(shape, values, path)
        return values

    def rows(self, shape: Shape, name: str, rows: Iterable[Any]) -> Iterator[Values]:
        """Yield what the rows of a list of a body set, one after the other.

        Raises:
            WriteError: The service would refuse a row.
        """
        for number, row in enumerate(rows):
            inner = shape_of(shape.expandables[name])
            yield self.values(inner, require_object(row), f"{name}[{number}].")

    def require(self, shape: Shape, values: Mapping[str, Any]) -> None:
        """Check that a new record has every required field.

        Raises:
            WriteError: A field is missing; the message has the first by name.
        """
        for name in sorted(shape.required):
            value = values.get(name)
            if value is None or (value == 0 and name.endswith("_id")):
                self._refuse_missing(name)

    def _refuse_missing(self, name: str) -> None:
        if self._behaviour.missing_fields == "refuse":
            raise WriteError(f"{name}: a value is required.")

    def _take_null(self, name: str) -> None:
        # The name of the exception: hotgluexyz/target-sage-200. The rest: inference.
        if self._behaviour.nulls == "refuse":
            raise WriteError(f"SageNullFieldException: {name}: null is not allowed.")

    def _related(self, shape: Shape, name: str, value: Any, path: str) -> Any:
        record, is_list = shape.expandables[name], name in shape.lists
        rows: list[Any] = list(value) if is_array(value) else [value]
        if is_array(value) is not is_list or not all(map(is_object, rows)):
            expected = "a list of objects" if is_list else "an object"
            raise WriteError(f"{path}{name}: {expected} is expected.")
        if record is not None:
            rows = [
                self._row(
                    record,
                    row,
                    f"{path}{name}[{number}]." if is_list else f"{path}{name}.",
                )
                for number, row in enumerate(rows)
            ]
        return rows if is_list else rows[0]

    def _row(self, record: type[Record], row: Mapping[str, Any], path: str) -> Values:
        return self.values(shape_of(record), row, path)

    def _checked(self, shape: Shape, name: str, value: Any, path: str) -> Any:
        kind = shape.scalars[name]
        types = _TYPES.get(kind)
        if types is None:
            return value
        is_boolean = isinstance(value, bool)
        if not isinstance(value, types) or is_boolean is not (kind == "boolean"):
            raise WriteError(f"{path}: expected {kind}, got {str(value)[:40]!r}.")
        if kind in _MOST and abs(Decimal(str(value))) > _MOST[kind]:
            raise WriteError(f"{path}: the number is out of range.")
        if isinstance(value, str):
            self._check_text(shape, name, value, path)
        if kind != "datetime":
            return value
        try:
            return served_timestamp(
                str(value), allow_bare_date=self._behaviour.allow_bare_dates
            )
        except ValueError as error:
            raise WriteError(f"{path}: {error}.") from error

    def _check_text(self, shape: Shape, name: str, value: str, path: str) -> None:
        if "\0" in value:
            raise WriteError(f"{path}: text cannot hold a NUL character.")
        if name in shape.required and not value.strip():
            self._refuse_missing(path)
        if shape.scalars[name] == "enum":
            known = shape.enum_values.get(name, ())
            refuses = self._behaviour.unknown_enum_values == "refuse"
            if refuses and not is_possible(name, value, known):
                raise WriteError(f"{path}: {value[:40]!r} is not a valid value.")
        most = shape.lengths.get(name)
        # Lengths: the OpenAPI documents. hotgluexyz/target-sage-200 saw them enforced.
        if (
            most is not None
            and len(value) > most
            and self._behaviour.long_texts == "refuse"
        ):
            raise WriteError(
                f"{path}: the text has {len(value)} characters, {most} are allowed."
            )
