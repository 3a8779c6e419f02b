"""Workbooks: exact values, or texts where a cell would round them; never a formula."""

import asyncio
import io
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async import Sage200Client, Settings
from sage200_async.cli import xlsx as xlsx_module
from sage200_async.cli.query_output import OutputOptions, write_records
from sage200_async.errors import MissingExtra, QueryError
from sage200_async.transport.memory import MemoryTransport, reply

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl reads what is written")
pytest.importorskip("xlsxwriter", reason="the extra xlsx is not installed")


def cells(*values: Any) -> list[Any]:
    """Return the cells that values become, one below the other."""
    file = io.BytesIO()
    with ExitStack() as cleanup:
        writer = xlsx_module.XlsxWriter(file, ["value", "n"], cleanup)
        for value in values:
            writer.write({"value": value, "n": 1})
        writer.close()
    sheet = openpyxl.load_workbook(file).active
    assert [cell.value for cell in sheet[1]] == ["value", "n"]
    return [row[0] for row in sheet.iter_rows(min_row=2)]


NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14
)


@settings(max_examples=30)
@given(st.lists(NUMBERS | st.integers(-(10**30), 10**30), min_size=1, max_size=20))
def test_a_number_keeps_all_its_digits(numbers: list[Decimal | int]) -> None:
    """It is a number as far as 15 digits reach, and its text beyond."""
    for number, cell in zip(numbers, cells(*numbers), strict=True):
        if cell.data_type == "n":
            assert Decimal(f"{cell.value:.15g}") == number
        else:
            assert Decimal(cell.value) == number
            digits = Decimal(number).as_tuple().digits
            assert len("".join(map(str, digits)).strip("0")) > 15


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Decimal("1234567890123.45"), "n"),
        (Decimal("12345678901234.567"), "s"),
        (9_007_199_254_740_993, "s"),
        (Decimal(100000000000000000000), "n"),
        (True, "b"),
        ("12", "s"),
        (None, "n"),
        ([{"id": 1}], "s"),
    ],
)
def test_a_value_has_the_type_of_its_cell(value: Any, kind: str) -> None:
    """Money is a number, a text of digits is a text, null is an empty cell."""
    assert cells(value)[0].data_type == kind


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "http://a", "=cmd|' /C calc'!A0"]
)
def test_no_text_is_a_formula_or_a_link(text: str) -> None:
    """What a customer typed is shown, and not run."""
    (cell,) = cells(text)
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
@settings(max_examples=30)
def test_a_text_is_the_same_but_for_control_characters(text: str) -> None:
    """Neither `_x000D_` nor an entity changes it; orders to a terminal become U+FFFD."""
    from sage200_async.cli.writers import csv_text

    assert cells(text)[0].value in {csv_text(text), None}


TIMES = st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)


@settings(max_examples=30)
@given(st.lists(TIMES, min_size=1, max_size=20))
def test_a_time_is_a_time_in_utc(times: list[datetime]) -> None:
    """Excel knows no time zones: the cell has the time in UTC, to the millisecond."""
    for at, cell in zip(times, cells(*times), strict=True):
        assert cell.is_date
        assert abs(cell.value.replace(tzinfo=UTC) - at) < timedelta(milliseconds=1)


def test_a_date_is_a_date() -> None:
    """It has no time of day."""
    (cell,) = cells(date(2026, 1, 31))
    assert cell.is_date
    assert cell.value == datetime(2026, 1, 31)
    assert cell.number_format == "yyyy-mm-dd"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 123_456, UTC), "2026-01-02T03:04:05.123456Z"),
        (datetime(1753, 1, 1, tzinfo=UTC), "1753-01-01T00:00:00Z"),
        (date(1900, 2, 28), "1900-02-28"),
    ],
)
def test_what_a_cell_would_round_is_a_text(at: date, text: str) -> None:
    """Microseconds, and days before Excel's calendar is right."""
    (cell,) = cells(at)
    assert (cell.data_type, cell.value) == ("s", text)


def test_a_text_that_is_too_long_is_an_error() -> None:
    """Excel would cut it: the error names the column and what to do."""
    assert len(cells("x" * 32_767)[0].value) == 32_767
    with pytest.raises(QueryError, match=r"value has more than 32,767.*--select"):
        cells("x" * 32_768)
    with pytest.raises(QueryError, match="32,767"):
        cells("\U0001f600" * 16_384)


def test_a_full_sheet_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is dropped silently."""
    monkeypatch.setattr(xlsx_module, "MAX_RECORDS", 2)
    assert len(cells(1, 2)) == 2
    with pytest.raises(QueryError, match="a sheet of Excel holds 2"):
        cells(1, 2, 3)


def test_too_many_records_are_refused_before_they_are_read(tmp_path: Any) -> None:
    """The server counts them in one request; there is no file."""
    memory = MemoryTransport(lambda _: reply({"@odata.count": 2_000_000, "value": []}))
    client = Sage200Client(Settings(site="guid", company=7), transport=memory)
    options = OutputOptions(output=tmp_path / "customers.xlsx")
    with pytest.raises(QueryError, match="1,048,575 records, and there are 2,000,000"):
        asyncio.run(write_records(client.customers.filter(on_hold=True), options))
    assert len(memory.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_workbook_that_was_given_up(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files in which its rows are kept go with it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(QueryError):
        cells(1, "x" * 32_768)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is known before any request."""
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sage200-async\[xlsx\]'"):
        xlsx_module.require_xlsx()
