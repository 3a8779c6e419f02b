"""Exports without a server: made-up records, read as several workers read them.

As a program it reads one export as JSON from its first argument, and makes it.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.sink import files_at
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
FORMS = [
    ("ndjson", None),
    ("ndjson", "gzip"),
    ("ndjson", "zstd"),
    ("csv", None),
    ("csv", "gzip"),
    ("csv", "zstd"),
    ("parquet", None),
]
QUERY = "site/1 /things"


class Source(Struct):
    """All there is: rows by key, and the rows of their parts."""

    rows: dict[int, tuple]
    parts: dict[int, list[tuple]]
    floor: int = 0
    max_key: int = 0

    @property
    def bounds(self):
        return KeyRange(self.floor, self.max_key)

    def between(self, low, high):
        """Give the rows of both tables above *low* up to *high*, as pages have them."""
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
    made = Source({}, {}, keys[0] - 1, keys[-1])
    for key in keys:
        day = datetime(2024, 1, 2, tzinfo=UTC) + timedelta(milliseconds=key * 7)
        made.rows[key] = (
            key,
            chance.choice([None, "", 'O\'Brien, "Ltd"', "two\r\nlines", "Taquería €"]),
            chance.choice([None, Decimal(chance.randrange(10**9)).scaleb(-4)]),
            chance.choice([None, True, False]),
            chance.choice([None, day]),
            chance.choice([None, '{"city":"Berlin","lines":["a","b"]}']),
        )
        parts = range(chance.randrange(3))
        made.parts[key] = [(key, at, Decimal(key).scaleb(-2)) for at in parts]
    return made


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


def interval(low, high, keys):
    ends = (keys[0], keys[-1]) if keys else (None, None)
    return KeyRange(low, high, len(keys), *ends)


def read(sink, found, records, chance, width):
    """Read what is missing into *sink*, as workers that come in any order do."""
    first = Checkpoint(query=QUERY, bounds=records.bounds)
    checkpoint = found or first
    while gaps := checkpoint.done.missing(records.bounds):
        rows = {"things": [], "things__parts": []}
        for _ in range(chance.randrange(1, 4)):
            if not (gaps := checkpoint.done.missing(records.bounds)):
                break
            gap = chance.choice(gaps)
            low = chance.randrange(gap.low, gap.high)
            high = min(gap.high, low + chance.randrange(1, width))
            keys, more = records.between(low, high)
            checkpoint = checkpoint.with_(interval(low, high, keys))
            for name, some in more.items():
                rows[name] += some
        sink.write(rows, checkpoint)
    sink.commit(certificate(len(records.rows)))


def at_once(folder, form, packing, records):
    """Export in one go, undisturbed: what every other way has to come to."""
    sink = files_at(folder, form, compress=packing)
    assert sink.open(TABLES) is None
    keys, rows = records.between(records.floor, records.max_key)
    whole = interval(records.floor, records.max_key, keys)
    first = Checkpoint(query=QUERY, bounds=records.bounds)
    sink.write(rows, first.with_(whole))
    sink.commit(certificate(len(keys)))
    sink.close()


def files(folder):
    """Give what is in the files of an export, by their names; times left out."""
    found = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    told = json.loads(found.pop("things.manifest.json"))
    del told["started_at"]
    return found, told


class Telling:
    """A sink that says what it is about to do."""

    def __init__(self, sink):
        self.sink = sink

    def write(self, rows, checkpoint):
        print("keep", flush=True)
        self.sink.write(rows, checkpoint)

    def commit(self, certificate):
        print("finish", flush=True)
        self.sink.commit(certificate)


def main(arguments):
    given = json.loads(arguments[0])
    records = source(given["seed"], given["count"])
    sink = files_at(given["folder"], given["form"], compress=given["packing"])
    found = sink.open(TABLES)
    read(Telling(sink), found, records, random.Random(given["order"]), given["width"])
    sink.close()


if __name__ == "__main__":
    main(sys.argv[1:])
