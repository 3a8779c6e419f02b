"""How rows lie in a file: what each format does, and the two that are text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import lru_cache
from itertools import chain, starmap
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from sage200_async.extract.files.compression import packed
from sage200_async.extract.text_values import are_plain, moment, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sage200_async.extract.files.compression import Packing
    from sage200_async.extract.tables import Kind, Row, Table

_BLOCK: Final = 256
# Rows that are encoded at once.

Values = Sequence[Any]
Changes = Iterator[tuple[int, Any]]
"""Places in a column, and what to write there instead."""


class Form(Protocol):
    """A file format: how a run of rows is kept, and how runs become a file."""

    @property
    def name(self) -> str:
        """What it is called, and how its files' names end."""
        ...

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Give *rows* as they are kept until the file is written.

        Raises:
            ValueError: A value cannot be held; or one of `cells.UNFIT`.
        """
        ...

    def write(self, table: Table, runs: Iterable[bytes], path: Path) -> None:
        """Write the file: the same for the same rows, however they were cut."""
        ...


class Ndjson:
    """One JSON object to a line; what is null is left out.

    Numbers have the digits of the wire, times a ``Z``; members are nested.

    Args:
        packing: How the file is compressed.
    """

    def __init__(self, packing: Packing | None = None) -> None:
        self._packing: Packing | None = packing

    @property
    def name(self) -> str:
        """What it is called."""
        return f"ndjson{self._packing.suffix if self._packing else ''}"

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Give lines."""
        return b"".join(_json_lines(table, some) for some in _blocks(rows))

    def write(self, table: Table, runs: Iterable[bytes], path: Path) -> None:  # noqa: ARG002 - `Form`
        """Write the lines of all *runs*."""
        _write(packed(runs, self._packing), path)


class Csv:
    r"""RFC 4180 in UTF-8, with a header; lines end with ``\n``, on every system.

    RFC 4180 ends lines with ``\r\n``. Its readers take ``\n`` as well, and the
    tools that people point at such files (DuckDB, ``COPY``, Unix) expect it.

    Null is nothing between two commas, an empty text is ``""``: DuckDB tells
    them apart with ``allow_quoted_nulls = false``, PostgreSQL's ``COPY`` by
    itself, and readers that do not look at quotes take both as empty. (In a
    table of one column null is ``""`` too: an empty line would be no row.)
    Members are JSON text.

    Args:
        packing: How the file is compressed.
    """

    def __init__(self, packing: Packing | None = None) -> None:
        self._packing: Packing | None = packing

    @property
    def name(self) -> str:
        """What it is called."""
        return f"csv{self._packing.suffix if self._packing else ''}"

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Give lines."""
        return "".join(_csv_lines(table, some) for some in _blocks(rows)).encode()

    def write(self, table: Table, runs: Iterable[bytes], path: Path) -> None:
        """Write the header and the lines of all *runs*."""
        names = _quoted([column.name for column in table.columns])
        header = f"{','.join(names)}\n".encode()
        _write(packed(chain([header], runs), self._packing), path)


def _write(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)


def _blocks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Take some rows at a time: a processor's cache holds them, half as fast again."""
    return (rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK))


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _json_lines(table: Table, rows: Sequence[Row]) -> bytes:
    lines = list(starmap(_line(table), rows))
    for place, column in enumerate(table.columns):
        if column.kind in _ODD:
            values = [row[place] for row in rows]
            for at, value in _ODD[column.kind](values):
                setattr(lines[at], f"c{place}", value)
    return _ENCODER.encode_lines(lines)


@lru_cache
def _line(table: Table) -> Callable[..., msgspec.Struct]:
    """Make what holds a row of *table*, for the encoder to leave nulls out."""
    names = {f"c{place}": each.name for place, each in enumerate(table.columns)}
    fields = [(name, Any, None) for name in names]
    return msgspec.defstruct("Line", fields, rename=names, omit_defaults=True, gc=False)


def _odd_numbers(values: Values) -> Changes:
    """Find what the encoder would write with an exponent."""
    if are_plain(values):
        return
    for at, value in enumerate(values):
        if value is not None:
            yield at, msgspec.Raw(plain(value).encode())


def _odd_moments(values: Values) -> Changes:
    """Find what has a fraction, which the encoder would not trim, or a zone."""
    for at, value in enumerate(values):
        if value is not None and (value.microsecond or value.tzinfo is not UTC):
            yield at, moment(value)


def _members(values: Values) -> Changes:
    for at, value in enumerate(values):
        if value is not None:
            yield at, msgspec.Raw(value.encode())


_ODD: Final[dict[Kind, Callable[[Values], Changes]]] = {
    "number": _odd_numbers,
    "datetime": _odd_moments,
    "json": _members,
}

_TEXTS: Final = frozenset({"text", "json"})
_SPECIAL: Final = re.compile(r'[",\r\n]')


def _quoted(values: Sequence[str | None]) -> list[str]:
    """Quote what needs it, and what is empty; null is empty without quotes."""
    if not _SPECIAL.search("".join(filter(None, values))):
        return ["" if each is None else each or '""' for each in values]
    return ["" if each is None else _cell(each) for each in values]


def _cell(text: str) -> str:
    if text and not _SPECIAL.search(text):
        return text
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


def _csv_lines(table: Table, rows: Sequence[Row]) -> str:
    pairs = zip(table.columns, zip(*rows, strict=True), strict=True)
    cells = [
        _quoted(values) if column.kind in _TEXTS else _words(column.kind, values)
        for column, values in pairs
    ]
    if len(cells) == 1:
        cells = [[cell or '""' for cell in cells[0]]]
    lines = map(",".join, zip(*cells, strict=True))
    return "".join(f"{line}\n" for line in lines)


def _words(kind: Kind, values: Values) -> list[str]:
    """Write a column of numbers, times, or true and false; null is empty.

    The JSON encoder writes them all at once, several times as fast as one by
    one, and none of them has a comma or a quote in it.
    """
    cells = list(values)
    if kind in _ODD:
        for at, value in _ODD[kind](values):
            cells[at] = value
    text = _ENCODER.encode(cells).decode()[1:-1]
    return text.replace("null", "").replace('"', "").split(",")
