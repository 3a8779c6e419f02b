"""Inputs against Sage's rules: what is refused, what is warned of, and when."""

import asyncio
import inspect
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import InputWarning, Sage200Client, Settings, catalog
from sage200_async.catalog import Customer, SopOrder
from sage200_async.errors import InvalidInput, SettingsError, UnknownFieldError
from sage200_async.query.input_rules import Fault, faults_of, rules_of
from sage200_async.transport.memory import MemoryTransport, reply

RECORDS = [
    record
    for name in catalog.__all__
    if (record := getattr(catalog, name)) and hasattr(record, "fields")
]
WRITTEN = [
    record
    for record in RECORDS
    if (rules := rules_of(type(record.fields)))
    and (rules.required or rules.read_only or rules.lengths)
]
LONG = "x" * 40


def client(mode: str = "warn") -> tuple[Any, list[Any]]:
    """Return a client whose service answers anything, and its requests."""
    memory = MemoryTransport(lambda _: reply({"id": 1, "name": "A"}))
    settings = Settings(site="guid", company=7, check_inputs=mode)
    return Sage200Client(settings, transport=memory), memory.requests


def created(mode: str, values: dict[str, Any], resource: str = "customers") -> int:
    """Create a record; return how many requests were sent."""
    sage, requests = client(mode)
    asyncio.run(getattr(sage, resource).create(values))
    return len(requests)


def texts(values: Any, fields: Any, **options: Any) -> dict[str, bool]:
    """Return the faults of *values*, each with whether it is certain."""
    return dict(faults_of(values, fields, **options))


def test_what_is_surely_refused_is_not_sent():
    """A rule that a source confirms is an error before any request, with all faults."""
    sage, requests = client()
    values = {"reference": LONG, "on_hold": "yes"}
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(sage.customers.create(values))
    assert caught.value.faults == (
        "on_hold: expected True or False, got 'yes' (str)",
        "name: missing, a new Customer needs it",
        "reference: 40 characters, expected 8 at most",
    )
    assert str(caught.value).startswith("3 faults: on_hold: expected")
    assert requests == []


def test_what_only_the_documents_say_is_warned_of_once():
    """Faults that may be none are sent, with one warning that names them all."""
    sage, requests = client()
    changes = {"balance": 1, "main_address": {"postcode": "x" * 11}}
    with pytest.warns(InputWarning) as caught:
        asyncio.run(sage.customers.update(1, changes))
    assert len(caught) == 1
    text = str(caught[0].message)
    assert text.startswith("customers: balance: read-only, so Sage does not take it")
    assert "main_address.postcode: 11 characters, expected 10 at most" in text
    assert "check_inputs='error'" in text
    assert [request.method for request in requests] == ["PUT"]


def test_a_warning_names_the_line_that_called():
    """The warning points at the caller's code, not into the library."""
    sage, _ = client()
    with pytest.warns(InputWarning) as caught:
        asyncio.run(update_balance(sage))
    lines, start = inspect.getsourcelines(update_balance)
    assert caught[0].filename == __file__
    assert start < caught[0].lineno < start + len(lines)


async def update_balance(sage: Any) -> None:
    await sage.customers.update(1, {"balance": 1})


def test_an_error_needs_no_warning():
    """What is refused is not warned of as well."""
    with (
        warnings.catch_warnings(),
        pytest.raises(InvalidInput, match=r"^name: missing"),
    ):
        warnings.simplefilter("error")
        created("warn", {"balance": 1, "reference": "A"})


def test_every_rule_can_be_an_error():
    """With check_inputs="error", what only the documents say is refused as well."""
    sage, requests = client("error")
    with pytest.raises(InvalidInput, match=r"^balance: read-only"):
        asyncio.run(sage.customers.update(1, {"balance": 1}))
    assert requests == []


def test_no_rule_need_be_checked():
    """With check_inputs="off" all goes out, but for unknown names and wrong types."""
    assert created("off", {"reference": LONG, "balance": 1}) == 1
    with pytest.raises(InvalidInput, match=r"^reference: expected text"):
        created("off", {"reference": 5})
    with pytest.raises(UnknownFieldError):
        created("off", {"refrence": "A"})


def test_the_setting_takes_three_words():
    """Anything else is refused when the settings are made."""
    with pytest.raises(SettingsError, match="'error', 'warn' or 'off', got True"):
        Settings(check_inputs=True)
    with pytest.raises(SettingsError, match="'error', 'warn' or 'off', got 'no'"):
        Settings(check_inputs="no")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"lines": [{"line_type": "A", "code": "x" * 31}]}, "lines[0].code: 31 char"),
        ({"lines": [{"code": "A"}]}, "lines[0].line_type: missing, a new SopOrderLine"),
        ({"lines": [{"id": 5, "line_total_value": 1}]}, "lines[0].line_total_value: r"),
        ({"delivery_address": {"postcode": LONG}}, "delivery_address.postcode: 40 c"),
    ],
)
def test_related_rows_are_checked(values, fault):
    """A fault in a row is named with the path to it."""
    assert [text[: len(fault)] for text in texts(values, SopOrder.fields)] == [fault]


