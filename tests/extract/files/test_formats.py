"""What is in the files, as others read it: json, csv, pyarrow and DuckDB."""

import csv
import gzip
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import msgspec
import pytest
import zstandard
from file_exports import OWN, PARTS, TABLES, certificate, export_at_once, key_range

from sage200_async import __version__
from sage200_async.errors import MissingExtra, SinkError
from sage200_async.extract.checkpoint import Checkpoint
from sage200_async.extract.files.factory import files_at
from sage200_async.extract.files.manifest import find_manifest
from sage200_async.extract.tables import Column, Table
from sage200_async.paging.key_ranges import KeyRange

RECORDS = 700
NUMBERS = ["0E-9", "-0.00", "1E+3", "1.50", "0.000000001", "12345678901234567.89"]


@pytest.fixture(scope="module")
def records(helpers):
    return helpers.source(11, RECORDS)


def one(tmp_path, format, column, *values):
    """Write values of one column, of records 1, 2 and so on; return the file's path."""
    table = Table("ones", (Column("id", "integer"), column), ("id",))
    sink = files_at(tmp_path, format)
    sink.open([table])
    rows = list(enumerate(values, 1))
    sink.begin(Checkpoint(query="", bounds=KeyRange(0, len(rows))))
    written = key_range(0, len(rows), [key for key, _ in rows])
    try:
        sink.write(written, {"ones": rows})
        sink.commit(certificate(len(rows)))
    finally:
        sink.close()
    return tmp_path / f"ones.{sink._format.name}"


def json_value(column, text):
    if text is None:
        return None
    if column.kind == "datetime":
        return datetime.fromisoformat(text)
    return json.dumps(text, separators=(",", ":")) if column.kind == "json" else text


def test_ndjson_is_what_json_reads(tmp_path, records):
    """Each line is a record: nulls left out, members nested, numbers to the digit."""
    export_at_once(tmp_path, "ndjson", None, records)
    for table, wanted in both(records):
        lines = (tmp_path / f"{table.name}.ndjson").read_bytes().splitlines()
        read = [json.loads(line, parse_float=Decimal) for line in lines]
        assert all(None not in line.values() for line in read)
        rows = [
            tuple(json_value(column, line.get(column.name)) for column in table.columns)
            for line in read
        ]
        assert rows == wanted


def both(records):
    keys, rows = records.between(records.low, records.max_key)
    assert len(keys) == RECORDS
    return [(OWN, rows["things"]), (PARTS, rows["things__parts"])]


def test_csv_is_what_csv_reads(tmp_path, records):
    """The csv module reads the header and every cell; null and empty are empty."""
    export_at_once(tmp_path, "csv", None, records)
    for table, wanted in both(records):
        text = (tmp_path / f"{table.name}.csv").read_bytes().decode()
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert header == [column.name for column in table.columns]
        assert rows == [[csv_text(value) for value in row] for row in wanted]


def csv_text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        text = msgspec.json.encode(value).decode().strip('"')
        return f"{text[:-1].rstrip('0')}Z" if "." in text else text
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_csv_is_what_duckdb_reads(tmp_path, records):
    """DuckDB reads every value back as it was, null distinct from empty."""
    export_at_once(tmp_path, "csv", "zstd", records)
    types = {
        "integer": "BIGINT",
        "number": "DECIMAL(38,10)",
        "text": "VARCHAR",
        "boolean": "BOOLEAN",
        "datetime": "TIMESTAMPTZ",
        "json": "VARCHAR",
    }
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for table, wanted in both(records):
            columns = {column.name: types[column.kind] for column in table.columns}
            path = tmp_path / f"{table.name}.csv.zst"
            rows = database.execute(
                f"SELECT * FROM read_csv('{path}', columns = {columns}, header = true,"
                " quote = '\"', escape = '\"', allow_quoted_nulls = false)"
            ).fetchall()
            assert rows == wanted


def test_parquet_is_what_duckdb_reads(tmp_path, records):
    """DuckDB reads every value back as it was, to the last digit and microsecond."""
    export_at_once(tmp_path, "parquet", None, records)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for table, wanted in both(records):
            path = tmp_path / f"{table.name}.parquet"
            read = database.execute(f"SELECT * FROM '{path}'")
            assert read.fetchall() == wanted


