"""The same records give the same files, however they were cut, ordered or cut off."""

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
from file_exports import FORMS, OWN, QUERY, TABLES, Source, at_once, files, read
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.errors import SinkConflict
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.compression import packed
from sage200_async.extract.files.journal import _FRAME
from sage200_async.extract.files.sink import files_at, finished

HERE = Path(__file__).parent
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.one_of(
    st.decimals(-(10**9), 10**9, places=4),
    st.sampled_from(["0E-9", "-0.00", "1E+3", "1.50", "0.000000001", "1.500000000000"]),
).map(Decimal)
MOMENTS = st.datetimes(
    datetime(1753, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)
)
MEMBERS = st.recursive(
    TEXTS | st.integers(0, 9) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2)
    ),
    max_leaves=4,
).map(json.dumps)


@st.composite
def sources(draw):
    """Make up records of every kind of value."""
    keys = sorted(draw(st.sets(st.integers(1, 300), min_size=1, max_size=40)))
    rows, parts = {}, {}
    for key in keys:
        kinds = (TEXTS, NUMBERS, st.booleans(), MOMENTS, MEMBERS)
        rows[key] = (key, *(draw(st.none() | kind) for kind in kinds))
        shares = draw(st.lists(st.none() | NUMBERS, max_size=2))
        parts[key] = [(key, at, share) for at, share in enumerate(shares)]
    return Source(rows, parts, keys[0] - 1, keys[-1] + draw(st.integers(0, 9)))


class Broken(Exception):
    """Where a run was cut off."""


class CutOff:
    """A sink that is cut off after so many calls of `keep`."""

    def __init__(self, sink, calls):
        self.sink, self.calls = sink, calls

    def write(self, rows, checkpoint):
        if not self.calls:
            raise Broken
        self.calls -= 1
        self.sink.write(rows, checkpoint)

    def commit(self, certificate):
        raise Broken


def journal(folder):
    return Path(folder) / ".things.partial" / "journal"


def torn(folder, chance):
    """Leave of the journal what a kill or a power cut may leave: head and some more."""
    data = journal(folder).read_bytes()
    head = _FRAME.size + _FRAME.unpack(data[: _FRAME.size])[4]
    end = chance.randrange(head, len(data) + 1)
    tail = bytes(chance.randrange(256) for _ in range(chance.choice([0, 0, 1, 60])))
    journal(folder).write_bytes(data[:end] + tail)


