"""The ways of reading, and what each has brought."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from lying.company import KEYED, KEYED_FIELDS, KEYLESS, KEYLESS_FIELDS
from lying.odata import parse_time
from sage200_async import ReadPlan, certify
from sage200_async.extract import Extraction, database_at, export, files_at, sync


class WrongData(AssertionError):
    """A reading ended without an error, and what it brought is wrong."""


@dataclass(frozen=True)
class Way:
    """One way of reading a resource."""

    name: str
    path: str
    run: object
    filtered: bool = False
    settle: object = None

    def __repr__(self):
        return f"{self.name} {'keyed' if self.path == KEYED else 'keyless'}"


@dataclass
class Setting:
    """What a way of reading works with."""

    client: object
    company: object
    folder: object
    workers: int = 4

    @property
    def database(self):
        return self.folder / "copy.db"

    def query(self, path):
        fields = KEYED_FIELDS if path == KEYED else KEYLESS_FIELDS
        return getattr(self.client, path).select(*fields)

    def extraction(self, path):
        return Extraction(name=path, query=self.query(path))

    def target(self):
        return database_at(f"sqlite:///{self.database}")

    def stored(self, path):
        """Return the rows of a database that are not marked as deleted."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            names = "SELECT 1 FROM sqlite_master WHERE name = ?"
            if not connection.execute(names, (path,)).fetchall():
                return []
            rows = connection.execute(f'SELECT * FROM "{path}"').fetchall()
        present = [dict(row) for row in rows if not dict(row).get("_deleted_at")]
        return [plain(row, path) for row in present]


def plain(row, path):
    """Return a row as a tuple of plain values, whatever it was stored as."""
    get = row.get if isinstance(row, dict) else partial(getattr, row)
    return tuple(
        _plain_value(name, get(name))
        for name in (KEYED_FIELDS if path == KEYED else KEYLESS_FIELDS)
    )


def _plain_value(name, value):
    if name == "on_hold":
        return bool(value)
    if name == "date_time_updated" and value is not None:
        value = parse_time(value) if isinstance(value, str) else value
        return value.timestamp()
    return value


def check_rows(rows, company, path, *, filtered=False):
    """Check that all that was there throughout came once, and nothing else."""
    table = company.tables[path]
    column = (KEYED_FIELDS if path == KEYED else KEYLESS_FIELDS).index(table.identity)
    times = Counter(row[column] for row in rows)
    twice = [key for key, count in times.items() if count > 1]
    fits = [
        row for row in table.throughout.values() if not (filtered and row["on_hold"])
    ]
    lost = [table.key(row) for row in fits if table.key(row) not in times]
    ever = {plain(row, path) for row in table.ever}
    foreign = [row for row in rows if row not in ever]
    unasked = [row[column] for row in rows if filtered and row[3]]
    if twice or lost or foreign or unasked:
        raise WrongData(
            f"{len(rows)} rows came; twice: {twice[:5]}, lost {len(lost)}: {lost[:5]}, "
            f"never there {len(foreign)}: {foreign[:3]}, not asked for: {unasked[:5]}"
        )


def check_certificate(certificate, rows):
    """Check that a certificate is about the rows that came."""
    if certificate is None:
        raise WrongData("it ended without an error and without a certificate")
    if certificate.records != len(rows):
        raise WrongData(f"certificate of {certificate.records} over {len(rows)} rows")
    keys = [row[0] for row in rows]
    edges = (min(keys), max(keys)) if keys else (None, None)
    if certificate.key and (certificate.lowest, certificate.highest) != edges:
        raise WrongData(
            f"certificate from {certificate.lowest} to {certificate.highest}, rows {edges}"
        )


async def _stream(setting, path, query, **options):
    rows = [plain(record, path) async for record in query]
    check_rows(rows, setting.company, path, **options)


async def stream(setting, path):
    await _stream(setting, path, setting.query(path))


async def filtered(setting, path):
    query = setting.query(path).filter(on_hold=False)
    await _stream(setting, path, query, filtered=True)


async def top(setting, path):
    await _stream(setting, path, setting.query(path).top(1000))


async def ordered(setting, path):
    name = "name" if path == KEYED else "customer_id"
    await _stream(setting, path, setting.query(path).order_by(name))


async def read(setting, path, *, workers):
    async with setting.query(path).read(workers=workers) as reading:
        rows = [plain(record, path) async for record in reading]
    check_rows(rows, setting.company, path)
    check_certificate(reading.certificate, rows)


