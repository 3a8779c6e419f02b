"""Corrections to the documents, as data: ``overrides.toml``.

Each is a table: `where` it applies, what it changes that `to`, `why`, and the
`source`. A correction that no longer changes anything is an error, so that none
outlives the mistake that it corrects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

NONE: Final = "none"
"""The text for None in an override."""


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One correction."""

    where: str
    """A field (``schema.field``), a schema, or a path (``customers/{}/memos``)."""
    to: str | tuple[str, ...]
    why: str
    source: str
    """Where this is known from; ``inference`` where nothing states it."""


class OverrideError(ValueError):
    """An override that changes nothing."""


class Overrides:
    """Every correction, and which of them had an effect."""

    def __init__(self, tables: dict[str, list[Override]]) -> None:
        self._entries = {
            (table, entry.where): entry for table in tables for entry in tables[table]
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

    def name(self, table: str, where: str, default: str | None) -> str | None:
        """Return the name for *where*: as corrected, or else *default*."""
        override = self._entries.get((table, where))
        if override is None:
            return default
        corrected = None if override.to == NONE else str(override.to)
        if corrected != default:
            self._idle.discard((table, where))
        return corrected

    def names(
        self, table: str, where: str, default: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Return the names for *where*: as corrected, or else *default*."""
        override = self._entries.get((table, where))
        if override is None:
            return default
        corrected = (override.to,) if isinstance(override.to, str) else override.to
        if corrected != default:
            self._idle.discard((table, where))
        return corrected

    def source(self, table: str, where: str) -> str:
        """Return where a correction is known from; empty where there is none."""
        override = self._entries.get((table, where))
        return "" if override is None else override.source

    def places(self, table: str) -> list[str]:
        """Return where the corrections of a table apply, in their order."""
        return [where for kind, where in self._entries if kind == table]

    def below(self, table: str, where: str) -> list[tuple[str, str]]:
        """Return the names of *table* in *where*, each with its value."""
        prefix = f"{where}."
        return [
            (name.removeprefix(prefix), str(override.to))
            for (kind, name), override in self._entries.items()
            if kind == table and name.startswith(prefix)
        ]

    def check(self) -> None:
        """Require that every correction had an effect.

        Raises:
            OverrideError: Some had none.
        """
        if self._idle:
            idle = ", ".join(sorted(f"{table} {where}" for table, where in self._idle))
            raise OverrideError(f"overrides that change nothing: {idle}")
