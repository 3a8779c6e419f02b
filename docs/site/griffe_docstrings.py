"""What docstrings write in Sphinx's way, turned into what mkdocstrings renders."""

from __future__ import annotations

import re
from typing import Any, Final

import griffe

_CHANGES: Final = (
    (re.compile(r"^Example:$", re.MULTILINE), "Examples:"),
    (re.compile(r"::(?=\n\n    )"), ":"),
    (re.compile(r"^:\n", re.MULTILINE), ""),
)
"""A section with examples; a colon before a block of code, beside text or alone."""


class Docstrings(griffe.Extension):
    """Applies the changes to each docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            for pattern, replacement in _CHANGES:
                obj.docstring.value = pattern.sub(replacement, obj.docstring.value)
