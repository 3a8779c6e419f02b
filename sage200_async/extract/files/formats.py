"""File formats: what each can do, and NDJSON and CSV."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import lru_cache
from itertools import chain, starmap
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from sage200_async.extract.files.atomic_files import write_hashed
from sage200_async.extract.files.compression import compressed
from sage200_async.extract.text_values import are_plain, plain_number, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sage200_async.extract.files.compression import Compression
    from sage200_async.extract.sink import SinkForm
    from sage200_async.extract.tables import Kind, Row, Table

_BLOCK: Final = 256
# Rows that are encoded at once.

T = TypeVar("T")
Values = Sequence[Any]
Changes = Iterator[tuple[int, Any]]
"""Positions in a column, and the values to write there instead."""


class FileFormat(Protocol):
    """How rows are encoded, and how encoded blocks of them become a file."""

    @property
    def name(self) -> str:
        """Its name, which is the suffix of its files."""
        ...

    @property
    def options(self) -> tuple[str, ...]:
        """What its files have besides, such as ``nulls``."""
        ...

    @property
    def nests(self) -> bool:
        """Whether related records can be nested, in lists and objects."""
        ...

    def form(self, tables: Sequence[Table]) -> SinkForm:
        """Return the form in which records become *tables* the fastest.

        For ``lines`` it has ``encode_lines``, for ``columns`` ``encode_columns``, to
        be used where they do not come as rows.
        """
        ...

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Return *rows* as the journal stores them until the file is written.

        Raises:
            ValueError: A value does not fit; or another of `ENCODING_ERRORS`.
        """
        ...

    def write(self, table: Table, blocks: Iterable[bytes], path: Path) -> str:
        """Write the file: the same for the same rows, however they were cut.

        Returns:
            Its SHA-256, in hexadecimal.
        """
        ...


class LineFormat(FileFormat, Protocol):
    """A format that takes the JSON of records."""

    def encode_lines(self, table: Table, lines: Sequence[bytes]) -> bytes:
        """Return the JSON of records, each on one line, as `encode` does rows."""
        ...


class ColumnFormat(FileFormat, Protocol):
    """A format that takes columns."""

    def encode_columns(self, table: Table, batches: Sequence[Any]) -> memoryview:
        """Return ``pyarrow.RecordBatch`` objects as `encode` does rows."""
        ...


class Ndjson:
    """One JSON object to a line, as it came: what the server leaves out is not there.

    Numbers have the digits of the wire, times a ``Z``; related records are nested.
    Where the record is not written as it came (with *nulls*, of selected fields, with
    related records in tables, of a resource without a key), fields that are null are left out, unless
    they are wanted.

    Args:
        compression: How the file is compressed.
        nulls: Whether each line has all columns, null or not: readers that take
            them from the first lines need it.
    """

    nests = True

    def __init__(
        self, compression: Compression | None = None, *, nulls: bool = False
    ) -> None:
        self._compression: Compression | None = compression
        self._nulls = nulls

    @property
    def name(self) -> str:
        """Its name, which is the suffix of its files."""
        return f"ndjson{self._compression.suffix if self._compression else ''}"

    @property
    def options(self) -> tuple[str, ...]:
        """``nulls``, if null fields are written."""
        return ("nulls",) if self._nulls else ()

    def form(self, tables: Sequence[Table]) -> SinkForm:
        """Return ``lines``, unless they must be written anew.

        JSON whose fields are not known could not be compared with its source.
        """
        columns, key = tables[0].columns, tables[0].key
        has_types = all(one.kind != "json" or one.fields for one in columns)
        as_they_come = len(tables) == 1 and key and has_types and not self._nulls
        return "lines" if as_they_come else "rows"

    def encode_lines(self, table: Table, lines: Sequence[bytes]) -> bytes:  # noqa: ARG002 - `LineFormat`
        """Return the lines as they are, in UTF-8."""
        blocks = (b"\n".join([*some, b""]) for some in _blocks(lines))
        return b"".join(map(_in_utf8, blocks))

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Return lines."""
        line = _line(table, nulls=self._nulls)
        return b"".join(_json_lines(table, line, some) for some in _blocks(rows))

    def write(self, table: Table, blocks: Iterable[bytes], path: Path) -> str:  # noqa: ARG002 - `FileFormat`
        """Write the lines of all *blocks*."""
        return write_hashed(compressed(blocks, self._compression), path)


class Csv:
    r"""RFC 4180 in UTF-8, with a header; lines end with ``\n``, on every system.

    RFC 4180 ends lines with ``\r\n``. Its readers take ``\n`` as well, and the
    tools that people point at such files (DuckDB, ``COPY``, Unix) expect it.

    Null is nothing between two commas, an empty text is ``""``: DuckDB tells
    them apart with ``allow_quoted_nulls = false``, PostgreSQL's ``COPY`` by
    itself, and readers that do not look at quotes take both as empty. (In a
    table of one column null is ``""`` too: an empty line would be no row.)
    Related records are JSON text.

    Args:
        compression: How the file is compressed.
        bom: Whether the file begins with a byte order mark, without which
            Excel does not read it as UTF-8.
        neutralize_formulas: Whether an apostrophe is put before a text that
            begins with ``=``, ``+``, ``-``, ``@``, a tab or the end of a line,
            as spreadsheets would run it as a formula.

    Source:
        OWASP, "CSV Injection".
    """

    nests = False

    def __init__(
        self,
        compression: Compression | None = None,
        *,
        bom: bool = False,
        neutralize_formulas: bool = False,
    ) -> None:
        self._compression: Compression | None = compression
        self._bom = bom
        self._neutralize_formulas = neutralize_formulas

    @property
    def name(self) -> str:
        """Its name, which is the suffix of its files."""
        return f"csv{self._compression.suffix if self._compression else ''}"

    @property
    def options(self) -> tuple[str, ...]:
        """``bom`` and ``neutralize-formulas``, where they were asked for."""
        options = {"bom": self._bom, "neutralize-formulas": self._neutralize_formulas}
        return tuple(name for name, wanted in options.items() if wanted)

    def form(self, tables: Sequence[Table]) -> SinkForm:  # noqa: ARG002 - `FileFormat`
        """Return ``rows``: each text is looked at, to be quoted."""
        return "rows"

    def encode(self, table: Table, rows: Sequence[Row]) -> bytes:
        """Return lines."""
        texts = _neutral_texts if self._neutralize_formulas else csv_cells
        blocks = (_csv_lines(table, some, texts) for some in _blocks(rows))
        return "".join(blocks).encode()

    def write(self, table: Table, blocks: Iterable[bytes], path: Path) -> str:
        """Write the header and the lines of all *blocks*."""
        names = csv_cells([column.name for column in table.columns])
        mark = codecs.BOM_UTF8 if self._bom else b""
        header = mark + f"{','.join(names)}\n".encode()
        return write_hashed(
            compressed(chain([header], blocks), self._compression), path
        )


def _in_utf8(text: bytes) -> bytes:
    """Return *text* in UTF-8: the parser lets unknown fields pass that are not."""
    if text.isascii():
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def _blocks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield some rows at a time: they fit a processor's cache, which is 1.5 x as fast."""
    return (rows[n : n + _BLOCK] for n in range(0, len(rows), _BLOCK))


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _json_lines(
    table: Table, line: Callable[..., msgspec.Struct], rows: Sequence[Row]
) -> bytes:
    lines = list(starmap(line, rows))
    for number, column in enumerate(table.columns):
        if column.kind in _CHANGES:
            values = [row[number] for row in rows]
            for position, value in _CHANGES[column.kind](values):
                setattr(lines[position], f"c{number}", value)
    return _ENCODER.encode_lines(lines)


