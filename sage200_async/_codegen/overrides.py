"""Corrections to the documents, as data: ``overrides.toml``.

Each is a table: `where` it applies, what the generator should take it `to`,
`why`, and the `source`. A correction that no longer changes anything is an
error, so that none outlives the mistake that it was made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

NONE: Final = "none"
"""What an override says for None."""


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One correction."""

    where: str
    """A field (``schema.field``), a schema, or a path (``customers/{}/memos``)."""
    to: str | tuple[str, ...]
    why: str
    source: str
    """Who says so; ``inference`` where nobody does."""


class OverrideError(ValueError):
    """An override that changes nothing."""


class Overrides:
    """Every correction, and which of them have had an effect."""

    def __init__(self, tables: dict[str, list[Override]]) -> None:
        self._entries = {
            (table, each.where): each for table in tables for each in tables[table]
        }
        self._idle = set(self._entries)
        if len(self._entries) < sum(map(len, tables.values())):
            raise OverrideError("two overrides for the same thing")

    @classmethod
    def load(cls, file: Path) -> Overrides:
        """Read a file of overrides."""
        return cls(
            msgspec.toml.decode(file.read_bytes(), type=dict[str, list[Override]])
        )

    def name(self, table: str, where: str, given: str | None) -> str | None:
        """Give the name that holds for *where*, *given* if nothing corrects it."""
        override = self._entries.get((table, where))
        if override is None:
            return given
        after = None if override.to == NONE else str(override.to)
        if after != given:
            self._idle.discard((table, where))
        return after

    def names(
        self, table: str, where: str, given: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Give the names that hold for *where*, *given* if nothing corrects them."""
        override = self._entries.get((table, where))
        if override is None:
            return given
        after = (override.to,) if isinstance(override.to, str) else override.to
        if after != given:
            self._idle.discard((table, where))
        return after

    def below(self, table: str, where: str) -> list[tuple[str, str]]:
        """Give what *table* has for the names in *where*, each with its value."""
        prefix = f"{where}."
        return [
            (name.removeprefix(prefix), str(override.to))
            for (kind, name), override in self._entries.items()
            if kind == table and name.startswith(prefix)
        ]

    def check(self) -> None:
        """Make sure that every correction had an effect.

        Raises:
            OverrideError: Some had none.
        """
        if self._idle:
            idle = ", ".join(sorted(f"{table} {where}" for table, where in self._idle))
            raise OverrideError(f"overrides that change nothing: {idle}")