def test_the_formats_have_the_same_sums(tmp_path, records):
    """The sum of a decimal column is the same, exactly, in all formats and the source."""
    sums = {sum(row[2] for row in records.rows.values() if row[2] is not None)}
    for name in ("ndjson", "csv", "parquet"):
        export_at_once(tmp_path / name, name, None, records)
    with duckdb.connect() as database:
        for path, reader in (
            ("parquet/things.parquet", "read_parquet('{}')"),
            ("csv/things.csv", "read_csv('{}', all_varchar = true)"),
        ):
            source = reader.format(tmp_path / path)
            statement = f"SELECT sum(price::DECIMAL(38,10)), count(*) FROM {source}"
            total, count = database.execute(statement).fetchone()
            assert count == RECORDS
            sums.add(total)
    lines = (tmp_path / "ndjson" / "things.ndjson").read_text("utf-8").splitlines()
    read = (json.loads(line, parse_float=Decimal) for line in lines)
    sums.add(sum(line.get("price", 0) for line in read))
    assert len(sums) == 1


@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_compressed_files_hold_the_same(tmp_path, format, records):
    """Both gzip and zstd hold what the plain file holds; gzip has no name and time."""
    for compression in (None, "gzip", "zstd"):
        export_at_once(tmp_path / str(compression), format, compression, records)
    plain = (tmp_path / "None" / f"things.{format}").read_bytes()
    packed = (tmp_path / "gzip" / f"things.{format}.gz").read_bytes()
    assert packed[3:8] == bytes(5)
    assert gzip.decompress(packed) == plain
    with (tmp_path / "zstd" / f"things.{format}.zst").open("rb") as file:
        assert zstandard.ZstdDecompressor().stream_reader(file).read() == plain


def test_numbers_are_plain(tmp_path):
    """Numbers keep the digits of the wire and have no exponent."""
    column, values = Column("n", "number"), [Decimal(number) for number in NUMBERS]
    wanted = [format(value, "f") for value in values]
    assert wanted[0] == "0.000000000"
    lines = one(tmp_path / "n", "ndjson", column, *values).read_text().splitlines()
    assert lines == [f'{{"id":{at},"n":{text}}}' for at, text in enumerate(wanted, 1)]
    lines = one(tmp_path / "c", "csv", column, *values).read_text().splitlines()
    assert lines == ["id,n", *(f"{at},{text}" for at, text in enumerate(wanted, 1))]


def test_times_are_as_on_the_wire(tmp_path):
    """Times end in Z, without zeros at the end of their fraction."""
    texts = ["2024-01-02T09:17:16.33Z", "2024-01-02T00:00:00Z", "0001-01-01T00:00:00Z"]
    times = [datetime.fromisoformat(text) for text in texts]
    other = datetime.fromisoformat("2024-06-01T01:00:00+01:00")
    column = Column("at", "datetime")
    lines = one(tmp_path, "ndjson", column, *times, other).read_text().splitlines()
    assert [json.loads(line)["at"] for line in lines] == [
        *texts,
        "2024-06-01T00:00:00Z",
    ]


def test_csv_ends_lines_alike_and_quotes_what_needs_it(tmp_path):
    r"""Lines end with \n on every system; a text's own breaks stay in its quotes."""
    path = one(tmp_path, "csv", Column("t", "text"), "a,b", 'c"d', "e\r\nf", "", None)
    assert path.read_bytes() == b'id,t\n1,"a,b"\n2,"c""d"\n3,"e\r\nf"\n4,""\n5,\n'


def test_a_null_alone_in_its_row_is_a_row(tmp_path):
    """In a table of one column null is quoted: an empty line would be no row."""
    sink = files_at(tmp_path, "csv")
    sink.open([Table("ones", (Column("t", "text"),))])
    sink.begin(Checkpoint(query=""))
    sink.write(None, {"ones": [(None,), ("a",)]})
    sink.commit(certificate(2))
    assert (tmp_path / "ones.csv").read_bytes() == b't\n""\na\n'


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet"])
def test_an_empty_resource_is_a_table_too(tmp_path, format):
    """A resource without records makes files with all columns."""
    sink = files_at(tmp_path, format)
    sink.open(TABLES)
    sink.begin(Checkpoint(query=""))
    sink.commit(certificate(0))
    sink.close()
    manifest = find_manifest(tmp_path, "things")
    assert [file.rows for file in manifest.files] == [0, 0]
    for table in TABLES:
        path = tmp_path / f"{table.name}.{format}"
        names = [column.name for column in table.columns]
        if format == "ndjson":
            assert path.read_bytes() == b""
            continue
        result = duckdb.sql(f"SELECT * FROM '{path}'")
        assert (result.columns, result.fetchall()) == (names, [])


