"""Which records the fields of a record hold."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = re.compile(r"\w+")


def with_related(model: Any, seen: set[Any]) -> Iterator[Any]:
    """Yield *model* after the records that its fields hold, where they are known."""
    seen.add(model)
    names = getattr(sys.modules.get(model.__module__), "__dict__", {})
    hints: dict[str, Any] = getattr(model, "__annotations__", {})
    text = " ".join(hint for hint in hints.values() if isinstance(hint, str))
    for name in _WORD.findall(text):
        related = names.get(name)
        is_record = isinstance(related, type) and issubclass(related, Struct)
        if is_record and related not in seen:
            yield from with_related(related, seen)
    yield model
