"""Errors are reported, and a run after them ends with the same bytes."""

import os
import random
import subprocess
import sys
from contextlib import contextmanager

import msgspec
import pytest
from file_exports import (
    FORMATS,
    OWN,
    PARTS,
    TABLES,
    certificate,
    export_at_once,
    files,
    read,
    write_part,
)

from sage200_async.errors import SinkConflict, SinkError
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.journal import discard
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.tables import Column, Table

POSIX = os.name == "posix"
SOME = [("ndjson", None), ("csv", "gzip"), ("parquet", None)]


@pytest.fixture(scope="module")
def records(helpers):
    return helpers.source(21, 1500)


@pytest.fixture
def whole(tmp_path, records):
    """Return a function from a format to the files of an undisturbed export."""

    def export(format, compression):
        export_at_once(tmp_path / "whole", format, compression, records)
        return files(tmp_path / "whole")

    return export


@pytest.fixture(autouse=True)
def no_gathering(monkeypatch):
    """Append every write at once."""
    monkeypatch.setattr(file_sink, "ROWS", 1)


def resume(folder, format, compression, records, seed=1):
    sink = files_at(folder, format, compress=compression)
    try:
        read(sink, sink.open(TABLES), records, random.Random(seed), width=900)
    finally:
        sink.close()


def error_of(folder, format, compression, records, seed):
    """Resume; return the error's text, or None."""
    try:
        resume(folder, format, compression, records, seed)
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
@pytest.mark.parametrize(("format", "compression"), SOME)
def test_a_quota_that_is_raised(format, compression, records, whole, tmp_path):
    """An export that a quota stops, raised again and again, ends the same."""
    folder, refused = tmp_path / "pieces", 0
    wanted = whole(format, compression)
    for size in range(20_000, 10**9, 20_000):
        with largest_file(size):
            error = error_of(folder, format, compression, records, size)
        if error is None:
            break
        assert "cannot be written: File too large" in error
        assert find_manifest(folder, "things") is None
        refused += 1
    assert refused > 2
    assert files(folder) == wanted


@contextmanager
def small_disk(folder, kilobytes):
    """Mount a small disk; yield a function that makes it larger."""
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
@pytest.mark.parametrize(("format", "compression"), SOME)
def test_a_disk_that_is_full(format, compression, records, whole, tmp_path):
    """A full disk is reported; with more room each time, the export ends the same."""
    wanted, refused = whole(format, compression), 0
    with small_disk(tmp_path / "disk", 16) as grow:
        folder = tmp_path / "disk" / "out"
        for size in range(32, 10_000, 24):
            error = error_of(folder, format, compression, records, size)
            if error is None:
                break
            assert "No space left on device" in error
            assert find_manifest(folder, "things") is None
            refused += 1
            grow(size)
        assert refused > 2
        assert files(folder) == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_write_that_failed_can_be_repeated(records, whole, tmp_path):
    """What a full disk refused can be written to the same sink, once there is room."""
    wanted = whole("ndjson", None)
    with small_disk(tmp_path / "disk", 64) as grow:
        sink = files_at(tmp_path / "disk", "ndjson")
        sink.open(TABLES)
        sink.begin(records.checkpoint)
        with pytest.raises(SinkError, match="No space left"):
            records.write(sink)
        grow(2000)
        written = records.write(sink)
        sink.commit(certificate(written.records))
        assert files(tmp_path / "disk") == wanted


@contextmanager
def no_rights(folder):
    """Be a user who may not write in *folder*."""
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
    """Without the right to write, open and commit fail; with it they succeed."""
    wanted, folder = whole("csv", None), tmp_path / "pieces"
    folder.mkdir()
    sink = files_at(folder, "csv")
    with no_rights(folder), pytest.raises(SinkError, match="Permission denied"):
        sink.open(TABLES)
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    written = records.write(sink)
    with no_rights(folder), pytest.raises(SinkError, match="Permission denied"):
        sink.commit(certificate(written.records))
    assert find_manifest(folder, "things") is None
    sink.commit(certificate(written.records))
    assert files(folder) == wanted


@pytest.mark.parametrize(
    "name", ["things.csv", "things__parts.csv", "things.manifest.json"]
)
def test_a_folder_in_the_way(tmp_path, name):
    """A folder that has the name of a file is refused before anything is written."""
    (tmp_path / name).mkdir()
    with pytest.raises(SinkConflict, match=rf"{name}: a folder has the name of a file"):
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
    with pytest.raises(SinkConflict, match="not a name of a file in the folder"):
        files_at(tmp_path / "out", "csv").open([table])


def test_other_columns(tmp_path, records):
    """An unfinished export of other columns is refused, and the error names them."""
    sink = files_at(tmp_path, "csv")
    write_part(sink, records)
    sink.close()
    columns = (*OWN.columns[:-1], Column("tag", "text"))
    other = Table("things", columns, OWN.key), PARTS
    message = r"lacks things\.tag \(text\) and has things\.address \(json\) besides"
    with pytest.raises(SinkConflict, match=message):
        sink.open(other)
    turned = Table("things", OWN.columns[::-1], OWN.key), PARTS
    with pytest.raises(SinkConflict, match="in another order"):
        sink.open(turned)
    assert sink.open(TABLES) is not None
    sink.close()