async def planned(setting, path, *, parts, filtered=False):
    """Read the ranges of a plan at once, as other processes would: from its JSON."""
    query = setting.query(path)
    query = query.filter(on_hold=False) if filtered else query
    written = (await query.plan(parts=parts)).to_json()
    plan = ReadPlan.from_json(written)
    readings = (_read_range(setting, path, part) for part in plan.ranges)
    results = await asyncio.gather(*readings, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    certificate = certify(plan, [result[1] for result in results])
    rows = [row for result in results for row in result[0]]
    check_rows(rows, setting.company, path, filtered=filtered)
    check_certificate(certificate, rows)


async def _read_range(setting, path, part):
    workers = 1 + part.number % 2
    async with setting.client.read_range(part, workers=workers) as reading:
        rows = [plain(record, path) async for record in reading]
    check_certificate(reading.certificate, rows)
    return rows, reading.certificate


async def count(setting, path):
    counted = await setting.query(path).count()
    table = setting.company.tables[path]
    least, most = len(table.throughout), len({table.key(row) for row in table.ever})
    if not least <= counted <= most:
        raise WrongData(f"counted {counted}, expected {least} to {most}")


def _lines(setting, path):
    return [
        setting.folder / f"{path}.ndjson",
        *setting.folder.glob(f"{path}*manifest*"),
    ]


async def export_file(setting, path):
    sink = files_at(setting.folder, "ndjson")
    try:
        certificate = await export(
            setting.client, setting.extraction(path), sink, workers=setting.workers
        )
    except Exception:
        if any(file.exists() for file in _lines(setting, path)):
            raise WrongData("an error, and a finished file") from None
        raise
    lines = _lines(setting, path)[0].read_text(encoding="utf-8").splitlines()
    rows = [plain(json.loads(line), path) for line in lines]
    check_rows(rows, setting.company, path)
    check_certificate(certificate, rows)


async def export_database(setting, path):
    try:
        certificate = await export(
            setting.client,
            setting.extraction(path),
            setting.target(),
            workers=setting.workers,
        )
    except Exception as error:
        if rows := setting.stored(path):
            raise WrongData(f"{error!r}, and {len(rows)} rows are visible") from error
        raise
    rows = setting.stored(path)
    check_rows(rows, setting.company, path)
    check_certificate(certificate, rows)


async def sync_first(setting, path):
    try:
        result = await _sync(setting, path)
    except Exception as error:
        if setting.stored(path):
            _check_visible(setting, path, error)
        raise
    check_rows(setting.stored(path), setting.company, path)
    if path == KEYED and result.watermark is not None:
        stamps = [row["date_time_updated"] for row in setting.company.tables[path].ever]
        if result.watermark > max(stamps):
            raise WrongData(f"the watermark {result.watermark} is after all changes")


def _check_visible(setting, path, error):
    """Check that a first copy is whole, if it failed and still can be seen."""
    try:
        check_rows(setting.stored(path), setting.company, path)
    except WrongData as wrong:
        raise WrongData(f"{error!r}, and it is visible: {wrong}") from error


async def sync_later(setting, path):
    await _sync(setting, path)
    check_rows(setting.stored(path), setting.company, path)


async def _sync(setting, path):
    return await sync(
        setting.client,
        setting.extraction(path),
        setting.target(),
        workers=setting.workers,
        overlap=60.0,
    )


KEYED_WAYS = (
    Way("stream", KEYED, stream),
    Way("filtered", KEYED, filtered, filtered=True),
    Way("top", KEYED, top),
    Way("ordered", KEYED, ordered),
    Way("read 1", KEYED, partial(read, workers=1)),
    Way("read 8", KEYED, partial(read, workers=8)),
    Way("plan 1", KEYED, partial(planned, parts=1)),
    Way("plan 5", KEYED, partial(planned, parts=5)),
    Way(
        "plan filtered",
        KEYED,
        partial(planned, parts=4, filtered=True),
        filtered=True,
    ),
    Way("export file", KEYED, export_file),
    Way("export db", KEYED, export_database),
    Way("sync first", KEYED, sync_first),
    Way("sync later", KEYED, sync_later),
    Way("count", KEYED, count),
)
KEYLESS_WAYS = (
    Way("unordered", KEYLESS, stream),
    Way("by customer", KEYLESS, ordered),
    Way("export file", KEYLESS, export_file),
    Way("export db", KEYLESS, export_database),
    Way("sync first", KEYLESS, sync_first),
    Way("sync later", KEYLESS, sync_later),
    Way("count", KEYLESS, count),
)
WAYS = KEYED_WAYS + KEYLESS_WAYS
AGAIN = ("export file", "export db", "sync first", "sync later")
