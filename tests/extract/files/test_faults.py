"""What goes wrong is said, and what was kept is gone on from, to the same bytes."""

import os
import random
import subprocess
import sys
from contextlib import contextmanager

import msgspec
import pytest
from file_exports import (
    FORMS,
    OWN,
    PARTS,
    QUERY,
    TABLES,
    at_once,
    certificate,
    files,
    interval,
    read,
)

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.sink import discard, files_at, finished
from sage200_async.extract.tables import Column, Table

POSIX = os.name == "posix"
SOME = [("ndjson", None), ("csv", "gzip"), ("parquet", None)]


@pytest.fixture(scope="module")
def records(lab):
    return lab.source(21, 1500)


@pytest.fixture
def whole(tmp_path, records):
    """Give what an undisturbed export of the records makes."""

    def made(form, packing):
        at_once(tmp_path / "whole", form, packing, records)
        return files(tmp_path / "whole")

    return made


def begun(records):
    return Checkpoint(query=QUERY, bounds=records.bounds)


def part_kept(sink, records, high=2000):
    """Keep the records up to a key."""
    sink.open(TABLES)
    keys, rows = records.between(records.floor, high)
    kept = begun(records).with_(interval(records.floor, high, keys))
    sink.write(rows, kept)
    return kept


def go_on(folder, form, packing, records, seed=1):
    sink = files_at(folder, form, compress=packing)
    try:
        read(sink, sink.open(TABLES), records, random.Random(seed), width=900)
    finally:
        sink.close()


def refusal(place, form, packing, records, seed):
    """Go on; say why that failed, or None."""
    try:
        go_on(place, form, packing, records, seed)
    except SinkError as error:
        return str(error)
    return None


@contextmanager
def largest_file(size):
    """Let no file grow past *size* bytes, as a quota does."""
    import resource
    import signal

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.skipif(not POSIX, reason="limits on files are POSIX's")
@pytest.mark.parametrize(("form", "packing"), SOME)
def test_a_quota_that_is_raised(form, packing, records, whole, tmp_path):
    """Stopped by a quota, again and again as it is raised, it ends the same."""
    place, refused = tmp_path / "pieces", 0
    wanted = whole(form, packing)
    for size in range(20_000, 10**9, 20_000):
        with largest_file(size):
            why = refusal(place, form, packing, records, size)
        if why is None:
            break
        assert "cannot be written: File too large" in why
        assert finished(place, "things") is None
        refused += 1
    assert refused > 2
    assert files(place) == wanted


@contextmanager
def small_disk(folder, kilobytes):
    """Mount a small disk; give a function that makes it larger."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode().strip()}")
    try:
        yield lambda size: subprocess.run(
            ["mount", "-o", f"remount,size={size}k", str(folder)], check=True
        )
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize(("form", "packing"), SOME)
def test_a_disk_that_is_full(form, packing, records, whole, tmp_path):
    """A full disk is said; with more room each time, it ends the same."""
    wanted, refused = whole(form, packing), 0
    with small_disk(tmp_path / "disk", 16) as grow:
        place = tmp_path / "disk" / "out"
        for size in range(32, 10_000, 24):
            why = refusal(place, form, packing, records, size)
            if why is None:
                break
            assert "No space left on device" in why
            assert finished(place, "things") is None
            refused += 1
            grow(size)
        assert refused > 2
        assert files(place) == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_keep_that_fails_can_be_tried_again(records, whole, tmp_path):
    """What a full disk refused is kept by the same sink, once there is room."""
    wanted = whole("ndjson", None)
    keys, rows = records.between(records.floor, records.max_key)
    kept = begun(records).with_(interval(records.floor, records.max_key, keys))
    with small_disk(tmp_path / "disk", 64) as grow:
        sink = files_at(tmp_path / "disk", "ndjson")
        sink.open(TABLES)
        with pytest.raises(SinkError, match="No space left"):
            sink.write(rows, kept)
        grow(2000)
        sink.write(rows, kept)
        sink.commit(certificate(len(keys)))
        assert files(tmp_path / "disk") == wanted


@contextmanager
def no_rights(folder):
    """Be somebody who may not write in *folder*."""
    folder.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)


@pytest.mark.skipif(not POSIX, reason="modes of folders are POSIX's")
def test_permission_denied(records, whole, tmp_path):
    """Without the right to write, opening and finishing say so; with it they go on."""
    wanted, place = whole("csv", None), tmp_path / "pieces"
    place.mkdir()
    sink = files_at(place, "csv")
    with no_rights(place), pytest.raises(SinkError, match="Permission denied"):
        sink.open(TABLES)
    sink.open(TABLES)
    keys, rows = records.between(records.floor, records.max_key)
    whole_interval = interval(records.floor, records.max_key, keys)
    sink.write(rows, begun(records).with_(whole_interval))
    with no_rights(place), pytest.raises(SinkError, match="Permission denied"):
        sink.commit(certificate(len(keys)))
    assert finished(place, "things") is None
    sink.commit(certificate(len(keys)))
    assert files(place) == wanted


@pytest.mark.parametrize(
    "name", ["things.csv", "things__parts.csv", "things.manifest.json"]
)
def test_a_folder_in_the_way(tmp_path, name):
    """A folder that has the name of a file is refused before anything is kept."""
    (tmp_path / name).mkdir()
    with pytest.raises(SinkConflict, match=rf"{name}: expected a file .* got a folder"):
        files_at(tmp_path, "csv").open(TABLES)


def test_a_file_in_place_of_the_folder(tmp_path):
    """A file that has the folder's name is refused."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(SinkError, match="out"):
        files_at(tmp_path / "out", "csv").open(TABLES)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("name", ["../things", "a/b", ".things"])
