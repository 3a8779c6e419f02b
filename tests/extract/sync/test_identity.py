"""What makes two copies copies of the same."""

import pytest
from stamped_company import STAMP

from sage200_async import Sage200Client
from sage200_async.errors import SinkConflict
from sage200_async.extract.extraction import Extraction
from sage200_async.extract.identity import Identity
from sage200_async.settings import Settings

CLIENT = Sage200Client(Settings(site="AB-cd", company=1, access_token="a"))
CUSTOMERS = CLIENT.customers


def identity(query=CUSTOMERS, related="json"):
    return Extraction(name="x", query=query, related=related).identity


def test_what_an_identity_is():
    """It has the company, the path, the condition, the parameters and the layout."""
    query = CUSTOMERS.filter(on_hold=True).expand("contacts")
    assert identity(query, "tables") == Identity(
        site="ab-cd",
        company="1",
        path="customers",
        filter="on_hold eq true",
        related="tables",
    )
    views = CLIENT.sales_aged_debtor_summary_views.parameters(ageingdatetype="DueDate")
    assert identity(views).parameters == (("$ageingdatetype", "DueDate"),)


@pytest.mark.parametrize(
    "query",
    [
        CUSTOMERS.page_size(7),
        CUSTOMERS.select("id", "name"),
        CUSTOMERS.timeout(5),
        Sage200Client(
            Settings(
                site="ab-CD", company="1", base_url="https://h:1/v", access_token="a"
            )
        ).customers,
    ],
)
def test_what_is_no_part_of_it(query):
    """Page size, columns, time limit, host, and the spelling of the site are not."""
    assert identity(query) == identity()


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (CLIENT.at("AB-cd", 2).customers, "its company is '1', and here '2'"),
        (CLIENT.at("ef", 1).customers, "its site is 'ab-cd', and here 'ef'"),
        (CLIENT.suppliers, "its resource is 'customers', and here 'suppliers'"),
        (
            CUSTOMERS.filter(on_hold=True),
            "its filter is empty, and here 'on_hold eq true'",
        ),
    ],
)
def test_what_is_refused(other, difference):
    """Another company, resource or condition is refused, with the way to go on."""
    with pytest.raises(SinkConflict, match=f"x: .*{difference}.*--replace"):
        identity(other).require_same(identity(), "x")


def test_an_identity_is_read_back():
    """What was stored is the same identity; what is none, or later, is refused."""
    one = identity(CUSTOMERS.filter(name="O'Brien ä"))
    assert Identity.decode(one.encode()) == one
    assert str(Identity.decode(one.encode())) == str(one)
    with pytest.raises(SinkConflict, match="cannot be read"):
        Identity.decode('{"site": 5}')
    later = one.encode().replace('"version":1', '"version":2')
    with pytest.raises(SinkConflict, match="later version"):
        Identity.decode(later)


def test_texts_of_different_identities_differ():
    """A checkpoint names the query by a text, which is the query's alone."""
    queries = [
        CUSTOMERS,
        CLIENT.suppliers,
        CUSTOMERS.filter(on_hold=True),
        CUSTOMERS.expand("contacts"),
        CLIENT.at("AB-cd", 2).customers,
    ]
    assert len({str(identity(query)) for query in queries}) == len(queries)
    stamped = CUSTOMERS.select("id", STAMP)
    assert str(identity(stamped)) == str(identity())
