"""How many records to ask for at once, as pages prove too heavy or light."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async.limits import PAGE_FLOOR, PAGE_MAX

_GROWTH: Final = 4
# A good page is followed by one that is larger by this part of it.
_CAUTION: Final = 0.8
# Share of a size that proved too heavy, past which growing needs patience.
_PATIENCE: Final = 16
# Good pages before that size is tried again; twice as many each time it fails.
_MOST_PATIENCE: Final = 1024


class PageSize(Struct, frozen=True):
    """The size of a stream's pages: halved when one is too heavy, grown back slowly.

    A size that proved too heavy is kept away from for a while, and for longer
    each time, so that a server which cannot serve it is asked ever more rarely.
    """

    size: int = PAGE_MAX
    """Records that the next page is asked for."""
    most: int = PAGE_MAX
    """Records that the query allows to a page."""
    heavy: int | None = None
    """The size that last proved too heavy, or None."""
    good: int = 0
    """Good pages since the size was held back for the sake of *heavy*."""
    patience: int = _PATIENCE
    """Good pages after which *heavy* is forgotten."""


def smaller(sizing: PageSize, asked: int) -> PageSize | None:
    """Halve the size, after a page of *asked* records proved too heavy.

    Returns:
        The new size, or None where it cannot be smaller.

    Example:
        >>> smaller(PageSize(), 5000).size, smaller(PageSize(), 150).size
        (2500, 100)
        >>> smaller(PageSize(), 100) is None
        True
    """
    size = max(PAGE_FLOOR, asked // 2)
    if size >= asked:
        return None
    return PageSize(size, sizing.most, heavy=asked, patience=sizing.patience)


def larger(sizing: PageSize) -> PageSize:
    """Grow the size by a quarter, after a good page.

    Example:
        >>> larger(PageSize(size=1000)).size, larger(PageSize(size=4900)).size
        (1250, 5000)
        >>> larger(PageSize(size=487, heavy=625)).size
        487
    """
    if sizing.size >= sizing.most:
        return sizing
    size = min(sizing.most, sizing.size + max(1, sizing.size // _GROWTH))
    if sizing.heavy is None or size <= _CAUTION * sizing.heavy:
        return replace(sizing, size=size)
    if sizing.good + 1 < sizing.patience:
        return replace(sizing, good=sizing.good + 1)
    longer = min(_MOST_PATIENCE, sizing.patience * 2)
    return PageSize(size, sizing.most, patience=longer)