def test_names_that_lead_elsewhere(tmp_path, name):
    """A resource whose name would leave the folder, or hide in it, is refused."""
    table = Table(name, OWN.columns, OWN.key)
    with pytest.raises(SinkConflict, match="expected a name"):
        files_at(tmp_path / "out", "csv").open([table])


def test_other_columns(tmp_path, records):
    """What was broken off with other columns is refused, and says which differ."""
    sink = files_at(tmp_path, "csv")
    part_kept(sink, records)
    sink.close()
    columns = (*OWN.columns[:-1], Column("tag", "text"))
    other = Table("things", columns, OWN.key), PARTS
    told = r"lacks things\.tag \(text\) and has things\.address \(json\) besides"
    with pytest.raises(SinkConflict, match=told):
        sink.open(other)
    turned = Table("things", OWN.columns[::-1], OWN.key), PARTS
    with pytest.raises(SinkConflict, match="another order"):
        sink.open(turned)
    assert sink.open(TABLES) is not None
    sink.close()


def test_another_format(tmp_path, records):
    """What was broken off in another format is refused, until it is discarded."""
    sink = files_at(tmp_path, "csv")
    part_kept(sink, records)
    sink.close()
    other = files_at(tmp_path, "ndjson", compress="gzip")
    with pytest.raises(SinkConflict, match=r"expected a spool of ndjson\.gz .* of csv"):
        other.open(TABLES)
    discard(tmp_path, "things")
    assert other.open(TABLES) is None
    other.close()
    discard(tmp_path, "things")
    discard(tmp_path, "things")
    assert list(tmp_path.iterdir()) == []


def test_another_question(tmp_path, records):
    """A checkpoint of another question, or one that forgets some, is not kept."""
    sink = files_at(tmp_path, "csv")
    kept = part_kept(sink, records)
    for other in (msgspec.structs.replace(kept, query="other"), begun(records)):
        with pytest.raises(SinkConflict, match="goes on from"):
            sink.write({}, other)
    assert sink.open(TABLES) == kept
    sink.close()


def test_rows_outside_their_intervals(tmp_path, records):
    """Rows of keys that the checkpoint does not add are refused: they would be twice."""
    sink = files_at(tmp_path, "csv")
    kept = part_kept(sink, records)
    _, rows = records.between(1900, 2100)
    with pytest.raises(SinkConflict, match="things: expected rows with keys in"):
        sink.write(rows, kept.with_(interval(2000, 2100, [])))
    assert sink.open(TABLES) == kept
    sink.close()


def test_a_spool_that_is_another_file(tmp_path):
    """A file in the journal's place that is none is refused, and left as it is."""
    place = tmp_path / ".things.partial" / "journal"
    place.parent.mkdir()
    place.write_bytes(b"somebody's notes")
    with pytest.raises(SinkConflict, match="expected a spool, got another file"):
        files_at(tmp_path, "csv").open(TABLES)
    assert place.read_bytes() == b"somebody's notes"


