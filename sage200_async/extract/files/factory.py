"""From a folder and the names of a format and a compression to the sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from sage200_async.errors import SinkError
from sage200_async.extract.files.arrow_file import ArrowFile
from sage200_async.extract.files.compression import Gzip, Zstd
from sage200_async.extract.files.formats import Csv, Ndjson
from sage200_async.extract.files.parquet import Parquet
from sage200_async.extract.files.sink import FileSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.extract.files.compression import Compression
    from sage200_async.extract.files.formats import FileFormat
    from sage200_async.extract.rejects import RejectedRow

FormatName = Literal["ndjson", "csv", "parquet", "arrow"]
CompressionName = Literal["gzip", "zstd"]


def files_at(
    folder: str | Path,
    format: FormatName,  # noqa: A002 - the word for it
    *,
    compress: CompressionName | None = None,
    overwrite: bool = False,
    bom: bool = False,
    nulls: bool = False,
    neutralize_formulas: bool = False,
    on_reject: Callable[[RejectedRow], None] | None = None,
) -> FileSink:
    """Return a sink of files, for one resource.

    Args:
        folder: Where the files go.
        format: Their format.
        compress: How they are compressed; Parquet and Arrow always are.
        overwrite: Whether finished files are replaced.
        bom: Whether CSV begins with a byte order mark, which Excel needs.
        nulls: Whether NDJSON has null fields; the other formats have all columns.
        neutralize_formulas: Whether texts in CSV that a spreadsheet would run as
            formulas get an apostrophe in front.
        on_reject: Called with each record that has a value which the format
            cannot hold, such as `RejectsFile.of`; without it, that is an error.

    Raises:
        MissingExtra: The format or the compression needs a package.
        SinkError: There is no such format or compression, or the format does
            not use an option.
    """
    if format not in _OPTIONS:
        raise SinkError(f"format must be ndjson, csv, parquet or arrow, got {format!r}")
    if compress is not None and compress not in _COMPRESSIONS:
        raise SinkError(f"compress must be gzip or zstd, got {compress!r}")
    options = {
        "compress": compress,
        "bom": bom,
        "nulls": nulls,
        "neutralize_formulas": neutralize_formulas,
    }
    wanted = {name: value for name, value in options.items() if value}
    for name in wanted:
        if name not in _OPTIONS[format]:
            raise SinkError(f"{name} must be left out: {unused_reason(format, name)}")
    return FileSink(
        Path(folder),
        _format(format, wanted),
        overwrite=overwrite,
        on_reject=on_reject,
    )


def unused_reason(format: str, option: str) -> str:  # noqa: A002 - the word for it
    """Return why a format has no use for an option; empty if it has."""
    if option in _OPTIONS[format]:
        return ""
    return _REASONS.get((format, option), f"it is not for {format}")


_COMPRESSIONS: Final[dict[str, Callable[[], Compression]]] = {
    "gzip": Gzip,
    "zstd": Zstd,
}
_OPTIONS: Final[dict[str, frozenset[str]]] = {
    "ndjson": frozenset({"compress", "nulls"}),
    "csv": frozenset({"compress", "bom", "neutralize_formulas"}),
    "parquet": frozenset(),
    "arrow": frozenset(),
}
_REASONS: Final = {
    ("parquet", "compress"): "Parquet is compressed inside",
    ("parquet", "nulls"): "Parquet always has every column",
    ("arrow", "compress"): "Arrow files are compressed inside",
    ("arrow", "nulls"): "Arrow files always have every column",
    ("csv", "nulls"): "CSV always has every column, and null is an empty cell",
    ("ndjson", "bom"): "JSON must not begin with a byte order mark (RFC 8259)",
}


def _format(name: str, options: dict[str, Any]) -> FileFormat:
    if name in {"parquet", "arrow"}:
        return Parquet() if name == "parquet" else ArrowFile()
    compress = options.pop("compress", None)
    compression = _COMPRESSIONS[compress]() if compress else None
    return (Ndjson if name == "ndjson" else Csv)(compression, **options)