@pytest.mark.parametrize(("form", "packing"), FORMS)
@given(records=sources(), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_cut_anyhow(form, packing, records, seed):
    """Cut into any intervals, in any order, torn off anywhere: the same bytes."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        whole, pieces = Path(place) / "whole", Path(place) / "pieces"
        at_once(whole, form, packing, records)
        for _ in range(chance.randrange(4)):
            cut_off(pieces, form, packing, records, chance)
            torn(pieces, chance)
        sink = files_at(pieces, form, compress=packing)
        found = sink.open(TABLES)
        require_true(sink, found, form, records)
        read(sink, found, records, chance, width=chance.choice([2, 30, 300]))
        assert files(pieces) == files(whole)


def cut_off(folder, form, packing, records, chance):
    """Export up to some call, and stop there."""
    sink = files_at(folder, form, compress=packing)
    found = sink.open(TABLES)
    with pytest.raises(Broken):
        read(CutOff(sink, chance.randrange(8)), found, records, chance, width=20)
    sink.close()


def require_true(sink, found, form, records):
    """The checkpoint claims the rows that are there, no less and no more."""
    checkpoint = found or Checkpoint(query=QUERY)
    claimed = [
        key
        for each in checkpoint.done.ranges
        for key in records.between(each.low, each.high)[0]
    ]
    assert sink._spool.rows(0) == len(claimed)
    if form == "ndjson":
        held = b"".join(sink._spool.runs(0)).splitlines()
        assert [json.loads(line)["id"] for line in held] == claimed


def test_a_checkpoint_is_found_where_it_was_left(tmp_path, lab):
    """What was kept is kept: the checkpoint that is found is the last one given."""
    records = lab.source(1, 50)
    sink = files_at(tmp_path, "ndjson")
    sink.open(TABLES)
    keys, rows = records.between(records.floor, 200)
    begun = Checkpoint(query=QUERY, bounds=records.bounds)
    kept = begun.with_(lab.interval(records.floor, 200, keys))
    sink.write(rows, kept)
    sink.close()
    assert sink.open(TABLES) == kept
    sink.close()


KILLS = 15 if os.environ.get("EXHAUSTIVE") == "1" else 2
# `nox -s kills` looks hard: more than a hundred kills.


@pytest.mark.parametrize(("form", "packing"), FORMS)
def test_killed(form, packing, lab, tmp_path):
    """Killed at random moments and run again, cut otherwise: the same bytes."""
    chance = random.Random(f"{form} {packing}")
    told = {"form": form, "packing": packing, "seed": 7, "count": 4000}
    at_once(tmp_path / "whole", form, packing, lab.source(7, 4000))
    told["folder"] = str(place := tmp_path / "pieces")
    resumed = 0
    for _ in range(KILLS):
        told |= {"order": chance.random(), "width": chance.choice([300, 900, 3000])}
        kill(told, chance.choice([1, 3, 9, None]), chance.random() * 0.03)
        resumed += (place / ".things.partial").exists()
        if (place / "things.manifest.json").exists():
            with pytest.raises(SinkConflict, match=r"4,000 rows"):
                files_at(place, form, compress=packing).open(TABLES)
            assert files(place) == files(tmp_path / "whole")
            shutil.rmtree(place)
    lab.main([json.dumps(told)])
    assert files(place) == files(tmp_path / "whole")
    assert resumed


def kill(told, calls, seconds):
    """Kill an export some time after it began so many calls, or to finish."""
    command = [sys.executable, str(HERE / "export.py"), json.dumps(told)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        for number, line in enumerate(process.stdout, 1):
            if number == calls or line.startswith(b"finish"):
                break
        time.sleep(seconds)
        process.kill()
        assert process.stderr.read() == b""


def test_stopped_while_it_finishes(lab, tmp_path, monkeypatch):
    """Stopped before any step of finishing over an older export, nothing is mixed.

    Where a manifest is there, the files are those that it names; and whoever
    goes on ends with the same bytes.
    """
    records = lab.source(5, 90)
    at_once(tmp_path / "whole", "csv", None, records)
    steps = overs = 0
    while finish_until(tmp_path / str(steps), steps, lab, records, monkeypatch):
        place = tmp_path / str(steps)
        over = require_trustworthy(place)
        sink = files_at(place, "csv", overwrite=True)
        found = sink.open(TABLES)
        assert (found is None) == over  # what is finished is not gone on with
        read(sink, found, records, random.Random(2), width=50)
        assert files(place) == files(tmp_path / "whole")
        steps += 1
        overs += over
    assert files(tmp_path / str(steps)) == files(tmp_path / "whole")
    assert steps > 8
    assert overs


def finish_until(place, steps, lab, records, monkeypatch):
    """Finish over an older export; tell whether it was stopped after so many steps."""
    at_once(place, "ndjson", None, lab.source(6, 30))
    sink = files_at(place, "csv", overwrite=True)
    keep_all(sink, lab, records)
    left = iter(range(steps))

    def stopping(real):
        def call(*given, **more):
            if next(left, None) is None:
                raise Broken
            return real(*given, **more)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "open"):
            patch.setattr(Path, name, stopping(getattr(Path, name)))
        patch.setattr(shutil, "rmtree", stopping(shutil.rmtree))
        try:
            sink.commit(lab.certificate(len(records.rows)))
        except Broken:
            return True
        finally:
            sink.close()
    return False


def keep_all(sink, lab, records):
    sink.open(TABLES)
    keys, rows = records.between(records.floor, records.max_key)
    whole = lab.interval(records.floor, records.max_key, keys)
    begun = Checkpoint(query=QUERY, bounds=records.bounds)
    sink.write(rows, begun.with_(whole))


def require_trustworthy(place):
    """What a manifest says is true; tell whether it is that of the new files."""
    manifest = finished(place, "things")
    for file in manifest.files if manifest else ():
        data = (place / file.name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert len(data) == file.size
    return manifest is not None and manifest.format == "csv"


def test_many_rows_in_groups(tmp_path, lab, monkeypatch):
    """Row groups of Parquet are as long wherever the rows were cut."""
    import pyarrow.parquet

    from sage200_async.extract.files import parquet

    monkeypatch.setattr(parquet, "GROUP", 1000)
    records = lab.source(3, 2500)
    at_once(tmp_path / "whole", "parquet", None, records)
    sink = files_at(tmp_path / "pieces", "parquet")
    read(sink, sink.open(TABLES), records, random.Random(1), width=700)
    found, _ = files(tmp_path / "pieces")
    assert found == files(tmp_path / "whole")[0]
    made = pyarrow.parquet.ParquetFile(tmp_path / "pieces" / "things.parquet").metadata
    rows = [made.row_group(at).num_rows for at in range(made.num_row_groups)]
    assert rows == [1000, 1000, 500]
    assert made.schema.to_arrow_schema().names == [each.name for each in OWN.columns]


class Fed:
    """A compressor that tells how it was fed."""

    suffix = ".fed"

    def __init__(self):
        self.sizes = []

    def stream(self):
        return self

    def compress(self, piece):
        self.sizes.append(len(piece))
        return piece

    def flush(self):
        return b""


@given(cuts=st.lists(st.integers(0, 3 * 2**20), max_size=5))
@settings(max_examples=20)
def test_compressors_are_fed_alike(cuts):
    """However a text is cut, a compressor gets it in pieces of one size."""
    text = random.Random(1).randbytes(3 * 2**20 + 7)
    edges = [0, *sorted(cuts), len(text)]
    fed = Fed()
    pieces = (text[low:high] for low, high in itertools.pairwise(edges))
    assert b"".join(packed(pieces, fed)) == text
    assert fed.sizes == [2**20, 2**20, 2**20, 7]