def test_a_manifest_that_is_another_file(tmp_path):
    """A file in the manifest's place that is none is refused, and left as it is."""
    place = tmp_path / "things.manifest.json"
    place.write_text("{}")
    with pytest.raises(SinkConflict, match="expected a manifest"):
        files_at(tmp_path, "csv", overwrite=True).open(TABLES)
    assert place.read_text() == "{}"


def test_two_at_once(tmp_path, records):
    """Whoever comes second is refused, and the first goes on."""
    first, second = files_at(tmp_path, "csv"), files_at(tmp_path, "csv")
    kept = part_kept(first, records)
    with pytest.raises(SinkConflict, match="another process"):
        second.open(TABLES)
    first.close()
    assert second.open(TABLES) == kept
    second.close()


def test_what_is_finished_is_not_overwritten_by_chance(tmp_path, records, whole):
    """A finished export is refused; asked to overwrite, it stays until the end."""
    wanted, place = whole("csv", None), tmp_path / "pieces"
    at_once(place, "csv", "gzip", records)
    before = files(place)
    with pytest.raises(SinkConflict, match=r"finished export of 1,500 rows of 'site/1"):
        files_at(place, "csv").open(TABLES)
    sink = files_at(place, "csv", overwrite=True)
    part_kept(sink, records)
    sink.close()
    manifest = finished(place, "things")
    assert [file.sha256 for file in manifest.files]
    assert set(before[0]) <= {path.name for path in place.iterdir()}
    sink = files_at(place, "csv", overwrite=True)
    found = sink.open(TABLES)
    assert found is not None
    read(sink, found, records, random.Random(3), width=800)
    assert files(place) == wanted


def test_nothing_is_finished_without_proof(tmp_path, records):
    """With a gap, or other counts than the certificate's, there are no files."""
    sink = files_at(tmp_path, "csv")
    part_kept(sink, records)
    keys, _ = records.between(records.floor, 2000)
    with pytest.raises(SinkError, match=rf"all keys up to {records.max_key}"):
        sink.commit(certificate(len(keys)))
    sink.close()
    read_all = files_at(tmp_path, "csv")
    found = read_all.open(TABLES)
    with pytest.raises(SinkError, match=r"expected 1,499 rows, .* got 1,500"):
        read(Fewer(read_all), found, records, random.Random(1), width=5000)
    read_all.close()
    assert [path.name for path in tmp_path.iterdir()] == [".things.partial"]


class Fewer:
    """A sink whose reader believes in one record fewer."""

    def __init__(self, sink):
        self.write = sink.write
        self.sink = sink

    def commit(self, proof):
        self.sink.commit(msgspec.structs.replace(proof, records=proof.records - 1))


def test_a_closed_sink_says_so(tmp_path, records):
    """A sink that was closed, or never opened, keeps nothing."""
    sink = files_at(tmp_path, "csv")
    assert repr(sink) == f"FileSink({str(tmp_path)!r}, csv)"
    with pytest.raises(SinkError, match="expected an open sink"):
        sink.write({}, begun(records))
    part_kept(sink, records)
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="expected an open sink"):
        sink.commit(certificate(0))


@pytest.mark.parametrize(("form", "packing"), FORMS)
def test_a_bit_that_flips(form, packing, records, whole, tmp_path):
    """A journal that the disk spoilt is believed up to there, and read on from there."""
    wanted, place = whole(form, packing), tmp_path / "pieces"
    sink = files_at(place, form, compress=packing)
    kept = part_kept(sink, records)
    keys, rows = records.between(2000, 4000)
    sink.write(rows, kept.with_(interval(2000, 4000, keys)))
    sink.close()
    journal = place / ".things.partial" / "journal"
    data = bytearray(journal.read_bytes())
    data[-200] ^= 4
    journal.write_bytes(data)
    assert sink.open(TABLES) == kept
    sink.close()
    go_on(place, form, packing, records)
    assert files(place) == wanted


def test_a_disk_that_forgets(records, whole, tmp_path):
    """What is spoilt between keeping and finishing is noticed, and read again."""
    wanted, place = whole("csv", None), tmp_path / "pieces"
    sink = files_at(place, "csv")
    keys, rows = records.between(records.floor, records.max_key)
    kept = interval(records.floor, records.max_key, keys)
    sink.open(TABLES)
    sink.write(rows, begun(records).with_(kept))
    journal = place / ".things.partial" / "journal"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    with pytest.raises(SinkError, match="expected what was written"):
        sink.commit(certificate(len(keys)))
    sink.close()
    assert finished(place, "things") is None
    go_on(place, "csv", None, records)
    assert files(place) == wanted
