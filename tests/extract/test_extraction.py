"""What an extraction accepts."""

import pickle

import pytest

from sage200_async import Sage200Client
from sage200_async.errors import QueryError
from sage200_async.extract import Extraction
from sage200_async.settings import Settings

CLIENT = Sage200Client(Settings(site="s", company=1, access_token="a"))


@pytest.mark.parametrize(
    "query", ["customers", None, CLIENT.sop_orders[1], CLIENT.customers.endpoint]
)
def test_a_query_that_cannot_be_listed_is_refused(query):
    """What cannot be listed is refused when the extraction is created, not when it runs."""
    with pytest.raises(QueryError, match=r"^x: query must be .* such as client\.cust"):
        Extraction(name="x", query=query)


@pytest.mark.parametrize("related", ["table", "", None])
def test_unknown_ways_to_store_related_records_are_refused(related):
    """Related records become JSON, tables or nested lists, and nothing else."""
    with pytest.raises(QueryError, match=r"^x: related must be 'json', 'tables' or"):
        Extraction(name="x", query=CLIENT.customers, related=related)


def test_an_extraction_can_be_pickled():
    """An extraction that was pickled is the same extraction."""
    query = CLIENT.customers.filter(on_hold=True).expand("contacts")
    extraction = Extraction(name="held", query=query, related="tables")
    again = pickle.loads(pickle.dumps(extraction))
    assert (again.tables, again.identity) == (extraction.tables, extraction.identity)
