"""Which values are the same, however they are written, and which are not."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from sage200_async.extract.comparison.canonical import row_digests
from sage200_async.extract.comparison.differences import changes_of
from sage200_async.extract.comparison.digests import Digests
from sage200_async.extract.tables import Column, Table

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
IN_MADRID = timezone(timedelta(hours=1))

SAME = [
    ("number", Decimal("1.50"), Decimal("1.5")),
    ("number", Decimal("1.5000000000"), Decimal("1.5")),
    ("number", Decimal("-0.0"), Decimal(0)),
    ("number", Decimal("1E+3"), Decimal(1000)),
    ("number", Decimal(7), 7),
    ("number", Decimal("0.1"), 0.1),
    ("datetime", NINE, NINE.astimezone(IN_MADRID)),
    ("json", '{"a":1.50,"b":[1]}', '{"b": [1.0], "a": 1.5}'),
    ("json", '{"a":-0.0}', '{"a":0}'),
    ("json", '{"a":1e2}', '{"a":100}'),
    ("json", '"\\u00e9"', '"é"'),
]
DIFFERENT = [
    ("text", "a", "a "),
    ("text", "a", "A"),
    ("text", "", None),
    ("text", " ", ""),
    ("text", "é", "e\u0301"),
    ("text", "a\r\nb", "a\nb"),
    ("text", "1", 1),
    ("text", "a", b"a"),
    ("text", "a\ud800", "a?"),
    ("integer", 0, None),
    ("integer", 1, True),
    ("integer", 1, "1"),
    ("integer", 2**53, 2**53 + 1),
    ("number", Decimal(0), None),
    ("number", Decimal("1.50"), "1.50"),
    ("number", Decimal("0.1"), 0.1 + 0.2 - 0.2 + 1e-17),
    (
        "number",
        Decimal("12345678901234567890123456789.01"),
        Decimal("12345678901234567890123456789.02"),
    ),
    ("number", Decimal(1), Decimal("NaN")),
    ("number", None, float("nan")),
    ("boolean", False, None),
    ("boolean", True, 1),
    ("boolean", False, ""),
    ("datetime", NINE, NINE + timedelta(microseconds=1)),
    ("datetime", NINE, NINE.replace(tzinfo=None)),
    ("datetime", NINE, NINE.isoformat()),
    ("json", "[1,2]", "[2,1]"),
    ("json", "[]", None),
    ("json", "[]", "{}"),
    ("json", "[]", "null"),
    ("json", '{"a":""}', '{"a":null}'),
    ("json", '{"a":1}', '{"a":1,"b":null}'),
    ("json", '{"a":1}', '{"a":"1"}'),
    ("json", '{"a":1}', '{"a":true}'),
    ("json", '{"a":0.1}', '{"a":0.10000000000000001}'),
    ("json", '{"a":123456789012345678901}', '{"a":123456789012345678902}'),
    ("json", '{"a":1}', '{"a":1'),
    ("json", '{"a":1}', "[" * 5000),
    ("json", '{"a":1}', '{"a":1e999999999}'),
]


def table(kind):
    return Table("things", (Column("id", "integer"), Column("value", kind)), ("id",))


@pytest.mark.parametrize(("kind", "source", "copy"), SAME)
def test_values_that_are_written_in_another_way_are_the_same(kind, source, copy):
    """The scale of a number, a time's zone, the order of names: none is a difference."""
    first, second = row_digests(table(kind), [(1, source), (1, copy)])
    assert first == second
    assert changes_of(table(kind), (1, source), (1, copy)) == ()


@pytest.mark.parametrize(("kind", "source", "copy"), DIFFERENT)
def test_other_values_differ(kind, source, copy):
    """Null, empty, blank, zero and text are different things, and so is each digit."""
    first, second = row_digests(table(kind), [(1, source), (1, copy)])
    assert first != second
    [change] = changes_of(table(kind), (1, source), (1, copy))
    assert change.column.startswith("value")


def test_a_value_that_moves_to_another_column_differs():
    """Rows with the same values in other columns, or of other tables, differ."""
    columns = Column("id", "integer"), Column("a", "text"), Column("b", "text")
    one, other = Table("one", columns, ("id",)), Table("other", columns, ("id",))
    digests = row_digests(one, [(1, "x", None), (1, None, "x"), (1, "x\0", None)])
    digests += row_digests(other, [(1, "x", None)])
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("source", "copy", "changes"),
    [
        ('[{"a":1,"b":2}]', '[{"a":1,"b":3}]', [("value[0].b", 2, 3, "")]),
        ('[{"a":{"b":[1,5]}}]', '[{"a":{"b":[1,4]}}]', [("value[0].a.b[1]", 5, 4, "")]),
        ("[1,2]", "[2,1]", [("value", [1, 2], [2, 1], "the same in another order")]),
        ("[1]", "[]", [("value", [1], [], "1 at the source, 0 in the copy")]),
        ('{"a":1}', "{}", [("value.a", 1, "(absent)", "")]),
        ("[1]", "no JSON", [("value", [1], "no JSON", "")]),
        ("[1]", None, [("value", [1], None, "")]),
    ],
)
def test_changes_of_related_records_name_the_innermost_value(source, copy, changes):
    """A stale value is named by its path; lists by their lengths, or their order."""
    result = changes_of(table("json"), (1, source), (1, copy))
    assert [(c.column, c.source, c.copy, c.detail) for c in result] == changes


def test_digests_do_not_depend_on_the_order_of_rows():
    """Rows in any order leave nothing, if the same rows are taken away in another."""
    rows = [(7, 1, b"c" * 16), (3, 0, b"a" * 16), (7, 0, b"b" * 16), (3, 0, b"d" * 16)]
    digests = Digests()
    for row in rows:
        digests.add(*row)
    assert all(digests.subtract(*row) for row in sorted(rows))
    assert list(digests.rest()) == []


def test_digests_count_rows_of_one_key():
    """A row that comes twice leaves one; another digest leaves a count of 0."""
    digests = Digests()
    for key, digest in ((1, b"a"), (1, b"a"), (2, b"b"), (-5, b"c")):
        digests.add(key, 0, digest * 16)
    assert not digests.subtract(9, 0, b"a" * 16)
    assert not digests.subtract(1, 1, b"a" * 16)
    assert digests.subtract(1, 0, b"a" * 16)
    assert digests.subtract(2, 0, b"x" * 16)
    left = [(key, position, count) for key, position, count, _ in digests.rest()]
    assert left == [(-5, 0, 1), (1, 0, 1), (2, 0, 0)]
