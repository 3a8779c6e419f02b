"""Columns are what records are: equal tables, or errors that name the same record and field."""

import asyncio
import decimal
import json
from decimal import Decimal
from itertools import pairwise

import msgspec
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from sage200_async.arrow.columns import ColumnForm
from sage200_async.arrow.schema import is_json, schema_of
from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.odata.options import QueryOptions
from sage200_async.wire.decode import SliceReader

FIELDS = ("id", "name", "balance", "on_hold", "account_opened", "statement_layout")
OPTIONS = QueryOptions(
    select=FIELDS[:5], expand=("contacts", "main_address", FIELDS[5])
)
WHOLE = pa.field("customer", pa.struct(list(schema_of(Customer, OPTIONS, None))))
JSON = msgspec.json.Encoder(decimal_format="number")
FORMS = {
    (key, size): ColumnForm(Customer, schema_of(Customer, OPTIONS, key), key, size)
    for key in ("id", None)
    for size in (1, 150, 10**6)
}
LOOP = asyncio.new_event_loop()

INTEGERS = st.integers(-(2**64), 2**64).map(str) | st.sampled_from(
    ["1.0", "1e2", "1E400", '"5"', "-0", "null", "true", "01", "1.5"]
)
NUMBERS = (
    st.decimals(-(10**30), 10**30, places=12).map(str)
    | st.decimals(-(10**9), 10**9, places=2).map(str)
    | st.sampled_from(
        [
            "0E999",
            "0E-999",
            "0.0E-400",
            "1E999",
            "1E-999",
            "1E-11",
            "1e5",
            '"5"',
            '"+5"',
            '"5."',
            '".5"',
            '""',
            '" 5"',
            '"NaN"',
            '"Infinity"',
            '"1_000"',
            '"0x5"',
            '"1E5"',
            "null",
            "-0",
            "-0.0",
            "00",
            "1.00000000000",
            "1.00000000001",
            "1234567890123456789012345678.9999999999",
            "12345678901234567890123456789",
            "9999999999999999999999999999.99999999995",
            '"-1.5"',
            "true",
        ]
    )
)
TIMES = (
    st.datetimes().map(lambda at: f'"{at.isoformat()}Z"')
    | st.datetimes().map(lambda at: f'"{at.isoformat()}"')
    | st.sampled_from(
        [f'"2025-01-01{rest}"' for rest in ["", "T09Z", "T09:17Z", "T09:17:16"]]
        + [
            f'"{at}"'
            for at in [
                "2025-01-01T09:17:16Z",
                "2025-01-01T09:17:16.Z",
                "2025-02-30T09:17:16Z",
                "2025-01-01T09:17:16.1234567Z",
                "2025-01-01t09:17:16z",
                "2025-01-01T091716Z",
                "2025-01-01T24:00:00Z",
                "2025-01-01T09:17:60Z",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "10000-01-01T00:00:00Z",
                "2025-01-01T09:17:16+01",
                "2025-01-01T09:17:16+0100",
                "2025-01-01T09:17:16+01:00",
                "2025-01-01T09:17:16-05:30",
                "2025-01-01T09:17+01:00",
                "-2025-01-01T09:17:16Z",
            ]
        ]
        + ['"2025-01-01 09:17:16Z"', '"2025-01-01T09:17:16Z "', "5", "null", '""']
    )
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
    json.dumps
) | st.sampled_from(
    [
        "null",
        "1",
        '"},{"',
        '"}\\n{"',
        '"\\udc00"',
        '"\\ud800x"',
        '"a\x01"',
        '"\\x"',
        '"\\u0000"',
        '"\\ud83d\\ude00"',
        '"\udcff"',
        '"é"',
        '"\t"',
    ]
)
BOOLEANS = st.sampled_from(["true", "false", "null", "0", '"true"', "tru"])
ANYTHING = st.one_of(INTEGERS, NUMBERS, TIMES, TEXTS, BOOLEANS) | st.sampled_from(
    [
        "{}",
        "[]",
        "[null]",
        "[{}]",
        '{"id":1}',
        '[{"id":"1"}]',
        "[" * 50 + "]" * 50,
        '{"a":1,"a":2}',
        "[1,",
        "[" * 40_000 + "]" * 40_000,
    ]
)
VALUES = {
    "id": INTEGERS,
    "name": TEXTS,
    "balance": NUMBERS,
    "on_hold": BOOLEANS,
    "account_opened": TIMES,
    "statement_layout": ANYTHING,
    "unknown": ANYTHING,
    "Name": TEXTS,
    "Message": TEXTS,
}


