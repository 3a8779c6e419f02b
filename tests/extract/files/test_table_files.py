"""Files are written while rows still come in, and only what is final."""

import random
import time

import pytest
from file_exports import TABLES, certificate, export_at_once, files, read, source
from msgspec.structs import replace

from sage200_async.errors import SinkError
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.formats import Ndjson

COUNT = 3000


@pytest.fixture
def records(monkeypatch):
    """Return records of which each write goes to the journal at once."""
    monkeypatch.setattr(file_sink, "ROWS", 1)
    return source(11, COUNT)


def written(folder):
    """Return how many rows are in the file that is being written."""
    path = folder / ".things.partial" / "things.ndjson"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for(rows, folder):
    for _ in range(1000):
        if written(folder) >= rows:
            return
        time.sleep(0.01)
    pytest.fail(f"{written(folder)} rows are written, expected {rows}")


def test_what_is_final_is_written_before_the_end(tmp_path, records):
    """Rows below every missing key are in the file before the last ones have come."""
    sink = files_at(tmp_path / "out", "ndjson")
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    third = (records.max_key - records.low) // 3
    bounds = [records.low + third, records.low + 2 * third, records.max_key]
    records.write(sink, bounds[1], bounds[2])
    assert written(tmp_path / "out") == 0  # what is below it may still come
    low = records.write(sink, records.low, bounds[0])
    wait_for(low.records // 2, tmp_path / "out")  # the rest is in a buffer
    records.write(sink, bounds[0], bounds[1])
    sink.commit(certificate(COUNT))
    export_at_once(tmp_path / "whole", "ndjson", None, records)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_without_bounds_nothing_is_final(tmp_path, records):
    """Where the bounds of the read are not known, files are written at the end."""
    sink = files_at(tmp_path / "out", "ndjson")
    sink.open(TABLES)
    sink.begin(replace(records.checkpoint, bounds=None))
    middle = (records.low + records.max_key) // 2
    records.write(sink, middle, records.max_key)
    records.write(sink, records.low, middle)
    sink.commit(certificate(COUNT))
    export_at_once(tmp_path / "whole", "ndjson", None, records)
    assert files(tmp_path / "out")[0] == files(tmp_path / "whole")[0]


def test_a_file_that_cannot_be_written_is_an_error_of_the_commit(
    tmp_path, records, monkeypatch
):
    """The journal keeps all rows, and a later commit writes the file anew."""
    sink = files_at(tmp_path / "out", "ndjson")
    checkpoint = sink.open(TABLES)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Ndjson, "write", refuse)
        with pytest.raises(SinkError, match="No space left"):
            read(sink, checkpoint, records, random.Random(1), width=300)
    sink.commit(certificate(COUNT))
    export_at_once(tmp_path / "whole", "ndjson", None, records)
    assert files(tmp_path / "out") == files(tmp_path / "whole")
