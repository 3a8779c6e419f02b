"""Schemas for resources that the catalog does not know: refused before any request."""

import asyncio
from decimal import Decimal

import pyarrow as pa
import pytest

from sage200_async import Sage200Client, Settings
from sage200_async.errors import DecodeError, QueryError
from sage200_async.transport.memory import MemoryTransport
from sage200_async.wire.messages import Response

SETTINGS = Settings(
    access_token="token", site="site", company=1, trust_short_pages=True
)
NUMBER = pa.decimal128(38, 10)
TIME = pa.timestamp("us", tz="UTC")
REFUSED = [
    ({"id": pa.int64()}, "expected a pyarrow.Schema, got dict"),
    (pa.schema([]), "at least one column"),
    (pa.schema([("id", pa.int64()), ("id", pa.string())]), "'id' is there twice"),
    (pa.schema([("a", pa.struct([]))]), "schema: a: expected at least one column"),
    (
        pa.schema([("a", pa.struct([("__init__", pa.string())]))]),
        "a: column '__init__'",
    ),
    (pa.schema([("@odata.etag", pa.string())]), "'@odata.etag': expected the name of"),
    (pa.schema([("a-b", pa.string())]), "'a-b'"),
    (pa.schema([("at", pa.list_(TIME))]), "a list of any but times and lists"),
    (pa.schema([("a", pa.list_(pa.list_(pa.int64())))]), "any but times and lists"),
    (pa.schema([("id", pa.int32())]), "'id' is int32"),
]
NOT_PARSED = b'{"id":0,"id":0},'
"""A record that pyarrow refuses, so that those beside it are read as records."""


def table(schema, body, key=None, **options):
    """Return the rows that are read, and the number of requests."""
    requests = []

    def serve(request):
        requests.append(request)
        return Response(200, {}, body)

    client = Sage200Client(SETTINGS, transport=MemoryTransport(serve), **options)
    query = client.resource("things", **({"key": key} if key else {})).top(9)
    try:
        return asyncio.run(query.to_arrow(schema=schema)).to_pylist()
    except QueryError:
        assert requests == []
        raise


@pytest.mark.parametrize(("schema", "message"), REFUSED)
def test_what_is_no_schema_of_records(schema, message):
    """It is refused before a request, in words that say what was expected."""
    with pytest.raises(QueryError, match=message):
        table(schema, b"[]")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (pa.list_(pa.string()), b'["a",null]', ["a", None]),
        (pa.list_(NUMBER), b"[1.5]", [Decimal("1.5")]),
        (pa.list_(pa.int64()), b"[]", []),
        (pa.list_(pa.struct([("b", pa.int64())])), b'[null,{"b":1}]', [None, {"b": 1}]),
        (pa.struct([("b", pa.list_(pa.bool_()))]), b'{"b":[true]}', {"b": [True]}),
    ],
)
@pytest.mark.parametrize("first", [b"", NOT_PARSED])
def test_lists(kind, text, value, first):
    """Lists of values and of structs come whole, with their nulls, in either way."""
    schema = pa.schema([("id", pa.int64()), ("a", kind)])
    rows = table(schema, b'[%b{"id":1,"a":%b}]' % (first, text))
    assert rows[-1] == {"id": 1, "a": value}


@pytest.mark.parametrize(
    ("field", "text", "path", "good"),
    [
        (pa.field("a", pa.string(), nullable=False), b'{"id":1}', "", b'"x"'),
        (
            pa.field("a", pa.string(), nullable=False),
            b'{"id":1,"a":null}',
            ".a",
            b'"x"',
        ),
        (
            pa.field("a", pa.list_(pa.field("item", pa.int64(), nullable=False))),
            b'{"id":1,"a":[2,null]}',
            ".a[1]",
            b"[]",
        ),
        (
            pa.field("a", pa.struct([pa.field("b", pa.int64(), nullable=False)])),
            b'{"id":1,"a":{"b":null}}',
            ".a.b",
            b"null",
        ),
    ],
)
def test_what_may_not_be_null(field, text, path, good):
    """Where it is null all the same, the record does not fit, and the others do."""
    schema = pa.schema([pa.field("id", pa.int64(), nullable=False), field])
    errors = []
    body = b'[%b,{"id":2,"a":%b}]' % (text, good)
    rows = table(schema, body, "id", quarantine=errors.append)
    assert [row["id"] for row in rows] == [2]
    assert [error.json_path for error in errors] == ["$[0]" + path]
    with pytest.raises(DecodeError):
        table(schema, body)


def test_what_is_absent_within_an_absent_struct():
    """A field that may not be null is not asked for where its struct is null."""
    inner = pa.field("b", pa.int64(), nullable=False)
    schema = pa.schema([("id", pa.int64()), ("a", pa.struct([inner]))])
    rows = table(schema, b'[{"id":1},{"id":2,"a":{"b":3}}]', "id")
    assert rows == [{"id": 1, "a": None}, {"id": 2, "a": {"b": 3}}]
