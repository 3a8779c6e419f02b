"""`first` and `one`: what a page that shows all is taken for, and what is not."""

import asyncio
import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage200_async import Sage200Client, Settings
from sage200_async.errors import MultipleResultsFound, NoResultFound, Sage200Error
from sage200_async.paging import few, read_telemetry
from sage200_async.transport.memory import MemoryTransport
from sage200_async.wire.messages import Response

SETTINGS = Settings(access_token="token", site="site", company=1)
ODD = st.sampled_from(
    [
        b"",
        b"{}",
        b"[]",
        b"[null]",
        b"[{}]",
        b'{"Message":"no"}',
        b'[{"Message":"no"}]',
        b"<html></html>",
        b'{"value":[{"id":1}]}',
        b'[{"id":1}',
        b'\xef\xbb\xbf[{"id":1}]',
        b'[{"id":"1"}]',
        b'[{"id":1,"balance":"NaN"}]',
        b'[{"id":1,"balance":1E999}]',
        b'[{"id":1,"name":"\\ud800"}]',
    ]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([1, 2, 3, 1, None, True, 1.5, "2"]),
        "reference": st.text(max_size=3),
        "balance": st.sampled_from([0, 1.25, "1.50", "1E500", None]),
        "account_opened": st.sampled_from(
            ["2024-07-01T09:00:00Z", "2024-07-01T09:00:00", "2024-07-01T09:00:00+01:00"]
        ),
        "contacts": st.just([{"id": 4, "date_time_updated": "2024-07-01T09:00:00"}]),
        "unknown": st.just({"id": 7}),
    },
)
PAGES = st.one_of(ODD, st.lists(FIELDS, max_size=3).map(msgspec.json.encode))


@pytest.fixture(autouse=True, scope="module")
def no_debug_log():
    """Log no readings, as in production: a reading that is logged is a `Stream`."""
    log = read_telemetry._log
    log.setLevel(logging.INFO)
    yield
    log.setLevel(logging.NOTSET)


def outcome_of(page, choose, *, observed):
    """Return what a client makes of *page*, and the queries that it sent."""
    asked = []

    def answer(request):
        asked.append(request.query)
        return Response(200, {"x-request-id": "r-1"}, page)

    async def main():
        client = Sage200Client(SETTINGS, transport=MemoryTransport(answer))
        if observed:
            client.subscribe(lambda _: None)
        try:
            return await choose(client.customers)
        except (NoResultFound, MultipleResultsFound) as error:
            return str(error)
        except Sage200Error as error:
            notes = getattr(error, "__notes__", None)
            return type(error), str(error), error.plan, error.request_id, notes

    return asyncio.run(main()), asked


@given(
    page=PAGES,
    choose=st.sampled_from(
        [
            lambda customers: customers.first(),
            lambda customers: customers.one(),
            lambda customers: customers.filter(id=1).first(),
            lambda customers: customers.order_by("balance desc").one(),
            lambda customers: customers.select("reference").first(),
        ]
    ),
)
def test_observed_or_not(page, choose):
    """A client that nobody listens to returns, refuses and asks what a stream does."""
    alone = outcome_of(page, choose, observed=False)
    assert alone == outcome_of(page, choose, observed=True)


def test_a_page_that_shows_all_takes_no_stream(monkeypatch):
    """Where nobody listens and one page shows all, no stream is made."""
    page = b'[{"id":1,"reference":"A"}]'
    outcome_of(page, lambda customers: customers.first(), observed=True)
    monkeypatch.delattr(few, "Stream")
    first, asked = outcome_of(page, lambda customers: customers.first(), observed=False)
    assert (first.reference, len(asked)) == ("A", 1)
