"""What differs between a row and its record, and what is the same in another form."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async.catalog import Customer, SopOrder
from sage200_async.errors import InvalidInput
from sage200_async.query.input_rules import places_of
from sage200_async.write.comparison import Comparison
from sage200_async.write.keys import comparable, fold, key_in, require_key


def changes(
    row: dict[str, Any],
    record: dict[str, Any],
    *,
    of: Any = Customer,
    **nested_by: tuple[str, ...],
) -> Any:
    """Return what differs, and whether rows are added."""
    return Comparison(type(of.fields), places_of, nested_by).changes(row, record)


SAME = [
    ("name", "A", "A  "),
    ("name", "", None),
    ("name", None, ""),
    ("credit_limit", Decimal("10.005"), Decimal("10.01")),
    ("credit_limit", Decimal("10.005"), Decimal("10.00")),  # as .NET rounds
    ("credit_limit", 10, Decimal("10.00")),
    ("credit_limit", Decimal("1E+1"), 10),
    ("on_hold", False, None),
    ("currency_id", None, 0),
    ("currency_id", 0, None),
    ("account_status_type", "accountstatusactive", "AccountStatusActive"),
    (
        "date_account_details_last_changed",
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:00",
    ),
    (
        "date_account_details_last_changed",
        "2026-07-01T01:00:00+01:00",
        "2026-07-01T00:00:00Z",
    ),
    (
        "date_account_details_last_changed",
        "2026-07-01T00:00:00.001Z",
        "2026-07-01T00:00:00.003Z",
    ),
]
DIFFERENT = [
    ("name", "A", "a"),
    ("name", "A B", "A  B"),
    ("name", None, "A"),
    ("credit_limit", Decimal("10.46"), Decimal("10.5")),
    ("credit_limit", Decimal("0.01"), 0),
    ("credit_limit", None, 0),
    ("credit_limit", 0, None),
    ("on_hold", True, None),
    ("on_hold", True, False),
    ("on_hold", False, True),
    ("currency_id", 1, None),
    ("account_status_type", "AccountStatusHidden", "AccountStatusActive"),
    (
        "date_account_details_last_changed",
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:01Z",
    ),
    ("date_account_details_last_changed", "2026-07-01T00:00:00Z", None),
]


@pytest.mark.parametrize(("name", "wanted", "current"), SAME)
def test_another_form_of_the_same_is_no_change(
    name: str, wanted: object, current: object
) -> None:
    """Blanks at the end, rounding, absent values and forms of times are no changes."""
    assert changes({name: wanted}, {name: current}).values == {}


@pytest.mark.parametrize(("name", "wanted", "current"), DIFFERENT)
def test_what_differs_is_sent_as_it_is(
    name: str, wanted: object, current: object
) -> None:
    """A value that differs is sent, digit for digit."""
    assert changes({name: wanted}, {name: current}).values == {name: wanted}


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(-(10**9), 10**9, places=2))
def test_numbers_with_as_many_places_differ_unless_they_are_equal(
    wanted: Decimal, current: Decimal
) -> None:
    """No rounding hides a change that the field can hold."""
    differs = bool(changes({"credit_limit": wanted}, {"credit_limit": current}).values)
    assert differs == (wanted != current)


def test_a_related_record_has_only_what_differs() -> None:
    """Of an address, the field that differs is sent, with the id of the address."""
    current = {"main_address": {"id": 5, "city": "Leeds", "postcode": "LS1"}}
    row = {"main_address": {"city": "York", "postcode": "LS1 "}}
    assert changes(row, current).values == {"main_address": {"id": 5, "city": "York"}}
    assert changes({"main_address": {"city": "Leeds"}}, current).values == {}


def test_related_rows_by_their_keys() -> None:
    """Rows that are there are changed by id; new ones are added, and that is said."""
    lines = [{"id": 1, "code": "A", "line_quantity": 2}, {"id": 2, "code": "B"}]
    row = {"lines": [{"code": "a", "line_quantity": 3}, {"code": "C"}]}
    result = changes(row, {"lines": lines}, of=SopOrder, lines=("code",))
    assert result.values == {"lines": [{"id": 1, "line_quantity": 3}, {"code": "C"}]}
    assert result.adds_rows
    same = changes(
        {"lines": [{"code": "A"}]}, {"lines": lines}, of=SopOrder, lines=("code",)
    )
    assert same == ({}, False)


def test_related_rows_are_removed_once() -> None:
    """What is to be deleted is sent by its id, and not at all where it is gone."""
    row = {"lines": [{"code": "A", "is_to_delete": True}]}
    there = {"lines": [{"id": 1, "code": "A"}]}
    gone = changes(row, there, of=SopOrder, lines=("code",))
    assert gone == ({"lines": [{"id": 1, "is_to_delete": True}]}, False)
    assert changes(row, {"lines": []}, of=SopOrder, lines=("code",)) == ({}, False)


AMBIGUOUS = [
    ({"lines": [{"code": "A"}]}, {"lines": []}, {}, "nested_by"),
    ({"lines": [{"code": "A"}]}, {}, {"lines": ("code",)}, "does not show"),
    ({"lines": [{"id": 3}]}, {"lines": []}, {}, "no row has the id 3"),
    ({"lines": [{"id": 3}]}, {"lines": [{"id": 3}, {"id": 3}]}, {}, "2 rows"),
    ({"lines": [{"code": ""}]}, {"lines": []}, {"lines": ("code",)}, "code"),
]


@pytest.mark.parametrize(("row", "record", "nested_by", "message"), AMBIGUOUS)
def test_related_rows_that_could_be_doubled_are_refused(
    row: Any, record: Any, nested_by: Any, message: str
) -> None:
    """Where nothing says which row is meant, nothing is sent."""
    with pytest.raises(InvalidInput, match=message):
        changes(row, record, of=SopOrder, **nested_by)


@given(st.text())
def test_folding_a_key_twice_changes_nothing(text: str) -> None:
    """A folded key is its own folded form, and so are its cases and blanks."""
    assert fold(fold(text)) == fold(text) == fold(f"{text}  ")
    if text.isascii():
        assert fold(text.upper()) == fold(text.lower()) == fold(text)


def test_keys_of_several_fields() -> None:
    """Numbers compare by value, parts do not run into each other."""
    by = ("product_id", "code")
    assert key_in({"product_id": 1, "code": "A"}, by) == key_in(
        {"product_id": Decimal("1.0"), "code": "a "}, by
    )
    assert key_in({"a": "x,y", "b": "z"}, "ab") != key_in({"a": "x", "b": "y,z"}, "ab")
    assert key_in({"product_id": 1}, by) is None
    assert comparable(Decimal("1E+2")) == "100"
    with pytest.raises(InvalidInput) as refused:
        require_key({"product_id": None, "code": " x"}, by)
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("wanted", "current", "same"),
    [
        ("AccountStatusActive", 0, True),
        (0, "AccountStatusActive", True),
        ("0", "accountstatusactive", True),
        (0, 0, True),
        ("AccountStatusActive", 1, False),
        ("AccountStatusHidden", 0, False),
        (0, None, False),
        ("AccountStatusActive", None, False),
    ],
)
def test_an_enumeration_has_a_name_and_a_number(
    wanted: Any, current: Any, same: bool
) -> None:
    """Where both are known, they are the same; nothing else is guessed."""
    row, record = {"account_status_type": wanted}, {"account_status_type": current}
    assert (not changes(row, record).values) is same
