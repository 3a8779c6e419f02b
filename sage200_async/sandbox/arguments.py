"""Checks of what people say about a sandbox: counts, switches, faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from sage200_async.errors import SettingsError
from sage200_async.sandbox.behaviour import Behaviour
from sage200_async.sandbox.server.faults import Fault


def checked_counts(records: Mapping[str, int] | None) -> Mapping[str, int] | None:
    """Return numbers of records by resource, if that is what they are.

    Raises:
        SettingsError: They are something else.

    Example:
        >>> checked_counts({"customers": -1})
        Traceback (most recent call last):
        ...
        sage200_async.errors.SettingsError: records: expected a whole number of \
customers, 0 or more, got -1
    """
    value = cast("object", records)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise SettingsError(
            "records: expected numbers by resource such as {'customers': 500}, "
            f"got {value!r:.40}",
            name="records",
        )
    counts: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
    for resource, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise SettingsError(
                f"records: expected a whole number of {resource}, 0 or more, "
                f"got {count!r:.40}",
                name="records",
            )
    return records


def checked_behaviour(value: Behaviour | Mapping[str, Any] | None) -> Behaviour:
    """Return switches as a `Behaviour` of their own.

    Args:
        value: All of them, or some of them by name.

    Raises:
        SettingsError: A switch is unknown, or its value of a wrong type.
    """
    try:
        switches = value if isinstance(value, Behaviour) else Behaviour(**(value or {}))
        return msgspec.convert(msgspec.structs.asdict(switches), Behaviour)
    except (TypeError, msgspec.ValidationError) as error:
        message = f"behaviour: expected switches of Behaviour by name ({error})"
        raise SettingsError(message, name="behaviour") from None


def checked_faults(script: Iterable[Fault | None]) -> list[Fault | None]:
    """Return faults as a list.

    Raises:
        SettingsError: They are no faults.
    """
    value = cast("object", script)
    if not isinstance(value, Iterable):
        raise _no_faults(value)
    faults = list(script)
    for fault in faults:
        item = cast("object", fault)
        if not isinstance(item, Fault | None):
            raise _no_faults(item)
    return faults


def _no_faults(value: object) -> SettingsError:
    return SettingsError(
        "faults: expected a list of Fault such as [Fault(status=503), None], "
        f"got {value!r:.40}",
        name="faults",
    )