def test_what_has_no_key_stays_in_order(tmp_path):
    """Rows without a key stay as they came, and begin again when opened again."""
    table = Table("loose", (Column("n", "integer"),))
    checkpoint = Checkpoint(query="")
    sink = files_at(tmp_path, "ndjson")
    assert sink.open([table]) is None
    sink.begin(checkpoint)
    sink.write(None, {"loose": [(7,)]})
    assert sink.open([table]) is None
    sink.begin(checkpoint)
    for rows in ([(3,), (1,)], [(2,)] * 3, [(1,)]):
        sink.write(None, {"loose": rows})
    sink.commit(certificate(6))
    lines = (tmp_path / "loose.ndjson").read_text().split()
    assert [json.loads(line)["n"] for line in lines] == [3, 1, 2, 2, 2, 1]
    assert find_manifest(tmp_path, "loose").files[0].key == ()


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet", "arrow"])
def test_a_time_without_a_zone_is_utc(tmp_path, format):
    """A time without a zone is in UTC, in every format."""
    column, time = Column("at", "datetime"), datetime(2024, 1, 2, 9, 30)
    naive = one(tmp_path / "naive", format, column, time)
    aware = one(tmp_path / "aware", format, column, time.replace(tzinfo=UTC))
    assert naive.read_bytes() == aware.read_bytes()


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet", "arrow"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", Decimal("NaN")),
        ("number", Decimal("-Infinity")),
        ("text", "half a pair \ud83d"),
    ],
)
def test_what_no_file_holds_is_named(tmp_path, format, kind, value):
    """A value that cannot be written is an error that names column and key."""
    good = {"number": Decimal(1), "text": "a"}[kind]
    with pytest.raises(SinkError, match=r"ones, id 2: odd: .* does not fit " + kind):
        one(tmp_path, format, Column("odd", kind), good, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", Decimal("0.00000000001")),
        ("number", Decimal(10**28)),
        ("integer", 2**63),
    ],
)
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_parquet_never_rounds(tmp_path, format, kind, value):
    """A number with more digits than its column is refused, and named."""
    good = {"number": Decimal("1.50000000000000"), "integer": -(2**63)}[kind]
    with pytest.raises(SinkError, match=r"ones, id 2: odd: .* does not fit " + kind):
        one(tmp_path, format, Column("odd", kind), good, value)
    assert one(tmp_path / "good", format, Column("odd", kind), good).exists()


def test_the_manifest_says_what_is_there(tmp_path, records):
    """The manifest has the columns, counts, certificate, format and version."""
    export_at_once(tmp_path, "csv", "gzip", records)
    manifest = find_manifest(tmp_path, "things")
    assert manifest.certificate == certificate(RECORDS)
    assert (manifest.format, manifest.version) == ("csv.gz", __version__)
    own, parts = manifest.files
    assert (own.name, own.rows, own.columns) == ("things.csv.gz", RECORDS, OWN.columns)
    assert (parts.expandable, parts.key) == ("parts", PARTS.key)
    assert parts.rows == sum(map(len, records.parts.values()))


@pytest.mark.parametrize(
    ("format", "compression", "package", "extra"),
    [
        ("parquet", None, "pyarrow", "parquet"),
        ("csv", "zstd", "zstandard", "zstd"),
    ],
)
def test_what_is_not_installed_is_named(
    format, compression, package, extra, monkeypatch
):
    """A format whose package is missing says how to get it, before any I/O."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf"sage200-async\[{extra}\]"):
        files_at("nowhere", format, compress=compression)


def test_packages_are_imported_late() -> None:
    """To write plain files loads neither pyarrow nor zstandard."""
    program = (
        "import sys; from sage200_async.extract.files.factory import files_at;"
        "files_at('x', 'csv', compress='gzip');"
        "assert not {'pyarrow', 'zstandard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("format", "compression"), [("xml", None), ("csv", "rar"), ("parquet", "gzip")]
)
def test_unknown_formats_are_refused(format, compression):
    """An unknown format or compression is refused before any I/O."""
    with pytest.raises(SinkError, match=r"^(format|compress) must be "):
        files_at("nowhere", format, compress=compression)
