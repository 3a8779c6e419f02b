"""How a record that was perhaps created is found again, before it is sent once more."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Identity(NamedTuple):
    """What identifies a new record of a resource.

    Sage has no idempotency keys. After a lost response, a record is looked for by its
    natural key, or by a marker: a field that means nothing to Sage, into which the
    sender puts text of its own.
    """

    by: Literal["key", "marker"]
    fields: tuple[str, ...]
    """The fields, of the input and of the record that is looked for."""
    resource: str
    """The path of the resource in which it is looked for."""
    source: str
    """Where this is known from; ``inference`` where nothing states it."""