@st.composite
def objects(draw, values, plain=0.9):
    """Write an object of some of *values*, mostly each once and of the right kind."""
    names = draw(st.lists(st.sampled_from(sorted(values)), max_size=6, unique=True))
    if draw(st.integers(0, 19)) == 0:
        names += names[:1]
    pairs = []
    for name in names:
        right = draw(st.integers(0, 9)) < plain * 10
        pairs.append(f'"{name}":{draw(values[name] if right else ANYTHING)}')
    return "{" + draw(st.sampled_from([",", ", ", ",\n"])).join(pairs) + "}"


def lists_of(values):
    """Write lists of objects of *values*."""
    return st.lists(objects(values), max_size=3).map(lambda rows: f"[{','.join(rows)}]")


CONTACTS = {
    "id": INTEGERS,
    "name": TEXTS,
    "is_default": BOOLEANS,
    "mine": ANYTHING,
    "date_time_created": TIMES,
    "emails": lists_of({"id": INTEGERS, "email": TEXTS, "is_default": BOOLEANS}),
    "salutation": objects({"id": INTEGERS, "name": TEXTS}),
}
COUNTRIES = objects({"id": INTEGERS, "code": TEXTS, "date_time_created": TIMES})
NESTED = {
    "contacts": lists_of(CONTACTS),
    "main_address": objects(
        {"id": INTEGERS, "city": TEXTS, "address_country_code": COUNTRIES}
    ),
}
GOOD = {
    "name": st.text("aé'\\\"{},[]\n", max_size=9).map(json.dumps),
    "balance": st.decimals(-(10**9), 10**9, places=2).map(str),
    "on_hold": st.sampled_from(["true", "false"]),
    "account_opened": st.datetimes().map(lambda at: f'"{at.isoformat()}Z"'),
    "contacts": st.integers(0, 3).map(lambda n: "[" + ",".join(['{"id":5}'] * n) + "]"),
}
ROWS = st.one_of(
    st.fixed_dictionaries({}, optional=GOOD).map(
        lambda row: (
            "{" + ",".join(f'"{name}":{text}' for name, text in row.items()) + "}"
        )
    ),
    objects(VALUES | NESTED),
    st.sampled_from(["{}", "null", "[]", "1", '"x"', " {} ", '{"ID":1}', "nul"]),
)
SEPARATORS = st.sampled_from([",", ", ", ",\n", " ,\r\n  "])


def with_keys(rows):
    """Put a key in front of each row, as the service does."""
    return [
        row.replace("{", f'{{"id":{key}' + ("," if row.strip() != "{}" else ""), 1)
        for key, row in enumerate(rows, 1)
    ]


@st.composite
def pages(draw):
    """Write a page, as the service writes it or not at all like that."""
    rows = draw(st.lists(ROWS, max_size=8))
    rows = with_keys(rows) if draw(st.booleans()) else rows
    return ("[" + draw(SEPARATORS).join(rows) + "]").encode("utf-8", "surrogateescape")


@st.composite
def mutilated(draw):
    """Write a page, and change some of its bytes."""
    page = bytearray(draw(pages()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(page)))
        page[at : at + draw(st.integers(0, 2))] = draw(
            st.binary(max_size=2)
            | st.sampled_from([b'"', b"{", b"}", b"]", b",", b"\\"])
        )
    return bytes(page)


async def read(form, page, key, quarantine):
    """Read *page*; return its rows, in small lists, and the error that ends it."""
    reader = form.open(page, key, quarantine)
    slices = []
    try:
        while (some := await reader.next()) is not None:
            slices.append(some)
    except DecodeError as error:
        return slices, error
    return slices, None


def in_columns(form, page, key, quarantine=None):
    """Read *page* as columns; return its rows, its keys, and the error that ends it."""
    slices, error = LOOP.run_until_complete(read(form, page, key, quarantine))
    rows = [row for some in slices for row in some.rows.to_pylist()]
    assert all(some.rows.schema.equals(form.schema) for some in slices)
    keys = [one for some in slices if key for one in some.keys]
    lasts = [(some.last, bool(len(some))) for some in slices]
    return rows, keys, error, [last for last, wanted in lasts if wanted]


def in_records(chosen, page, quarantine=None):
    """Read *page* as records, in slices as large; return them, and the error at the end."""
    key, size = chosen
    reader = SliceReader(Customer, quarantine, size, needs_fields=key is None)
    records = []
    try:
        for some in reader.slices(page):
            records += some
    except DecodeError as error:
        return records, error
    return records, None


def plain(value, field):
    """Return what a column shows of the value of a record."""
    kind = field.type
    if value is None:
        return None
    if is_json(field):
        return json.loads(JSON.encode(value))
    if pa.types.is_struct(kind):
        return {one.name: plain(getattr(value, one.name), one) for one in kind}
    if pa.types.is_list(kind):
        return [plain(one, kind.value_field) for one in value]
    return value


