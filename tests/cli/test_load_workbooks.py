"""`sage200 load` of workbooks: what a cell shows, or a refusal that names the cell."""

import io
import string
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage200_async.catalog import Customer
from sage200_async.cli.load_rows import Rows
from sage200_async.errors import MissingExtra

openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
xlsxwriter = pytest.importorskip("xlsxwriter", reason="it writes the workbooks")

HEADER = ["reference", "name", "credit_limit", "on_hold", "account_opened"]
ROWS: list[list[Any]] = [
    ["A1", "Ann", 19.99, True, date(2026, 7, 31)],
    [None, None, None, None, None],
    ["A2", "", 0.1 + 0.2, False, None],
]
LOADED = [
    {
        "reference": "A1",
        "name": "Ann",
        "credit_limit": Decimal("19.99"),
        "on_hold": True,
        "account_opened": date(2026, 7, 31),
    },
    {"reference": "A2", "credit_limit": Decimal("0.3"), "on_hold": False},
]


def workbook(path: Path, *rows: list[Any], formats: dict[str, str] | None = None):
    """Write a workbook with openpyxl; *formats* are those of cells, by their addresses."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for address, number_format in (formats or {}).items():
        book.active[address].number_format = number_format
    book.save(path)
    return path


def loaded(path: Path, **options: Any) -> list[Any]:
    """Return the rows of a workbook of customers."""
    rows = Rows(path, Customer.fields, {}, **options)
    assert rows.check() == len(list(rows))
    return list(rows)


def refusal(path: Path, **options: Any) -> str:
    """Return what is said of a workbook that cannot be loaded."""
    with pytest.raises(click.UsageError) as refused:
        Rows(path, Customer.fields, {}, **options).check()
    return str(refused.value)


def test_cells_become_what_their_fields_hold(tmp_path: Path) -> None:
    """Numbers are exact, dates are dates, and blank rows are no rows."""
    rows = loaded(workbook(tmp_path / "a.xlsx", HEADER, *ROWS, [None] * 5, [""] * 5))
    assert rows == LOADED
    assert str(rows[0]["credit_limit"]) == "19.99"


def test_texts_are_read_as_in_csv(tmp_path: Path) -> None:
    """A text cell is converted by its field, and leading zeros stay."""
    row = ["007", "N", "1234.50", "yes", "2026-07-31"]
    assert loaded(workbook(tmp_path / "a.xlsx", HEADER, row)) == [
        {
            "reference": "007",
            "name": "N",
            "credit_limit": Decimal("1234.50"),
            "on_hold": True,
            "account_opened": date(2026, 7, 31),
        }
    ]


CELLS: list[tuple[str, Any, str, str]] = [
    ("reference", 123, "General", "B3: got the number 123 in a text field"),
    ("reference", date(2026, 2, 1), "yyyy-mm-dd", "B3: got the date 2026-02-01"),
    ("reference", True, "General", "B3: got 'True'"),
    ("credit_limit", "1,50", "General", "B3: got '1,50', expected a number"),
    ("credit_limit", 0.2, "0%", "B3: got 0.2, which is shown as a percentage"),
    ("credit_limit", 1e15, "General", "B3: got 1000000000000000"),
    ("credit_limit", False, "General", "B3: got 'False'"),
    ("credit_limit", time(9), "hh:mm", "B3: got '09:00:00'"),
    ("on_hold", 2, "General", "B3: got the number 2"),
    ("account_opened", 46234, "General", "got the number 46234; format the column"),
    ("account_opened", datetime(2026, 7, 31, 9), "yyyy-mm-dd", "have no time zone"),
    ("account_opened", "31/07/2026", "General", "expected a date such as"),
    ("name", "#N/A", "General", "B3: the error #N/A"),
    ("name", "=1+1", "General", "B3: a formula without a result"),
]


@pytest.mark.parametrize(("field", "value", "number_format", "message"), CELLS)
def test_what_could_mean_several_things_is_refused(
    tmp_path: Path, field: str, value: Any, number_format: str, message: str
) -> None:
    """The message names the sheet, the row and the cell."""
    rows = ["id", field], [None, None], [None, value]
    path = workbook(tmp_path / "a.xlsx", *rows, formats={"B3": number_format})
    said = refusal(path)
    assert f"a.xlsx, sheet 'Sheet', row 3: {field}: B3: " in said
    assert message in said


def test_dropped_zeros_are_found_again_or_given_up(tmp_path: Path) -> None:
    """A format of zeros shows them; without one, a person says that none were dropped."""
    rows = [["reference"], [42], [7], [12.5]]
    path = workbook(tmp_path / "a.xlsx", *rows, formats={"A2": "00000"})
    assert "A2" not in refusal(path)
    assert loaded(path, numbers_as_text=True) == [
        {"reference": "00042"},
        {"reference": "7"},
        {"reference": "12.5"},
    ]


def test_formulas_are_their_results(tmp_path: Path) -> None:
    """What a formula came to is in the workbook, and that is loaded."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["reference", "credit_limit", "name"])
        sheet.write_formula(1, 0, '="A"&1', None, "A1")
        sheet.write_formula(1, 1, "=0.1+0.2", None, 0.1 + 0.2)
        sheet.write_formula(2, 0, "=B9", None, "A2")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    assert refusal(path) == (
        f"{path}, sheet 'Data', row 3: credit_limit: B3: the error #DIV/0!"
    )


