"""How a feed is made."""

from __future__ import annotations

import math
from typing import Any, Final

from msgspec import Struct

from sage200_async.errors import LimitError, QueryError

_SECONDS: Final = ("every", "overlap", "sweep_every", "lease", "give_up_after")


class Options(Struct, frozen=True, kw_only=True):
    """The same as `sage200_async.changes.FeedOptions`, with its defaults.

    Raises:
        LimitError: A number is out of range.
    """

    every: float = 30.0
    overlap: float = 3600.0
    sweep_every: float = 3600.0
    whole_every: float | None = None
    snapshot: bool = True
    compare_whole: bool = False
    max_deleted: float = 0.1
    lease: float = 60.0
    give_up_after: float = 3600.0
    workers: int = 4
    once: bool = False

    def __post_init__(self) -> None:
        """Refuse what no feed can be made with."""
        for name in _SECONDS:
            lowest = 1 if name == "lease" else 0
            self._require(name, lowest, math.inf)
        if self.whole_every is not None:
            self._require("whole_every", 0, math.inf)
        self._require("max_deleted", 0, 1)
        self._require("workers", 1, math.inf)

    def _require(self, name: str, lowest: float, highest: float) -> None:
        value = getattr(self, name)
        if not lowest <= value <= highest:
            upper = "" if highest == math.inf else f" and at most {highest}"
            message = f"{name} must be at least {lowest}{upper}, got {value!r}"
            raise LimitError(message)

    @classmethod
    def of(cls, options: dict[str, Any]) -> Options:
        """Return the options with these values.

        Raises:
            QueryError: There is no such option.
            LimitError: A number is out of range.
        """
        unknown = sorted(options.keys() - set(cls.__struct_fields__))
        if unknown:
            known = ", ".join(cls.__struct_fields__)
            message = f"changes() has no option {unknown[0]!r}; it has {known}"
            raise QueryError(message)
        return cls(**options)
