"""Files of records that do not fit, one for each range of a plan.

``<folder>/<resource>-<plan>-<range>.ndjson`` has the lines of a `RejectsFile`. Each task
writes that of its range when it has read it to the end, and replaces what another attempt
wrote; so no record is there twice, however often Spark runs a task.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from sage200_async._private_files import replace_private
from sage200_async.extract.rejects_file import encoded_line, rejected_line
from sage200_async.extract.undecodable import undecodable
from sage200_async.wire.decode import QUARANTINE_ADVICE

if TYPE_CHECKING:
    from sage200_async.errors import DecodeError
    from sage200_async.paging.read_plan import ReadRange

_IN_MEMORY: Final = 1 << 20
# Bytes of lines that wait in memory; more of them wait on the executor's own disk.
_SET_REJECTS: Final = (
    "Spark: correct the record, or set the option rejects to a folder: such records are "
    "written there, and the rest is read"
)


def advise_rejects(error: DecodeError) -> None:
    """Have *error* name the option of Spark where it names the client's quarantine."""
    notes: list[str] = getattr(error, "__notes__", [])
    if QUARANTINE_ADVICE in notes:
        notes[notes.index(QUARANTINE_ADVICE)] = _SET_REJECTS


class RangeRejects:
    """Collects the records of one range that do not fit, and writes them at its end.

    Args:
        folder: That of the option ``rejects``.
        key_range: What is read.
    """

    def __init__(self, folder: str, key_range: ReadRange[Any]) -> None:
        name = f"{key_range.source.path}-{key_range.plan_id}-{key_range.number}.ndjson"
        self._path = Path(folder, name)
        self._source = key_range.source
        self._lines: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(  # noqa: SIM115 - `write` closes it
            _IN_MEMORY
        )
        self._count = 0

    def add(self, error: DecodeError) -> None:
        """Take the record of *error*."""
        of = self._source
        rejected = undecodable(of.path, of.key, error)
        line = rejected_line(
            of.path, rejected, site=of.site.lower(), company=of.company
        )
        self._lines.write(encoded_line(line))
        self._count += 1

    def write(self) -> None:
        """Replace the file of the range; remove it where there are no such records.

        Raises:
            OSError: It cannot be written.
        """
        with self._lines as lines:
            if self._count:
                lines.seek(0)
                replace_private(self._path, lines)
            else:
                self._path.unlink(missing_ok=True)