def test_another_format(tmp_path, records):
    """An unfinished export to another format is refused until it is discarded."""
    sink = files_at(tmp_path, "csv")
    write_part(sink, records)
    sink.close()
    other = files_at(tmp_path, "ndjson", compress="gzip")
    with pytest.raises(
        SinkConflict, match=r"unfinished export to csv .* not to ndjson\.gz"
    ):
        other.open(TABLES)
    discard(tmp_path, "things")
    assert other.open(TABLES) is None
    other.close()
    discard(tmp_path, "things")
    discard(tmp_path, "things")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_another_file(tmp_path):
    """Another file with the journal's name is refused, and left as it is."""
    folder = tmp_path / ".things.partial" / "journal"
    folder.parent.mkdir()
    folder.write_bytes(b"other text")
    with pytest.raises(SinkConflict, match="not a journal, but another file"):
        files_at(tmp_path, "csv").open(TABLES)
    assert folder.read_bytes() == b"other text"


def test_a_manifest_that_is_another_file(tmp_path):
    """Another file with the manifest's name is refused, and left as it is."""
    folder = tmp_path / "things.manifest.json"
    folder.write_text("{}")
    with pytest.raises(SinkConflict, match="not a manifest, but another file"):
        files_at(tmp_path, "csv", overwrite=True).open(TABLES)
    assert folder.read_text() == "{}"


def test_two_processes(tmp_path, records):
    """The second process is refused, and the first goes on."""
    first, second = files_at(tmp_path, "csv"), files_at(tmp_path, "csv")
    checkpoint = write_part(first, records)
    with pytest.raises(SinkConflict, match="another process"):
        second.open(TABLES)
    first.close()
    assert second.open(TABLES) == checkpoint
    second.close()


def test_finished_files_are_not_overwritten_by_chance(tmp_path, records, whole):
    """A finished export is refused; with overwrite, it stays until the new one is there."""
    wanted, folder = whole("csv", None), tmp_path / "pieces"
    export_at_once(folder, "csv", "gzip", records)
    before = files(folder)
    with pytest.raises(SinkConflict, match=r"1,500 rows of 'site/1.* already exported"):
        files_at(folder, "csv").open(TABLES)
    sink = files_at(folder, "csv", overwrite=True)
    write_part(sink, records)
    sink.close()
    manifest = find_manifest(folder, "things")
    assert [file.sha256 for file in manifest.files]
    assert set(before[0]) <= {path.name for path in folder.iterdir()}
    sink = files_at(folder, "csv", overwrite=True)
    checkpoint = sink.open(TABLES)
    assert checkpoint is not None
    read(sink, checkpoint, records, random.Random(3), width=800)
    assert files(folder) == wanted


def test_nothing_is_finished_without_proof(tmp_path, records):
    """With a gap, or other counts than the certificate's, there are no files."""
    sink = files_at(tmp_path, "csv")
    write_part(sink, records)
    keys, _ = records.between(records.low, 2000)
    missing = f"keys are missing: 2001 to {records.max_key}"
    with pytest.raises(SinkError, match=missing):
        sink.commit(certificate(len(keys)))
    sink.close()
    read_all = files_at(tmp_path, "csv")
    checkpoint = read_all.open(TABLES)
    with pytest.raises(SinkError, match=r"names 1,499 records, but 1,500 rows"):
        read(Fewer(read_all), checkpoint, records, random.Random(1), width=5000)
    read_all.close()
    assert [path.name for path in tmp_path.iterdir()] == [".things.partial"]


class Fewer:
    """A sink whose certificate names one record fewer."""

    def __init__(self, sink):
        self.sink, self.begin, self.write = sink, sink.begin, sink.write

    def commit(self, certificate):
        fewer = certificate.records - 1
        self.sink.commit(msgspec.structs.replace(certificate, records=fewer))


def test_a_closed_sink_says_so(tmp_path, records):
    """A sink that was closed, or never opened, takes no rows."""
    sink = files_at(tmp_path, "csv")
    assert repr(sink) == f"FileSink({str(tmp_path)!r}, csv)"
    with pytest.raises(SinkError, match="the sink is not open"):
        records.write(sink)
    sink.open(TABLES)
    with pytest.raises(SinkError, match="no read was started"):
        records.write(sink)
    write_part(sink, records)
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="the sink is not open"):
        sink.commit(certificate(0))


@pytest.mark.parametrize(("format", "compression"), FORMATS)
def test_a_bit_that_flips(format, compression, records, whole, tmp_path):
    """A journal is valid up to where the disk changed it, and the rest is read anew."""
    wanted, folder = whole(format, compression), tmp_path / "pieces"
    sink = files_at(folder, format, compress=compression)
    checkpoint = write_part(sink, records)
    records.write(sink, 2000, 4000)
    sink.close()
    journal = folder / ".things.partial" / "journal"
    data = bytearray(journal.read_bytes())
    data[-200] ^= 4
    journal.write_bytes(data)
    assert sink.open(TABLES) == checkpoint
    sink.close()
    resume(folder, format, compression, records)
    assert files(folder) == wanted


def test_a_disk_that_forgets(records, whole, tmp_path):
    """What the disk changes between write and commit is noticed, and read again."""
    wanted, folder = whole("csv", None), tmp_path / "pieces"
    sink = files_at(folder, "csv")
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    # The upper half first: no file is written from it while the lower one is missing.
    upper = records.write(sink, low=2000)
    journal = folder / ".things.partial" / "journal"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    lower = records.write(sink, high=2000)
    with pytest.raises(SinkError, match="does not return what was written"):
        sink.commit(certificate(lower.records + upper.records))
    sink.close()
    assert find_manifest(folder, "things") is None
    resume(folder, "csv", None, records)
    assert files(folder) == wanted
