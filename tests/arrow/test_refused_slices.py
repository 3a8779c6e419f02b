"""Slices that pyarrow refuses: only few of their records are read as such."""

import asyncio
import json

import pytest

import sage200_async.arrow.columns as columns_module
from sage200_async.arrow.columns import ColumnForm
from sage200_async.arrow.rows import RowReader
from sage200_async.arrow.schema import schema_of
from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.odata.options import QueryOptions
from sage200_async.wire.decode import SliceReader

FIELDS = ("id", "name", "balance", "account_opened")
COUNT = 700
OPENED = "2025-07-01T09:00:00Z"
TOO_LONG = 10**28


def rows(**changed):
    """Return customers; *changed* says what some fields of some keys are."""
    every = [
        {"id": key, "name": f"n{key}", "balance": 1.5, "account_opened": OPENED}
        for key in range(1, COUNT + 1)
    ]
    for name, values in changed.items():
        for key, value in values.items():
            every[key - 1][name] = value
    return json.dumps(every, separators=(",", ":")).encode()


def form_of(key="id"):
    """Return a form of customers."""
    schema = schema_of(Customer, QueryOptions(select=FIELDS), key)
    return ColumnForm(Customer, schema, key)


def read(form, page, quarantine=None):
    """Return the rows of *page*, and the error that ends it."""

    async def main():
        reader = form.open(page, form.key, quarantine)
        read_rows = []
        try:
            while (some := await reader.next()) is not None:
                read_rows += some.rows.to_pylist()
        except DecodeError as error:
            return read_rows, error
        return read_rows, None

    return asyncio.run(main())


@pytest.fixture
def as_records(monkeypatch):
    """Count the records that are read as such."""
    counted = []
    plain = RowReader.rows

    def counting(self, raws, start):
        counted.extend(range(start, start + len(raws)))
        return plain(self, raws, start)

    monkeypatch.setattr(RowReader, "rows", counting)
    return counted


@pytest.mark.parametrize(
    "text", ["2025-07-01T10:00:00+01:00", "2025-07-01T09:00:00", OPENED]
)
def test_times_that_are_not_in_utc(as_records, text):
    """They are converted in the bytes, and the columns are those of records."""
    page = rows(account_opened=dict.fromkeys(range(1, COUNT, 2), text))
    read_rows, error = read(form_of(), page)
    records = [one for some in SliceReader(Customer).slices(page) for one in some]
    expected = [one.account_opened for one in records]
    assert [row["account_opened"] for row in read_rows] == expected
    assert (as_records, error) == ([], None)


@pytest.mark.parametrize("key", ["id", None])
def test_records_that_do_not_fit(as_records, key):
    """Only they are read as records, and the others come in their order."""
    bad = [3, 4, 290, 700]
    page, errors = rows(balance=dict.fromkeys(bad, "x")), []
    read_rows, error = read(form_of(key), page, errors.append)
    assert error is None
    assert [row["id"] for row in read_rows] == [
        one for one in range(1, COUNT + 1) if one not in bad
    ]
    assert [one.json_path for one in errors] == [f"$[{one - 1}].balance" for one in bad]
    assert as_records == [one - 1 for one in bad]
    read_rows, error = read(form_of(key), page)
    assert [row["id"] for row in read_rows] == [1, 2]
    assert error.json_path == "$[2].balance"
    assert "quarantine" in error.__notes__[0]


def test_numbers_that_only_columns_refuse(as_records):
    """A part of the slice is read as records, each error at its place."""
    bad, wrong = [290, 480], [291]
    balances = dict.fromkeys(bad, TOO_LONG) | dict.fromkeys(wrong, "x")
    page, errors = rows(balance=balances), []
    read_rows, error = read(form_of(), page, errors.append)
    assert error is None
    ids = [one for one in range(1, COUNT + 1) if one not in bad + wrong]
    assert [row["id"] for row in read_rows] == ids
    paths = [f"$[{one - 1}].balance" for one in (290, 291, 480)]
    assert [one.json_path for one in errors] == paths
    assert len(as_records) <= 64
    read_rows, error = read(form_of(), page)
    assert len(read_rows) == 289
    assert error.json_path == "$[289].balance"


def test_texts_that_are_no_unicode(as_records):
    """A lone surrogate makes the slice unreadable, and its record alone is set aside."""
    page, errors = rows(name={5: "\ud800"}), []
    read_rows, _ = read(form_of(), page, errors.append)
    assert len(read_rows) == COUNT - 1
    assert (as_records, [one.json_path for one in errors]) == ([4], ["$[4]"])


def test_a_block_that_does_not_fit_loses_no_rows(monkeypatch):
    """Where pyarrow refuses rows of records, the read ends, quarantine or not."""

    def refuse(rows, schema):
        raise DecodeError("the records do not fit in columns")

    monkeypatch.setattr(columns_module, "as_batch", refuse)
    errors = []
    page = rows(balance={2: TOO_LONG})
    read_rows, error = read(form_of(), page, errors.append)
    assert "do not fit in columns" in str(error)
    assert (read_rows, errors) == ([], [])
