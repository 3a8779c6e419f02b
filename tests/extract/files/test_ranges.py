"""Rows are written with the range of their keys, once, and in their order."""

import msgspec
import pytest
from file_exports import TABLES, key_range, write_part

from sage200_async.errors import SinkConflict
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.tables import Column, Table


@pytest.fixture(scope="module")
def records(helpers):
    return helpers.source(21, 1500)


@pytest.fixture(autouse=True)
def no_gathering(monkeypatch):
    """Append every write at once."""
    monkeypatch.setattr(file_sink, "ROWS", 1)


def test_another_query(tmp_path, records):
    """A new read, of another query or the same, does not replace an unfinished one."""
    sink = files_at(tmp_path, "csv")
    checkpoint = write_part(sink, records)
    other = msgspec.structs.replace(records.checkpoint, query="other")
    for another in (other, records.checkpoint):
        with pytest.raises(SinkConflict, match="unfinished export of 'site/1 /things'"):
            sink.begin(another)
    assert sink.open(TABLES) == checkpoint
    sink.close()


def test_a_read_that_has_no_rows_is_begun_anew(tmp_path, records):
    """An unfinished read without any range gives way to a new one."""
    sink = files_at(tmp_path, "csv")
    sink.open(TABLES)
    sink.begin(msgspec.structs.replace(records.checkpoint, bounds=None))
    sink.begin(records.checkpoint)
    sink.close()
    assert sink.open(TABLES) == records.checkpoint
    sink.close()


def test_rows_outside_of_their_range(tmp_path, records):
    """Rows of keys outside of the range are refused: they would come twice."""
    sink = files_at(tmp_path, "csv")
    checkpoint = write_part(sink, records)
    _, rows = records.between(1900, 2100)
    with pytest.raises(SinkConflict, match=r"things: rows must be .* above 2000 and"):
        sink.write(key_range(2000, 2100, []), rows)
    _, rows = records.between(2000, 2200)
    with pytest.raises(SinkConflict, match=r"things: rows must be .* most 2100"):
        sink.write(key_range(2000, 2100, []), rows)
    assert sink.open(TABLES) == checkpoint
    sink.close()


def test_related_rows_outside_of_their_range(tmp_path, records):
    """Related rows whose parents are outside of the range are refused."""
    sink = files_at(tmp_path, "csv")
    checkpoint = write_part(sink, records)
    _, rows = records.between(2000, 2100)
    parts = [*rows["things__parts"], (2101, 0, None)]
    with pytest.raises(SinkConflict, match="things__parts: rows must be"):
        sink.write(key_range(2000, 2100, []), {**rows, "things__parts": parts})
    assert sink.open(TABLES) == checkpoint
    sink.close()


@pytest.mark.parametrize("order", [[2, 1, 0], [0, 0, 1], [0, None, 1]])
def test_rows_out_of_order(tmp_path, records, order):
    """Rows that are not in the order of their keys, or have none, are refused."""
    sink = files_at(tmp_path, "csv")
    write_part(sink, records)
    _, rows = records.between(2000, 2100)
    mixed = [(None,) * 6 if n is None else rows["things"][n] for n in order]
    with pytest.raises(SinkConflict, match="in the order of their keys"):
        sink.write(key_range(2000, 2100, []), {"things": mixed})
    sink.close()


def test_a_range_that_was_written_before(tmp_path, records):
    """A range of which some was written before is refused, and nothing changes."""
    sink = files_at(tmp_path, "csv")
    checkpoint = write_part(sink, records)
    with pytest.raises(SinkConflict, match="above 1900 up to 2100 were written before"):
        records.write(sink, 1900, 2100)
    assert sink.open(TABLES) == checkpoint
    sink.close()


def test_a_range_is_needed_where_there_is_a_key(tmp_path, records):
    """Rows with a key need a range, and rows without one must not have it."""
    sink = files_at(tmp_path, "csv")
    write_part(sink, records)
    with pytest.raises(SinkConflict, match="things: its rows need a range of keys"):
        sink.write(None, {})
    sink.close()
    unkeyed = files_at(tmp_path / "unkeyed", "csv")
    unkeyed.open([Table("loose", (Column("n", "integer"),))])
    unkeyed.begin(records.checkpoint)
    with pytest.raises(SinkConflict, match="loose: its rows need no range of keys"):
        unkeyed.write(key_range(0, 9, []), {})
    unkeyed.close()
