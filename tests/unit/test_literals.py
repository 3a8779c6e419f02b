"""Literals: each type of field writes its own, and refuses the rest."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest

from sage200_async.errors import InvalidValue
from sage200_async.odata.literals import WRITERS, fits, kind_of, literal


class Status(StrEnum):
    """An enum of text."""

    LIVE = "EnumDocumentStatusLive"


class Number(IntEnum):
    """An enum of numbers."""

    TWO = 2


FAR_EAST = timezone(timedelta(hours=14))
FAR_WEST = timezone(timedelta(hours=-12))


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("text", "", "''"),
        ("text", "O'Brien", "'O''Brien'"),
        ("text", "''", "''''''"),
        ("text", "a\\b\n\0%27", "'a\\b\n\0%27'"),
        ("text", Status.LIVE, "'EnumDocumentStatusLive'"),
        ("integer", 0, "0"),
        ("integer", 2**63 - 1, "9223372036854775807"),
        ("integer", -(2**63), "-9223372036854775808"),
        ("integer", Number.TWO, "2"),
        ("number", 10, "10"),
        ("number", 0.1, "0.1"),
        ("number", 1e22, "10000000000000000000000"),
        ("number", 5e-324, "0." + "0" * 323 + "5"),
        ("number", Decimal("1E-7"), "0.0000001"),
        ("number", Decimal("1E+3"), "1000"),
        ("number", Decimal("10.50"), "10.50"),
        ("number", Decimal("12345678901234567.89"), "12345678901234567.89"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("datetime", date(2016, 2, 23), "2016-02-23"),
        ("datetime", date(1, 1, 1), "0001-01-01"),
        ("datetime", datetime(2016, 2, 24, tzinfo=UTC), "2016-02-24T00:00:00.000Z"),
        (
            "datetime",
            datetime(2016, 2, 24, 9, 52, 11, 452_001, UTC),
            "2016-02-24T09:52:11.452001Z",
        ),
        (
            "datetime",
            datetime(2016, 2, 24, 1, tzinfo=FAR_EAST),
            "2016-02-23T11:00:00.000Z",
        ),
        ("enum", 2, "'2'"),
        ("enum", Number.TWO, "'2'"),
        ("enum", "EnumDocumentStatusComplete", "'EnumDocumentStatusComplete'"),
    ],
)
def test_written(kind, value, written):
    """Each kind of field writes its values as the service reads them."""
    assert literal(kind, value) == written


@pytest.mark.parametrize("kind", WRITERS)
def test_null(kind):
    """None is null, unquoted, for every kind of field."""
    assert literal(kind, None) == "null"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", b"x"),
        ("text", True),
        ("text", "lone \ud800"),
        ("integer", "5"),
        ("integer", True),
        ("integer", 5.0),
        ("integer", Decimal(5)),
        ("integer", 2**63),
        ("integer", -(2**63) - 1),
        ("number", "5"),
        ("number", "1 or 1 eq 1"),
        ("number", False),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", -float("inf")),
        ("number", Decimal("NaN")),
        ("number", Decimal("sNaN")),
        ("number", Decimal("-Infinity")),
        ("number", Decimal("1E+9999999")),
        ("number", Decimal("0E-9999999")),
        ("number", 2**63),
        ("number", 1j),
        ("boolean", 1),
        ("boolean", "true"),
        ("datetime", "2016-02-23"),
        ("datetime", datetime(2016, 2, 23)),
        ("datetime", datetime(1, 1, 1, tzinfo=FAR_EAST)),
        ("datetime", datetime(9999, 12, 31, 23, tzinfo=FAR_WEST)),
        ("datetime", 1456308731),
        ("enum", True),
        ("enum", 2.0),
        ("enum", "\udfff"),
    ],
)
def test_refused(kind, value):
    """A value of another type, or that has no literal, is refused and shown."""
    with pytest.raises(InvalidValue, match=r"expected .*, got ") as caught:
        literal(kind, value)
    assert caught.value.value is value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "boolean"),
        ("a", "text"),
        (1, "integer"),
        (1.5, "number"),
        (Decimal(1), "number"),
        (date(2020, 1, 1), "datetime"),
        (datetime(2020, 1, 1, tzinfo=UTC), "datetime"),
    ],
)
def test_kind_of(value, kind):
    """A field of unknown type takes its literal's kind from the value."""
    assert kind_of(value) == kind


def test_kind_of_nothing_known():
    """A value that no field can hold has no kind."""
    with pytest.raises(InvalidValue, match="bytes"):
        kind_of(b"x")


@pytest.mark.parametrize("kind", WRITERS)
def test_fits(kind):
    """Every field takes its own kind and null; only a few take one more."""
    taken = {other for other in (*WRITERS, "null") if fits(kind, other)}
    more = {"number": {"integer"}, "enum": {"text"}}.get(kind, set())
    assert taken == {kind, "null", *more}
