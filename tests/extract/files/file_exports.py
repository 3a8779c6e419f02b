"""Exports without a server: made-up records, read as several workers read them.

As a program it runs one export, described by JSON in its first argument.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files import sink as file_sink
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.tables import PARENT_KEY, POSITION, Column, Table
from sage200_async.paging.certificate import Certificate
from sage200_async.paging.key_ranges import KeyRange

OWN = Table(
    "things",
    (
        Column("id", "integer"),
        Column("name", "text"),
        Column("price", "number"),
        Column("on_hold", "boolean"),
        Column("seen", "datetime"),
        Column("address", "json"),
    ),
    ("id",),
)
PARTS = Table(
    "things__parts",
    (
        Column(PARENT_KEY, "integer"),
        Column(POSITION, "integer"),
        Column("share", "number"),
    ),
    (PARENT_KEY, POSITION),
    "parts",
)
TABLES = (OWN, PARTS)
FORMATS = [
    ("ndjson", None),
    ("ndjson", "gzip"),
    ("ndjson", "zstd"),
    ("csv", None),
    ("csv", "gzip"),
    ("csv", "zstd"),
    ("parquet", None),
    ("arrow", None),
]
QUERY = "site/1 /things"


class Source(Struct):
    """All records: rows by key, and the rows of their parts."""

    rows: dict[int, tuple]
    parts: dict[int, list[tuple]]
    low: int = 0
    max_key: int = 0

    @property
    def bounds(self):
        return KeyRange(self.low, self.max_key)

    @property
    def checkpoint(self):
        """The checkpoint of a read that begins."""
        return Checkpoint(query=QUERY, bounds=self.bounds)

    def write(self, sink, low=None, high=None):
        """Write the records above *low* up to *high*; return their range."""
        low = self.low if low is None else low
        high = self.max_key if high is None else high
        keys, rows = self.between(low, high)
        sink.write(written := key_range(low, high, keys), rows)
        return written

    def between(self, low, high):
        """Return the rows of both tables above *low* up to *high*, as pages have them."""
        keys = sorted(key for key in self.rows if low < key <= high)
        parts = [row for key in keys for row in self.parts.get(key, [])]
        return keys, {
            "things": [self.rows[key] for key in keys],
            "things__parts": parts,
        }


def source(seed, count):
    """Make up *count* records."""
    chance = random.Random(seed)
    keys = sorted(chance.sample(range(1, count * 9), count))
    records = Source({}, {}, keys[0] - 1, keys[-1])
    for key in keys:
        day = datetime(2024, 1, 2, tzinfo=UTC) + timedelta(milliseconds=key * 7)
        records.rows[key] = (
            key,
            chance.choice([None, "", 'O\'Brien, "Ltd"', "two\r\nlines", "Taquería €"]),
            chance.choice([None, Decimal(chance.randrange(10**9)).scaleb(-4)]),
            chance.choice([None, True, False]),
            chance.choice([None, day]),
            chance.choice([None, '{"city":"Berlin","lines":["a","b"]}']),
        )
        parts = range(chance.randrange(3))
        records.parts[key] = [(key, n, Decimal(key).scaleb(-2)) for n in parts]
    return records


def certificate(records):
    return Certificate(
        path="things",
        key="id",
        query="/things",
        records=records,
        requests=1,
        started_at=1.0,
        ended_at=2.0,
    )


def key_range(low, high, keys):
    ends = (keys[0], keys[-1]) if keys else (None, None)
    return KeyRange(low, high, len(keys), *ends)


def read(sink, checkpoint, records, chance, width):
    """Read what is missing into *sink*, as workers that come in any order do."""
    if checkpoint is None:
        checkpoint = records.checkpoint
        sink.begin(checkpoint)
    while gaps := checkpoint.missing:
        gap = chance.choice(gaps)
        low = chance.randrange(gap.low, gap.high)
        high = min(gap.high, low + chance.randrange(1, width))
        checkpoint = checkpoint.add(records.write(sink, low, high))
    sink.commit(certificate(len(records.rows)))


def write_part(sink, records, high=2000):
    """Write the records up to a key; return the checkpoint."""
    sink.open(TABLES)
    sink.begin(records.checkpoint)
    return records.checkpoint.add(records.write(sink, high=high))


def export_at_once(folder, format, compression, records):
    """Export in one write, undisturbed: every other way must end the same."""
    sink = files_at(folder, format, compress=compression)
    assert sink.open(TABLES) is None
    sink.begin(records.checkpoint)
    written = records.write(sink)
    sink.commit(certificate(written.records))
    sink.close()


def files(folder):
    """Return the content of an export's files by their names, and its manifest.

    The time is left out.
    """
    contents = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    manifest = json.loads(contents.pop("things.manifest.json"))
    del manifest["started_at"]
    return contents, manifest


class AnnouncingSink:
    """A sink that prints what it is about to do."""

    def __init__(self, sink):
        self.sink, self.begin = sink, sink.begin

    def write(self, key_range, rows):
        print("write", flush=True)
        self.sink.write(key_range, rows)

    def commit(self, certificate):
        print("commit", flush=True)
        self.sink.commit(certificate)


def main(arguments):
    """Run one export."""
    options = json.loads(arguments[0])
    file_sink.ROWS = options["gathered"]
    records = source(options["seed"], options["count"])
    sink = files_at(
        options["folder"], options["format"], compress=options["compression"]
    )
    checkpoint = sink.open(TABLES)
    order = random.Random(options["order"])
    read(AnnouncingSink(sink), checkpoint, records, order, options["width"])
    sink.close()


if __name__ == "__main__":
    main(sys.argv[1:])
