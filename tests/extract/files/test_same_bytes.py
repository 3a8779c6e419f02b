"""The same records make the same files, however they were cut, ordered or stopped."""

import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from file_exports import FORMATS, OWN, TABLES, Source, export_at_once, files, read
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.errors import SinkConflict
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.compression import compressed
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.journal import _FRAME
from sage200_async.extract.files.manifest import find_manifest

PROGRAM = Path(__file__).with_name("file_exports.py")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.decimals(-(10**9), 10**9, places=4),
    st.sampled_from(["0E-9", "-0.00", "1E+3", "1.50", "0.000000001", "1.500000000000"]),
).map(Decimal)
TIMES = st.datetimes(
    datetime(1753, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)
)
RELATED = st.recursive(
    TEXTS | st.integers(0, 9) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2)
    ),
    max_leaves=4,
).map(json.dumps)


@st.composite
def sources(draw):
    """Draw records of every kind of value."""
    keys = sorted(draw(st.sets(st.integers(1, 300), min_size=1, max_size=40)))
    rows, parts = {}, {}
    for key in keys:
        kinds = (TEXTS, NUMBERS, st.booleans(), TIMES, RELATED)
        rows[key] = (key, *(draw(st.none() | kind) for kind in kinds))
        shares = draw(st.lists(st.none() | NUMBERS, max_size=2))
        parts[key] = [(key, n, share) for n, share in enumerate(shares)]
    return Source(rows, parts, keys[0] - 1, keys[-1] + draw(st.integers(0, 9)))


class Stopped(Exception):
    """A run was stopped here."""


class StoppingSink:
    """A sink that stops after a number of writes."""

    def __init__(self, sink, writes):
        self.sink, self.writes, self.begin = sink, writes, sink.begin

    def write(self, key_range, rows):
        if not self.writes:
            raise Stopped
        self.writes -= 1
        self.sink.write(key_range, rows)

    def commit(self, certificate):
        raise Stopped


def journal(folder):
    return Path(folder) / ".things.partial" / "journal"


def torn(folder, chance):
    """Leave of the journal what a kill or a power cut may leave: its header and more."""
    data = journal(folder).read_bytes()
    head = _FRAME.size + _FRAME.unpack(data[: _FRAME.size])[4]
    end = chance.randrange(head, len(data) + 1)
    tail = bytes(chance.randrange(256) for _ in range(chance.choice([0, 0, 1, 60])))
    journal(folder).write_bytes(data[:end] + tail)