def test_a_new_row_needs_no_id_of_its_parent():
    """What a new row needs is named, but not the id of the record around it."""
    faults = texts({"memos": ({},)}, Customer.fields)
    assert list(faults) == ["memos[0].note: missing, a new CustomerMemo needs it"]


def test_a_row_with_an_id_is_changed_and_needs_nothing():
    """Only new rows need what is required; the id of a row is no fault."""
    assert texts({"id": 1, "lines": [{"id": 5}]}, SopOrder.fields) == {}
    new = texts({"id": 1, "name": "A", "reference": "B"}, Customer.fields, new=True)
    assert list(new) == ["id: read-only, so Sage does not take it; leave it out"]


def test_many_rows_are_checked_at_once():
    """A fault in an update of several records names the row."""
    sage, requests = client("error")
    rows = [{"id": 1, "name": "A"}, {"id": 2, "name": "x" * 61}]
    with pytest.raises(InvalidInput, match=r"^\[1\]\.name: 61 characters, expected 60"):
        asyncio.run(sage.couriers.update_many(rows))
    assert requests == []


def test_a_message_of_many_faults_stays_short():
    """Twenty faults are listed and the others counted; ``faults`` has them all."""
    rows = [{"id": n, "name": "x" * 200} for n in range(500)]
    sage, _ = client("error")
    with pytest.raises(InvalidInput, match=r"^500 faults: .*; and 480 more$") as caught:
        asyncio.run(sage.couriers.update_many(rows))
    assert len(caught.value.faults) == 500
    assert len(str(caught.value)) < 2000


def test_an_unknown_record_has_no_rules():
    """A resource that the catalog does not have takes whatever comes."""
    sage, requests = client("error")
    asyncio.run(sage.resource("anything").create({"reference": LONG}))
    assert len(requests) == 1


def test_endless_inputs_end():
    """A value that contains itself is refused by its depth, not by Python's stack."""
    lines: list[Any] = []
    lines.append({"lines": lines})
    assert texts({"lines": lines}, SopOrder.fields)


@pytest.mark.parametrize("record", WRITTEN, ids=lambda record: record.__name__)
@given(data=st.data())
def test_each_spoiling_of_a_right_input_is_found(record, data):
    """Of each record: what fits has no fault, and each single fault is named."""
    fields, rules = record.fields, rules_of(type(record.fields))
    right = dict.fromkeys(rules.required, "x") | {
        name: "x" * data.draw(st.integers(1, most), label=name)
        for name, (most, _) in rules.lengths.items()
    }
    assert texts(right, fields, new=True) == {}
    spoiled, expected, certain = data.draw(st.sampled_from(spoilings(right, rules)))
    faults = texts(spoiled, fields, new=True)
    assert list(faults.values()) == [certain]
    assert next(iter(faults)).startswith(expected)


def spoilings(right: dict[str, Any], rules: Any) -> list[tuple[Any, str, bool]]:
    """Return *right* with each fault that it can have, and what is said of it."""
    without = [
        ({key: right[key] for key in right if key != name}, f"{name}: missing", certain)
        for name, certain in rules.required.items()
    ]
    too_long = [
        (right | {name: "x" * (most + 1)}, f"{name}: {most + 1} characters", certain)
        for name, (most, certain) in rules.lengths.items()
    ]
    read_only = [
        (right | {name: None}, f"{name}: read-only", certain)
        for name, certain in rules.read_only.items()
    ]
    return [*without, *too_long, *read_only]


def test_the_rules_are_those_of_the_inputs():
    """What an input requires its rules require; what they call read-only it lacks."""
    for record in WRITTEN:
        rules = rules_of(type(record.fields))
        name = f"{record.__name__}Input"
        taken = getattr(catalog, name, dict[str, Any])
        if not hasattr(taken, "__required_keys__"):
            continue
        keys = taken.__required_keys__ | taken.__optional_keys__
        assert taken.__required_keys__ <= rules.required.keys(), name
        assert not keys & (rules.read_only.keys() - {"id"}), name
        assert rules.lengths.keys() <= keys, name


def test_faults_say_what_is_wrong_and_what_was_expected():
    """Each kind of fault names its field, the rule, and what to do."""
    assert list(
        faults_of({"name": LONG * 2, "balance": 0}, Customer.fields, new=True)
    ) == [
        Fault("reference: missing, a new Customer needs it", certain=False),
        Fault("name: 80 characters, expected 60 at most", certain=True),
        Fault(
            "balance: read-only, so Sage does not take it; leave it out", certain=False
        ),
    ]
