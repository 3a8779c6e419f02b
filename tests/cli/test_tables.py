"""Tables at any width: whole columns, numbers never cut, and what is left out is named."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sage200_async.cli.output import align_columns
from sage200_async.cli.table import make_table
from sage200_async.cli.writers import shortened

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
VALUES = st.none() | st.booleans() | st.integers() | st.decimals("-1e9", "1e9") | TEXTS
NAMES = ("id", "name", "balance", "note", "fax")
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), max_size=5)


@given(rows=ROWS, width=st.integers(1, 200))
def test_no_line_is_wider_than_the_terminal(
    rows: list[dict[str, Any]], width: int
) -> None:
    """Lines fit, unless the first column alone does not; each column is accounted for."""
    table = make_table(NAMES, rows, width)
    wanted = [name for name in NAMES if name not in table.empty]
    first = make_table(wanted[:1], rows, 1)
    longest = max(map(cell_len, table.lines))
    assert longest <= max(width, *map(cell_len, first.lines))
    assert [*table.lines[0].split(), *table.hidden] == wanted


@given(rows=st.lists(st.integers(), min_size=1), width=st.integers(1, 40))
def test_a_number_is_whole_or_not_there(rows: list[int], width: int) -> None:
    """A number that is cut would be another number."""
    table = make_table(["id", "n"], [{"id": 1, "n": number} for number in rows], width)
    if "n" not in table.hidden:
        assert [int(line.split()[1]) for line in table.lines[1:]] == rows


@pytest.mark.parametrize(
    ("name", "cells"), [("株式会社", 8), ("e\u0301e\u0301", 2), ("Łódź", 4), ("", 0)]
)
def test_widths_are_those_of_the_terminal(name: str, cells: int) -> None:
    """Wide letters take two cells, combining accents none."""
    rows = [{"name": name, "id": 7}, {"name": "x" * 9, "id": 8}]
    _, first, second = make_table(["name", "id"], rows, 80).lines
    assert cell_len(first) == cell_len(second)
    assert first == f"{name}{' ' * (9 - cells)}   7"
    (line, other) = align_columns([[name, "7"], ["x" * 9, "8"]])
    assert cell_len(line) == cell_len(other)


def test_a_long_text_is_cut_before_a_column_is_left_out() -> None:
    """The ellipsis shows it; with more room there is more of the text."""
    rows = [{"id": 1, "name": "a long name " * 9, "balance": Decimal("1.50")}]
    narrow = make_table(["id", "name", "balance"], rows, 30)
    assert narrow.lines[1] == " 1  a long name a lo…     1.50"
    assert narrow.hidden == []
    whole = make_table(["id", "name", "balance"], rows, None)
    assert "a long name " * 9 in whole.lines[1]


def test_a_time_and_a_usual_name_are_whole_rather_than_one_more_column() -> None:
    """So it is on every terminal of 80 cells or more."""
    row = {"name": "Griffiths Flooring & Sons", "made": "2024-01-02T00:00:00Z"}
    row |= {f"column_{number}": "x" * 9 for number in range(20)}
    for width in range(80, 200):
        table = make_table(list(row), [row], width)
        assert table.lines[1].startswith(f"{row['name']}  {row['made']}  "), width
        assert cell_len(table.lines[0]) <= width
        assert table.hidden


def test_without_a_terminal_nothing_is_left_out() -> None:
    """A table in a file has all columns that have a value, and whole texts."""
    rows = [{f"column_{number}": "x" * 100 for number in range(50)}]
    table = make_table([*rows[0], "other"], rows, None)
    assert table.hidden == []
    assert table.empty == ["other"]
    assert table.lines[1].split() == ["x" * 100] * 50


def test_selected_columns_are_shown_without_values() -> None:
    """What was asked for is there, also if no record has it."""
    table = make_table(["id", "fax"], [{"id": 1}], 80, keep_empty=True)
    assert table.lines == ["id  fax", " 1"]
    assert table.empty == []


def test_of_many_columns_the_first_are_named() -> None:
    """A line about 100 columns stays readable, and counts the others."""
    names = [f"name_{chr(97 + number)}" for number in range(20)]
    assert shortened(names).endswith("name_l and 8 more")
    assert shortened([f"code_{number}" for number in range(1, 21)]) == "code_1 to 20"
