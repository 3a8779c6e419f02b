"""Pages are cut into columns whatever their nested rows look like."""

import asyncio
import json

import pytest

from sage200_async.arrow.columns import ColumnForm
from sage200_async.arrow.rows import RowReader
from sage200_async.arrow.schema import schema_of
from sage200_async.catalog import SopOrder
from sage200_async.errors import DecodeError
from sage200_async.odata.options import QueryOptions

SCHEMA = schema_of(SopOrder, QueryOptions(select=("id",), expand=("lines",)), "id")
SLICE = 20_000


def order(key, **more):
    """Return an order whose lines begin as it does itself."""
    lines = [{"id": key * 100 + one, "description": "y" * 99} for one in range(40)]
    return {"id": key, **more, "lines": lines}


def columns(rows, quarantine=None, **limits):
    """Return the keys of *rows*, read as columns, and the error that ends the page."""
    page = rows if isinstance(rows, bytes) else json.dumps(rows, separators=(",", ":"))
    page = page if isinstance(page, bytes) else page.encode()

    async def read():
        form = ColumnForm(SopOrder, SCHEMA, "id", SLICE)
        reader = form.open(page, "id", quarantine, **limits)
        keys = []
        try:
            while (some := await reader.next()) is not None:
                keys += some.rows["id"].to_pylist()
                assert all(len(one) == 40 for one in some.rows["lines"].to_pylist())
        except DecodeError as error:
            return keys, error
        return keys, None

    return asyncio.run(read())


def test_nested_rows_that_begin_as_their_parents_do(monkeypatch):
    """They come as columns, and no slice falls back to records."""
    monkeypatch.setattr(RowReader, "rows", None)
    assert columns([order(key) for key in range(1, 101)]) == ([*range(1, 101)], None)


def test_those_that_do_not_fit_among_them():
    """Records that are too large or no JSON are set aside, each at its place."""
    rows = [order(key) for key in range(1, 101)]
    rows[20] = order(21, document_no="x" * 30_000)
    page = json.dumps(rows, separators=(",", ":")).encode()
    page = page.replace(b'{"id":6000,"d', b'{"id":6000,"d\x01')
    errors = []
    keys, error = columns(page, errors.append, max_record_bytes=25_000)
    assert error is None
    assert keys == [key for key in range(1, 101) if key not in {21, 60}]
    assert [one.json_path.partition("]")[0] for one in errors] == ["$[20", "$[59"]


@pytest.mark.parametrize("end", [b"x]", b'{"id":[]'])
def test_a_page_that_breaks_off(end):
    """What came before is handed on, and the error follows."""
    page = json.dumps([order(key) for key in range(1, 101)], separators=(",", ":"))
    keys, error = columns(page.encode()[:-1] + b"," + end)
    assert keys == [*range(1, 101)]
    assert error is not None
