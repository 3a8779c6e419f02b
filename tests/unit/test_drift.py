"""Differences between the live service and a record are listed, in any shape."""

import pytest

from sage200_async.catalog import Customer
from sage200_async.errors import DecodeError
from sage200_async.query.schema_diff import Retyped, compare, read_metadata
from sage200_async.transport.memory import reply
from sage200_async.wire.messages import Response

FIELDS = {"id": "Int64", "name": "String", "balance": "Decimal"}
SHAPES = [
    [{"name": name, "type": kind} for name, kind in FIELDS.items()],
    {"value": [{"Name": name, "Type": kind} for name, kind in FIELDS.items()]},
    {"fields": [{"name": name, "dataType": kind} for name, kind in FIELDS.items()]},
    {name: {"type": kind} for name, kind in FIELDS.items()},
    FIELDS,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_metadata(shape):
    """A list of objects or an object by name, bare or wrapped, reads the same."""
    assert read_metadata(reply(shape)) == FIELDS


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"<html>", b'[{"x": 1}]'])
def test_what_is_no_metadata(body):
    """A reply that announces no field is an error that shows it."""
    with pytest.raises(DecodeError, match="names and types"):
        read_metadata(Response(200, {}, body))


@pytest.mark.parametrize(
    "body",
    [
        [{"id": 5, "name": "Real Ltd", "balance": 1.5}],
        {"id": 5, "name": "Real Ltd", "balance": 1.5, "on_hold": False},
        {"value": [{"id": 5, "name": "Real Ltd"}]},
        {"Message": "An error has occurred."},
    ],
)
def test_a_record_is_not_taken_for_metadata(body):
    """A service that ignores $metadata sends records, which announce no type."""
    with pytest.raises(DecodeError, match=r"ignores \$metadata=true"):
        read_metadata(reply(body))


def test_what_has_drifted():
    """Unknown, missing and differently typed fields are listed by name."""
    schema_diff = compare(
        Customer.fields,
        {"id": "Edm.Int64", "name": "String", "balance": "String", "score": "Int32"},
        [{"id": 1, "name": "A", "credit_limit": "12", "mood": True, "on_hold": None}],
    )
    assert schema_diff
    assert schema_diff.unknown == ("mood", "score")
    assert "short_name" in schema_diff.missing
    assert not {"id", "name", "balance", "credit_limit"} & {*schema_diff.missing}
    assert schema_diff.retyped == (
        Retyped("balance", "number", "text"),
        Retyped("credit_limit", "number", "text"),
    )


def test_no_drift():
    """Whole numbers for decimals, text for times and enums are what JSON has."""
    names = dict.fromkeys(dir(Customer.fields), "anything")
    rows = [{"id": 1, "balance": 2, "date_time_updated": "2026-01-01T00:00:00Z"}]
    assert not compare(Customer.fields, names, rows)
