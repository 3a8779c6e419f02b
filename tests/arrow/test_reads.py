"""Parallel reads in columns: the same proofs as for records."""

import asyncio
import pickle

import pyarrow as pa
import pytest

from sage200_async import Sage200Client
from sage200_async.arrow.frames import column_form
from sage200_async.catalog import Endpoints
from sage200_async.errors import PagingError, QueryError
from sage200_async.paging.key_ranges import KeyRanges
from sage200_async.paging.parallel import ResumePoint
from sage200_async.sandbox import Behaviour, Sandbox

SELECTED = ("id", "name", "balance")


def on_sandbox(body, **client_options):
    """Run a coroutine function with a client of a sandbox with 450 customers."""

    async def main():
        async with (
            Sandbox({"customers": 450}) as sandbox,
            Sage200Client(sandbox.settings, **client_options) as client,
        ):
            return await body(client.customers.page_size(100), sandbox)

    return asyncio.run(main())


def form_of(query):
    """Return the form that reads *query* as columns."""
    endpoint = query.endpoint
    return column_form(endpoint.record, query.options, endpoint.key, endpoint.path)


def test_a_batch_is_sent_without_the_memory_of_others():
    """Pickled, for another process, a batch or one of its columns has its own bytes only."""

    async def body(query, _):
        async with query.read(workers=1) as read:
            return [one async for one in read.arrow_batches()]

    for batch in on_sandbox(body):
        assert len(pickle.dumps(batch)) < 2 * batch.nbytes + 20_000
        times = batch.select(["id", "date_time_created"])
        assert times.get_total_buffer_size() < 2 * times.nbytes + 200


def test_batches_have_the_range_of_their_keys():
    """Each batch has the rows of its range, and the certificate is that of records."""

    async def body(query, _):
        async with query.read(workers=3) as read:
            batches = [one async for one in read.batches_as(form_of(query))]
        async with query.read(workers=3) as other:
            ids = [record.id async for record in other]
        for batch in batches:
            keys, rows = batch.key_range, batch.records["id"].to_pylist()
            assert len(rows) == keys.records
            assert all(keys.low < key <= keys.high for key in rows)
            assert not rows or (rows[0], rows[-1]) == (keys.lowest, keys.highest)
        read_ids = [key for one in batches for key in one.records["id"].to_pylist()]
        assert sorted(read_ids) == sorted(ids)
        names = ("min_key", "max_key", "records", "lowest", "highest", "count_after")
        for name in names:
            certified = getattr(read.certificate, name)
            assert certified == getattr(other.certificate, name)

    on_sandbox(body)


def test_a_read_in_columns_can_be_resumed():
    """What was stored is not read again, and together it is everything, once."""

    async def body(query, _):
        stored, done = [], KeyRanges()
        async with query.read(workers=2) as read:
            async for batch in read.batches_as(form_of(query)):
                stored += batch.records["id"].to_pylist()
                done = done.add(batch.key_range)
                if len(stored) >= 200:
                    break
            bounds = read.bounds
        assert len(stored) < 450
        point = ResumePoint(bounds, done)
        async with query.read(workers=2, resume_from=point) as read:
            async for batch in read.batches_as(form_of(query)):
                stored += batch.records["id"].to_pylist()
        assert read.certificate.records == len(stored) == len(set(stored)) == 450

    on_sandbox(body)


def test_pages_wait_for_the_form():
    """Workers fetch before the consumer has said what it wants, and only then decode."""

    async def body(query, sandbox):
        async with query.read(workers=2) as read:
            while len(sandbox.requests) < 5:
                await asyncio.sleep(0.01)
            assert read.progress.records == 0
            rows = [one.num_rows async for one in read.arrow_batches()]
            assert sum(rows) == read.certificate.records == 450
            with pytest.raises(QueryError, match=r"call read\(\) again"):
                await anext(read.records())

    on_sandbox(body)


def test_going_on_after_a_break():
    """A loop over batches may be left, and another one takes what comes next."""

    async def body(query, _):
        async with query.read(workers=2) as read:
            first = await anext(read.arrow_batches())
            rest = [one.num_rows async for one in read.arrow_batches()]
            assert first.num_rows + sum(rest) == read.certificate.records == 450

    on_sandbox(body)


def test_records_that_do_not_fit(serve_bad_records):
    """They go to the quarantine, and the certificate counts them, as with records."""
    errors = []

    async def body(query, sandbox):
        ids = [record.id async for record in query]
        bad = ids[3:400:100]
        serve_bad_records(sandbox, dict.fromkeys(bad, ("balance", b'"x"')))
        table = await query.select(*SELECTED).to_arrow()
        assert table["id"].to_pylist() == [key for key in ids if key not in bad]
        async with query.read() as read:
            rows = sum([one.num_rows async for one in read.arrow_batches()])
        assert (rows, read.certificate.rejected) == (446, 4)

    on_sandbox(body, quarantine=errors.append)
    assert len(errors) == 8
    assert {error.model for error in errors} == {"Customer"}


def test_keys_that_do_not_ascend():
    """They end the read, as they do where records are read."""

    async def body(query, sandbox):
        sandbox.behaviour = Behaviour(out_of_order="swap")
        return await query.to_arrow()

    with pytest.raises(PagingError, match="ignores"):
        on_sandbox(body)


def test_the_key_is_not_null():
    """The schema says that the key is there in each row, and that the rest need not be."""
    schema = form_of(Endpoints.customers.query.select(*SELECTED)).schema
    assert schema == pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("name", pa.string()),
            pa.field("balance", pa.decimal128(38, 10)),
        ]
    )