@lru_cache
def _line(table: Table, *, nulls: bool) -> Callable[..., msgspec.Struct]:
    """Return a class for the rows of *table*; without *nulls*, they are left out."""
    names = {f"c{number}": column.name for number, column in enumerate(table.columns)}
    fields = [(name, Any, None) for name in names]
    return msgspec.defstruct(
        "Line", fields, rename=names, omit_defaults=not nulls, gc=False
    )


def _number_changes(values: Values) -> Changes:
    """Yield what the encoder would write with an exponent."""
    if are_plain(values):
        return
    for position, value in enumerate(values):
        if value is not None:
            yield position, msgspec.Raw(plain_number(value).encode())


def _time_changes(values: Values) -> Changes:
    """Yield what has a fraction, which the encoder would not trim, or a time zone."""
    for position, value in enumerate(values):
        if value is not None and (value.microsecond or value.tzinfo is not UTC):
            yield position, timestamp(value)


def _json_changes(values: Values) -> Changes:
    for position, value in enumerate(values):
        if value is not None:
            yield position, msgspec.Raw(value.encode())


_CHANGES: Final[dict[Kind, Callable[[Values], Changes]]] = {
    "number": _number_changes,
    "datetime": _time_changes,
    "json": _json_changes,
}

_TEXTS: Final = frozenset({"text", "json"})
_SPECIAL: Final = re.compile(r'[",\r\n]')


def csv_cells(values: Sequence[str | None]) -> list[str]:
    """Quote values that need it, and empty ones; null is empty without quotes."""
    if not _SPECIAL.search("".join(filter(None, values))):
        return ["" if text is None else text or '""' for text in values]
    return ["" if text is None else _quote(text) for text in values]


def _quote(text: str) -> str:
    if text and not _SPECIAL.search(text):
        return text
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


_FORMULA: Final = re.compile(r"[=+\-@\t\r\n]")
# What a cell begins with that a spreadsheet takes for a formula.


def _neutral_texts(values: Sequence[str | None]) -> list[str]:
    """Quote values as `csv_cells` does, with an apostrophe before formulas."""
    return csv_cells([neutral_text(text) for text in values])


def neutral_text(text: str | None) -> str | None:
    """Return a text with an apostrophe before it if it is a formula."""
    return f"'{text}" if text and _FORMULA.match(text) else text


def _csv_lines(
    table: Table,
    rows: Sequence[Row],
    texts: Callable[[Sequence[str | None]], list[str]] = csv_cells,
) -> str:
    pairs = zip(table.columns, zip(*rows, strict=True), strict=True)
    columns = [
        texts(values) if column.kind in _TEXTS else _unquoted(column.kind, values)
        for column, values in pairs
    ]
    if len(columns) == 1:
        columns = [[text or '""' for text in columns[0]]]
    lines = map(",".join, zip(*columns, strict=True))
    return "".join(f"{line}\n" for line in lines)


def _unquoted(kind: Kind, values: Values) -> list[str]:
    """Return a column of numbers, times or booleans as text; null is empty.

    The JSON encoder writes them all at once, several times as fast as one by
    one, and none of them has a comma or a quote in it.
    """
    changed = list(values)
    if kind in _CHANGES:
        for position, value in _CHANGES[kind](values):
            changed[position] = value
    text = _ENCODER.encode(changed).decode()[1:-1]
    return text.replace("null", "").replace('"', "").split(",")
