"""Numbers of records as people write them: ``customers=500``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage200_async.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse_counts(texts: Iterable[str]) -> dict[str, int]:
    """Return the number of records of each resource, from ``RESOURCE=N``.

    Raises:
        SettingsError: A text is not of that form.

    Example:
        >>> parse_counts(["customers=500", "sop_orders=20"])
        {'customers': 500, 'sop_orders': 20}
    """
    counts: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not name or not (number.isascii() and number.isdecimal()):
            raise SettingsError(
                f"records: expected RESOURCE=N such as customers=500, got {text!r}",
                name="records",
            )
        counts[name] = int(number)
    return counts
