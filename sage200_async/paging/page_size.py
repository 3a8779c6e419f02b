"""How many records to ask for at once, as pages prove too large or small enough."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.limits import PAGE_FLOOR, PAGE_MAX

_GROWTH: Final = 4
# A good page is followed by one that is larger by this part of it.
_CAUTION: Final = 0.8
# Share of a size that proved too large, past which growing needs patience.
_PATIENCE: Final = 16
# Good pages before that size is tried again; twice as many each time it fails.
_MOST_PATIENCE: Final = 1024


class PageSize(Struct, frozen=True):
    """The size of a stream's pages: halved when one is too large, grown back slowly.

    A size that proved too large is avoided for a while, and for longer each
    time, so that a server which cannot serve it is asked for it ever more rarely.
    """

    current: int = PAGE_MAX
    """Records that the next page asks for."""
    maximum: int = PAGE_MAX
    """Records that the query allows in a page."""
    too_large: int | None = None
    """The size that last proved too large, or None."""
    good_pages: int = 0
    """Good pages since the size was held back because of *too_large*."""
    patience: int = _PATIENCE
    """Good pages after which *too_large* is forgotten."""


def smaller(size: PageSize, requested: int) -> PageSize:
    """Halve the size, after a page of *requested* records proved too large.

    Example:
        >>> smaller(PageSize(), 5000).current, smaller(PageSize(), 150).current
        (2500, 100)
    """
    current = max(PAGE_FLOOR, requested // 2)
    return PageSize(current, size.maximum, too_large=requested, patience=size.patience)


def larger(size: PageSize) -> PageSize:
    """Grow the size by a quarter, after a good page.

    Example:
        >>> larger(PageSize(current=1000)).current
        1250
        >>> larger(PageSize(current=4900)).current
        5000
        >>> larger(PageSize(current=487, too_large=625)).current
        487
    """
    if size.current >= size.maximum:
        return size
    current = min(size.maximum, size.current + max(1, size.current // _GROWTH))
    if size.too_large is None or current <= _CAUTION * size.too_large:
        return replace(size, current=current)
    if size.good_pages + 1 < size.patience:
        return replace(size, good_pages=size.good_pages + 1)
    longer = min(_MOST_PATIENCE, size.patience * 2)
    return PageSize(current, size.maximum, patience=longer)
