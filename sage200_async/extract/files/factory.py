"""From a folder and the names of a format and a compression to the sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sage200_async.errors import SinkError
from sage200_async.extract.files.compression import Gzip, Zstd
from sage200_async.extract.files.formats import Csv, Ndjson
from sage200_async.extract.files.parquet import Parquet
from sage200_async.extract.files.sink import FileSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from sage200_async.extract.files.compression import Compression
    from sage200_async.extract.files.formats import FileFormat

FormatName = Literal["ndjson", "csv", "parquet"]
CompressionName = Literal["gzip", "zstd"]


def files_at(
    folder: str | Path,
    format: FormatName,  # noqa: A002 - the word for it
    *,
    compress: CompressionName | None = None,
    overwrite: bool = False,
) -> FileSink:
    """Return a sink of files, for one resource.

    Args:
        folder: Where the files go.
        format: Their format.
        compress: How they are compressed; Parquet always is.
        overwrite: Whether finished files are replaced.

    Raises:
        MissingExtra: The format or the compression needs a package.
        SinkError: There is no such format or compression.
    """
    if compress is not None and compress not in _COMPRESSIONS:
        raise SinkError(f"compress must be gzip or zstd, got {compress!r}")
    compression = _COMPRESSIONS[compress]() if compress else None
    return FileSink(Path(folder), _format(format, compression), overwrite=overwrite)


_COMPRESSIONS: Final[dict[str, Callable[[], Compression]]] = {
    "gzip": Gzip,
    "zstd": Zstd,
}


def _format(name: str, compression: Compression | None) -> FileFormat:
    if name == "parquet":
        if compression is not None:
            raise SinkError("compress must be left out: Parquet is compressed inside")
        return Parquet()
    if name not in {"ndjson", "csv"}:
        raise SinkError(f"format must be ndjson, csv or parquet, got {name!r}")
    return Ndjson(compression) if name == "ndjson" else Csv(compression)
