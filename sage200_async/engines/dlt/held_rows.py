"""Key and stamp of each row that was loaded: what a sync compares the company with."""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from sage200_async.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_BYTES: Final = 8
# Of a number.


class PackedRows(Struct, frozen=True, kw_only=True):
    """The same as text: about ten bytes for each row whose stamp nothing else has."""

    keys: str = ""
    """Of rows with a stamp."""
    stamps: str = ""
    unstamped: str = ""
    """The keys of the others."""
    digest_keys: str = ""
    digests: str = ""


@dataclass
class HeldRows:
    """The rows of a table, by their keys; times are microseconds since 1970."""

    stamps: dict[int, int | None] = field(default_factory=dict[int, "int | None"])
    """The stamp of each row, None for a row without."""
    digests: dict[int, int] = field(default_factory=dict[int, int])
    """Of the rows whose stamp does not show whether they are the same: those that
    changes are read again of, and those without a stamp."""
    _order: list[int] | None = None

    def add(self, key: int, stamp: int | None) -> None:
        """Add a row, or replace it."""
        if key not in self.stamps:
            self._order = None
        self.stamps[key] = stamp

    def remove(self, key: int) -> None:
        """Remove a row that is there."""
        del self.stamps[key]
        self.digests.pop(key, None)
        self._order = None

    def between(self, low: int, high: int) -> Sequence[int]:
        """Return the keys above *low*, up to *high*, in ascending order."""
        if self._order is None:
            self._order = sorted(self.stamps)
        return self._order[
            bisect_right(self._order, low) : bisect_right(self._order, high)
        ]

    def stamp_of(self, key: int) -> datetime | None:
        """Return the stamp of a row as a time."""
        stamp = self.stamps[key]
        return None if stamp is None else _EPOCH + stamp * _MICROSECOND

    def prune(self, since: int | None) -> None:
        """Forget the digests of rows that were stamped before *since*."""
        if since is not None:
            self.digests = {
                key: digest
                for key, digest in self.digests.items()
                if (stamp := self.stamps[key]) is None or stamp >= since
            }

    def pack(self) -> PackedRows:
        """Return them as text."""
        stamped = sorted(key for key, at in self.stamps.items() if at is not None)
        unstamped = sorted(key for key, at in self.stamps.items() if at is None)
        known = sorted(self.digests)
        return PackedRows(
            keys=_packed(_steps(stamped)),
            stamps=_packed(_steps([self.stamps[key] or 0 for key in stamped])),
            unstamped=_packed(_steps(unstamped)),
            digest_keys=_packed(_steps(known)),
            digests=_packed([self.digests[key] for key in known]),
        )

    @classmethod
    def unpack(cls, packed: PackedRows) -> HeldRows:
        """Return the rows that `pack` made a text of.

        Raises:
            ValueError: It is none.
        """
        keys = accumulate(_unpacked(packed.keys))
        stamps: dict[int, int | None] = dict(
            zip(keys, accumulate(_unpacked(packed.stamps)), strict=True)
        )
        stamps |= dict.fromkeys(accumulate(_unpacked(packed.unstamped)))
        known = accumulate(_unpacked(packed.digest_keys))
        digests = dict(zip(known, _unpacked(packed.digests), strict=True))
        return cls(stamps, digests)


def microseconds(at: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


class Location(Struct, frozen=True, kw_only=True):
    """A table of a destination."""

    table: str = ""
    """Its name; empty if each row decides."""
    dataset: str = ""
    """A digest of what the destination is, and of the dataset; empty if unknown."""


class TableState(Struct, frozen=True, kw_only=True):
    """What the state of a pipeline holds of one table."""

    version: int = 1
    identity: str
    """What it is the copy of."""
    layout: str
    """Differs where its columns do."""
    location: Location = Location()
    """Where it was loaded to."""
    load: str = ""
    """The load that brought this state."""
    metadata: dict[str, str] = {}
    """How far it is in step."""
    rows: PackedRows = PackedRows()

    @classmethod
    def of(cls, state: object, name: str) -> TableState:
        """Return what is in the *state* of a resource.

        Raises:
            SinkError: It is none, or of a later version.
        """
        try:
            table = msgspec.convert(state, cls)
            HeldRows.unpack(table.rows)
        except (ValueError, zlib.error) as error:
            message = f"{name}: the state of the pipeline cannot be read: {error}"
            raise SinkError(f"{message}; {START_ANEW}") from error
        if table.version > 1:
            message = f"{name}: the state is of a later version of sage200_async"
            raise SinkError(f"{message}; update it, or {START_ANEW}")
        return table


START_ANEW: Final = (
    "to load the table anew, run the pipeline once with refresh='drop_resources'"
)


def _steps(numbers: Sequence[int]) -> Iterable[int]:
    """Return the first of *numbers*, and the difference of each to the one before."""
    return [
        after - before for before, after in zip([0, *numbers], numbers, strict=False)
    ]


def _packed(numbers: Iterable[int]) -> str:
    """Return whole numbers as text: bytes of one weight beside each other, compressed."""
    data = array("q", numbers)
    if sys.byteorder == "big":
        data.byteswap()
    raw = data.tobytes()
    planes = b"".join(raw[position::_BYTES] for position in range(_BYTES))
    return base64.b64encode(zlib.compress(planes)).decode() if raw else ""


def _unpacked(text: str) -> array[int]:
    planes = zlib.decompress(base64.b64decode(text)) if text else b""
    raw, count = bytearray(len(planes)), len(planes) // _BYTES
    for position in range(_BYTES):
        raw[position::_BYTES] = planes[position * count : (position + 1) * count]
    numbers = array("q", bytes(raw))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