def fits(record):
    """Return whether columns can hold the record's numbers."""
    address = record.main_address
    contacts = record.contacts or ()
    emails = [one for contact in contacts for one in contact.emails or ()]
    related = [*contacts, *emails, *([] if address is None else [address])]
    ids = [one.id for one in (record, *related) if one.id is not None]
    return all(-(2**63) <= one < 2**63 for one in ids) and number_fits(record.balance)


def number_fits(number):
    """Return whether a column can hold an amount of money."""
    if number is None:
        return True
    with decimal.localcontext() as exact:
        exact.prec = 999
        if not number.is_finite() or abs(number) >= Decimal(10) ** 28:
            return False
        return number == 0 or (number * 10**10) % 1 == 0


def shown(value, field):
    """Return the value of a column, with JSON texts as values."""
    kind = field.type
    if value is None:
        return None
    if is_json(field):
        return json.loads(value)
    if pa.types.is_struct(kind):
        return {one.name: shown(value[one.name], one) for one in kind}
    if pa.types.is_list(kind):
        return [shown(one, kind.value_field) for one in value]
    return value


def index_of(error):
    """Return the record that *error* is about, or -1 where it is about the page."""
    start = error.json_path.removeprefix("$[").partition("]")[0]
    return int(start) if start.isdigit() else -1


@st.composite
def torn_times(draw):
    """Return a page whose times are right when joined, but torn at other places."""
    times = ["2024-07-01T09:00:00Z", "2024-07-01T09:00:00.5Z", "0001-01-01T00:00:00Z"]
    text = "".join(draw(st.lists(st.sampled_from(times), max_size=3)))
    edges = [at for at in range(len(text)) if text[at - 1] == "Z"]
    places = st.integers(0, len(text)) | st.sampled_from([0, *edges])
    cuts = [0, *sorted(draw(st.lists(places, max_size=3))), len(text)]
    pieces = [text[start:end] for start, end in pairwise(cuts)]
    fields = [
        lambda piece: {"account_opened": piece},
        lambda piece: {"main_address": {"date_time_updated": piece}},
        lambda piece: {"contacts": [{"date_time_updated": piece}]},
    ]
    rows = [
        {"id": number, **draw(st.sampled_from(fields))(piece)}
        for number, piece in enumerate(pieces, 1)
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


@given(pages() | mutilated() | torn_times(), st.sampled_from(sorted(FORMS, key=str)))
@example(b"[null]", ("id", 10**6))
@example(b'[{"id":1},null]', ("id", 10**6))
@example(b'[{"id":9223372036854775808},{"id":1}]', (None, 10**6))
@example(b'[{"contacts":[{"id":-9223372036854775809}]}]', (None, 10**6))
@example(b'[{"contacts":[{"id":-9223372036854775808}]}]', (None, 10**6))
@example(b'[{"id":1,"balance":0E-999}]', ("id", 10**6))
@example(b'[{"id":1}},{"id":2}]', ("id", 1))
def test_columns_are_records(page, chosen):
    """Each way shows the same rows, and sets aside the same records for the same field."""
    key, form = chosen[0], FORMS[chosen]
    errors, record_errors = [], []
    rows, keys, error, lasts = in_columns(form, page, key, errors.append)
    records, record_error = in_records(chosen, page, record_errors.append)
    good = [record for record in records if fits(record)]
    ours, theirs = [shown(row, WHOLE) for row in rows], [plain(r, WHOLE) for r in good]
    if error is not None and index_of(error) < 0:
        # The page cannot be cut. How much comes before the error depends on the slices.
        assert record_error is not None
        assert error.json_path == record_error.json_path
        both = min(len(ours), len(theirs))
        assert ours[:both] == theirs[:both]
        return
    assert ours == theirs
    assert keys == ([record.id for record in good] if key else [])
    assert key or not good or lasts[-1] == good[-1]
    paths = {one.json_path: one.raw for one in record_errors}
    misfits = [one for one in errors if one.json_path not in paths]
    assert len(errors) == len(paths) + len(misfits)
    assert {one.json_path: one.raw for one in errors if one not in misfits} == paths
    assert len(misfits) == len(records) - len(good)
    for one in misfits:
        words = "28 digits" if one.json_path.endswith("].balance") else "64 bits"
        assert words in str(one), one
    assert (error is None) == (record_error is None)
    if error is not None:
        assert error.json_path == record_error.json_path

    first = min(errors, key=index_of, default=error)
    rows, _, error, _ = in_columns(form, page, key)
    assert (first is None) == (error is None)
    if first is not None:
        assert (error.json_path, error.raw) == (first.json_path, first.raw)
        assert index_of(error) == -1 or len(rows) == index_of(error)