@pytest.mark.parametrize(("format", "compression"), FORMATS)
@given(records=sources(), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_cut_anyhow(format, compression, records, seed):
    """Cut into any ranges, in any order, torn off anywhere: the same bytes."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        whole, pieces = Path(folder) / "whole", Path(folder) / "pieces"
        export_at_once(whole, format, compression, records)
        for _ in range(chance.randrange(4)):
            patch.setattr(file_sink, "ROWS", chance.choice([1, 5, 50]))
            stop_early(pieces, format, compression, records, chance)
            torn(pieces, chance)
        patch.setattr(file_sink, "ROWS", chance.choice([1, 5, 50]))
        sink = files_at(pieces, format, compress=compression)
        checkpoint = sink.open(TABLES)
        require_true(sink, checkpoint, format, records)
        read(sink, checkpoint, records, chance, width=chance.choice([2, 30, 300]))
        assert files(pieces) == files(whole)


def stop_early(folder, format, compression, records, chance):
    """Export up to some write; then close the sink, or leave it as a kill does."""
    sink = files_at(folder, format, compress=compression)
    checkpoint = sink.open(TABLES)
    stopping = StoppingSink(sink, chance.randrange(8))
    with pytest.raises(Stopped):
        read(stopping, checkpoint, records, chance, width=20)
    if chance.random() < 0.5:
        sink._release()
    sink.close()


def require_true(sink, checkpoint, format, records):
    """The checkpoint names the rows that are stored, no less and no more."""
    ranges = () if checkpoint is None else checkpoint.done.ranges
    named = [key for done in ranges for key in records.between(done.low, done.high)[0]]
    assert sink._journal.row_count(0) == len(named)
    assert sum(done.records for done in ranges) == len(named)
    if format == "ndjson":
        journal = sink._journal
        lines = b"".join(journal.blocks(journal.positions(0))).splitlines()
        assert [json.loads(line)["id"] for line in lines] == named


def test_the_checkpoint_is_that_of_what_was_written(tmp_path, helpers):
    """The checkpoint of the next open names the ranges that were written."""
    records = helpers.source(1, 50)
    sink = files_at(tmp_path, "ndjson")
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    written = records.write(sink, high=200)
    sink.close()
    assert sink.open(TABLES) == records.checkpoint.add(written)
    sink.close()


def test_what_is_gathered_is_not_claimed(tmp_path, helpers, monkeypatch):
    """A sink that is killed has the rows of whole appends, and claims no others."""
    monkeypatch.setattr(file_sink, "ROWS", 60)
    records = helpers.source(1, 50)
    sink = files_at(tmp_path, "ndjson")
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    checkpoint, stored = records.checkpoint, None
    for low in range(records.low, records.max_key, 20):
        checkpoint = checkpoint.add(records.write(sink, low, low + 20))
        if not sink._pending:
            stored = checkpoint
        elif stored is not None:
            break
    sink._release()  # as a kill does, without an append
    assert stored not in {None, checkpoint}
    assert sink.open(TABLES) == stored
    sink.close()


def test_adjoining_ranges_become_one_block(tmp_path, helpers):
    """Ranges that adjoin, in ascending order, are encoded together."""
    records = helpers.source(1, 50)
    sink = files_at(tmp_path, "ndjson")
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    for low in (100, 120, 60, 80, 140, 20):
        records.write(sink, low, low + 20)
    sink.close()
    sink.open(TABLES)
    assert sink._journal.block_count(0) == 3
    sink.close()


KILLS = 15 if os.environ.get("EXHAUSTIVE") == "1" else 2
# `nox -s kills` is exhaustive: more than a hundred kills.


@pytest.mark.parametrize(("format", "compression"), FORMATS)
def test_killed(format, compression, helpers, tmp_path, monkeypatch):
    """Killed at random moments and run again, cut otherwise: the same bytes."""
    chance = random.Random(f"{format} {compression}")
    monkeypatch.setattr(file_sink, "ROWS", file_sink.ROWS)  # which `main` sets
    export_at_once(tmp_path / "whole", format, compression, helpers.source(7, 4000))
    folder = tmp_path / "pieces"
    options = {"format": format, "compression": compression, "seed": 7, "count": 4000}
    options |= {"folder": str(folder)}
    resumed = 0
    for _ in range(KILLS):
        options |= {"order": chance.random(), "width": chance.choice([300, 900, 3000])}
        options |= {"gathered": chance.choice([1, 500, 2000])}
        kill(options, chance.choice([1, 9, 27, None]), chance.random() * 0.03)
        resumed += (folder / ".things.partial").exists()
        if (folder / "things.manifest.json").exists():
            with pytest.raises(SinkConflict, match=r"4,000 rows"):
                files_at(folder, format, compress=compression).open(TABLES)
            assert files(folder) == files(tmp_path / "whole")
            shutil.rmtree(folder)
    helpers.main([json.dumps(options)])
    assert files(folder) == files(tmp_path / "whole")
    assert resumed


def kill(options, writes, seconds):
    """Kill an export some time after a number of writes, or after its commit began."""
    command = [sys.executable, str(PROGRAM), json.dumps(options)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        for number, line in enumerate(process.stdout, 1):
            if number == writes or line.startswith(b"commit"):
                break
        time.sleep(seconds)
        process.kill()
        assert process.stderr.read() == b""


def test_stopped_while_it_commits(helpers, tmp_path, monkeypatch):
    """Stopped before any step of a commit over an older export, nothing is mixed.

    If there is a manifest, the files are those that it names; a run after it
    ends with the same bytes.
    """
    records = helpers.source(5, 90)
    export_at_once(tmp_path / "whole", "csv", None, records)
    steps = finished = 0
    while commit_until(tmp_path / str(steps), steps, helpers, records, monkeypatch):
        folder = tmp_path / str(steps)
        is_new = require_trustworthy(folder)
        sink = files_at(folder, "csv", overwrite=True)
        checkpoint = sink.open(TABLES)
        assert (checkpoint is None) == is_new  # what is finished is not resumed
        read(sink, checkpoint, records, random.Random(2), width=50)
        assert files(folder) == files(tmp_path / "whole")
        steps += 1
        finished += is_new
    assert files(tmp_path / str(steps)) == files(tmp_path / "whole")
    assert steps > 8
    assert finished


def commit_until(folder, steps, helpers, records, monkeypatch):
    """Commit over an older export; return whether it was stopped after *steps*."""
    export_at_once(folder, "ndjson", None, helpers.source(6, 30))
    sink = files_at(folder, "csv", overwrite=True)
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    records.write(sink)
    left = iter(range(steps))

    def stopping(real):
        def call(*args, **kwargs):
            if next(left, None) is None:
                raise Stopped
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "open"):
            patch.setattr(Path, name, stopping(getattr(Path, name)))
        patch.setattr(shutil, "rmtree", stopping(shutil.rmtree))
        try:
            sink.commit(helpers.certificate(len(records.rows)))
        except Stopped:
            return True
        finally:
            sink.close()
    return False


def require_trustworthy(folder):
    """What a manifest says is true; return whether it is that of the new files."""
    manifest = find_manifest(folder, "things")
    for file in manifest.files if manifest else ():
        data = (folder / file.name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert len(data) == file.size
    return manifest is not None and manifest.format == "csv"


def test_many_rows_in_groups(tmp_path, helpers, monkeypatch):
    """Row groups of Parquet have the same length wherever the rows were cut."""
    import pyarrow.parquet

    from sage200_async.extract.files import arrow_rows

    monkeypatch.setattr(arrow_rows, "GROUP", 1000)
    records = helpers.source(3, 2500)
    export_at_once(tmp_path / "whole", "parquet", None, records)
    sink = files_at(tmp_path / "pieces", "parquet")
    read(sink, sink.open(TABLES), records, random.Random(1), width=700)
    contents, _ = files(tmp_path / "pieces")
    assert contents == files(tmp_path / "whole")[0]
    metadata = pyarrow.parquet.ParquetFile(
        tmp_path / "pieces" / "things.parquet"
    ).metadata
    rows = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert rows == [1000, 1000, 500]
    names = [column.name for column in OWN.columns]
    assert metadata.schema.to_arrow_schema().names == names


class Fed:
    """A compressor that records how it was fed."""

    suffix = ".fed"

    def __init__(self):
        self.sizes = []

    def stream(self):
        return self

    def compress(self, chunk):
        self.sizes.append(len(chunk))
        return chunk

    def flush(self):
        return b""


@given(cuts=st.lists(st.integers(0, 3 * 2**20), max_size=5))
@settings(max_examples=20)
def test_compressors_are_fed_alike(cuts):
    """However a text is cut, a compressor gets it in chunks of one size."""
    text = random.Random(1).randbytes(3 * 2**20 + 7)
    edges = [0, *sorted(cuts), len(text)]
    fed = Fed()
    chunks = (text[low:high] for low, high in itertools.pairwise(edges))
    assert b"".join(compressed(chunks, fed)) == text
    assert fed.sizes == [2**20, 2**20, 2**20, 7]