def test_a_formula_that_came_to_no_text_is_an_empty_cell(tmp_path: Path) -> None:
    """What Excel writes for =IF(B9="","",B9) leaves its field as it is."""
    path, changed = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["reference", "name"])
        sheet.write(1, 0, "A1")
        sheet.write_formula(1, 1, '=IF(B9="","",B9)', None, "nothing")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>nothing</v>", b"<v></v>"))
    assert loaded(changed) == [{"reference": "A1"}]


def test_one_of_several_sheets_is_named(tmp_path: Path) -> None:
    """Hidden sheets are not guessed at; of several, none is."""
    book = openpyxl.Workbook()
    book.active.append(["reference"])
    book.active.append(["A1"])
    book.create_sheet("Lists").append(["name"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert "name one with --sheet; it has 'Sheet', 'Lists'" in refusal(path)
    assert "no sheet 'Other'; it has" in refusal(path, sheet="Other")
    assert loaded(path, sheet="Sheet") == [{"reference": "A1"}]
    book["Lists"].sheet_state = "hidden"
    book.save(path)
    assert loaded(path) == [{"reference": "A1"}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "expected a first row"),
        ([[], ["A1"]], "expected a first row"),
        ([["name", "name"]], "each once"),
        ([["name", 5]], "expected a first row"),
        ([["name"], ["A", "B"]], "B2 holds something, and its column has no name"),
    ],
)
def test_every_column_has_a_name(
    tmp_path: Path, rows: list[list[Any]], message: str
) -> None:
    """A header that is missing, doubled or no text is refused, as in CSV."""
    assert message in refusal(workbook(tmp_path / "a.xlsx", *rows))


@pytest.mark.parametrize("content", [b"", b"PK", b"\xd0\xcf\x11\xe0 encrypted"])
def test_what_is_no_workbook_is_said(tmp_path: Path, content: bytes) -> None:
    """Old, encrypted and damaged ones end in one line."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert "no workbook that can be read" in refusal(path)


def test_a_wrong_dimension_cuts_no_rows(tmp_path: Path) -> None:
    """Some programs write that a sheet ends before it does: all of it is loaded."""
    path = workbook(tmp_path / "a.xlsx", ["reference", "name"], ["A1", "Ann"])
    copy = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b'ref="A1:B2"', b'ref="A1"')
            new.writestr(name, content)
    assert loaded(copy) == [{"reference": "A1", "name": "Ann"}]


def test_days_count_from_the_year_that_the_workbook_says(tmp_path: Path) -> None:
    """Old workbooks of a Mac count from 1904."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "account_opened")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(1, 0, datetime(2026, 2, 28), day)
    assert loaded(path) == [{"account_opened": date(2026, 2, 28)}]


def test_without_openpyxl_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known before anything is sent."""
    path = workbook(tmp_path / "a.xlsx", ["reference"], ["A1"])
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sage200-async\[xlsx\]'"):
        Rows(path, Customer.fields, {}).check()


def test_options_of_workbooks_are_refused_for_other_files(tmp_path: Path) -> None:
    """They would mean nothing there."""
    path = tmp_path / "a.csv"
    path.write_text("reference\nA1\n")
    assert "are for workbooks" in refusal(path, sheet="Data")


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="_"), min_size=1, max_size=30
).filter(lambda text: text[0] != "'" and text.strip(string.whitespace) == text)
MONEY = st.decimals(-(10**9), 10**9, places=5).filter(lambda n: n)
DAYS = st.dates(date(1900, 3, 1), date(9999, 12, 31))


@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, MONEY, st.booleans(), DAYS), min_size=8, max_size=40)
)
def test_what_another_program_wrote_is_loaded(
    rows: list[tuple[str, Decimal, bool, date]], tmp_path_factory: Any
) -> None:
    """Texts, money, truths and dates that XlsxWriter wrote come back as they were."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "d mmm yy"})
        sheet.write_row(0, 0, HEADER[:1] + HEADER[2:])
        for n, (text, money, truth, opened) in enumerate(rows, 1):
            sheet.write_string(n, 0, text)
            sheet.write_number(n, 1, float(money))
            sheet.write_boolean(n, 2, truth)
            sheet.write_datetime(n, 3, opened, day)
    path = tmp_path_factory.mktemp("books") / "a.xlsx"
    path.write_bytes(file.getvalue())
    read = Rows(path, Customer.fields, {})
    assert [tuple(row.values()) for row in read] == rows
