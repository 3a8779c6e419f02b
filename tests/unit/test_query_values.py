"""Queries are values: equal, hashable, picklable."""

import copy
import inspect
import pickle

import pytest

from sage200_async import raw
from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import ClientClosed, UnsupportedOperation
from sage200_async.events import Events
from sage200_async.query.endpoint import Endpoint
from sage200_async.query.resources import Resource
from sage200_async.settings import CompanyContext
from sage200_async.transport.memory import MemoryTransport, reply

c = Customer.fields


def build(endpoint=Endpoints.customers):
    """Make a query that uses everything."""
    return (
        endpoint.query.filter((c.balance > 10) | raw("x"), name="O'B")
        .filter(c.id.in_([1, 2]))
        .select("id", "name")
        .expand("contacts")
        .order_by("balance desc")
        .top(7)
        .skip(2)
        .page_size(3)
    )


def test_equal():
    """Queries built alike are equal, with equal hashes and URLs."""
    assert build() == build()
    assert hash(build()) == hash(build())
    assert build().url == build().url
    assert len({build(), build()}) == 1


@pytest.mark.parametrize(
    "other",
    [
        build().top(8),
        build().filter(c.id == 1),
        build().bound(CompanyContext("http://x", "s", "2"), None),
        build(Endpoint("other", Resource[Customer, dict, dict], Customer)),
        "text",
    ],
)
def test_unequal(other):
    """Queries that ask something else, or elsewhere, are unequal."""
    assert build() != other


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    """A pickle keeps the query and its company."""
    query = build().bound(CompanyContext("http://x", "s", "2", 999), None)
    again = pickle.loads(pickle.dumps(query, protocol))
    assert again == query
    assert again.url == query.url
    assert again.context == query.context


def test_pickle_of_a_bound_query():
    """A pickle leaves the client behind; reading then asks to bind it again."""

    class Connection:
        transport = MemoryTransport(lambda _: reply([]))
        quarantine = None
        events = Events()

    bound = build().bound(CompanyContext("http://x", "s", "2"), Connection())
    again = pickle.loads(pickle.dumps(bound))
    assert again == bound
    with pytest.raises(ClientClosed, match=r"client\.run"):
        aiter(again)


def test_untyped_pickle():
    """A query on a resource that nobody knows is picklable too."""
    kind = Resource[dict[str, object], dict[str, object], dict[str, object]]
    query = Endpoint("things", kind, key="id").query.filter(a=1)
    assert pickle.loads(pickle.dumps(query)) == query
    assert copy.copy(query) == query


def test_repr():
    """The repr shows the options, shortened where they are long."""
    query = Endpoints.customers.query.filter(on_hold=True).top(5)
    assert repr(query) == "Resource(customers, filter=on_hold eq true, top=5)"
    assert repr(Endpoints.customers.query) == "Resource(customers)"
    assert len(repr(query.filter(name="x" * 9000))) < 500


def test_missing_verbs():
    """A verb that the resource lacks raises before any I/O, naming what it can."""
    lines = Endpoints.sop_order_line_views.query
    for verb in ("get", "create", "update", "delete"):
        with pytest.raises(
            UnsupportedOperation, match=f"cannot {verb}; it can list"
        ) as caught:
            getattr(lines, verb)
        assert caught.value.verb == verb
    with pytest.raises(AttributeError):
        _ = lines.frobnicate


LISTING = {
    *("count", "expand", "explain", "filter", "first", "one", "order_by", "pages"),
    *("page_size", "parameters", "read", "resume", "select", "skip", "timeout"),
    *("top", "url"),
}


@pytest.mark.parametrize("name", sorted(LISTING))
def test_what_is_only_created_is_not_listed(name):
    """A resource that is not listed says so, and neither offers nor has the name."""
    invoices = Endpoints.sales_invoices.query
    with pytest.raises(UnsupportedOperation, match="it can create") as caught:
        getattr(invoices, name)
    assert caught.value.verb == name
    assert not hasattr(invoices, name)
    assert name not in dir(invoices)
    assert name not in dict(inspect.getmembers(invoices))
    assert name in dir(Endpoints.customers.query)


def test_missing_verbs_are_not_offered():
    """What looks a query over, an editor or a debugger, finds the verbs it has."""
    lines, customers = (
        Endpoints.sop_order_line_views.query,
        Endpoints.customers.query,
    )
    verbs = {"get", "create", "update", "update_many", "delete"}
    assert verbs.isdisjoint(dir(lines))
    assert verbs & set(dir(customers)) == verbs - {"update_many"}
    assert verbs.isdisjoint(name for name, _ in inspect.getmembers(lines))
    assert not hasattr(lines, "delete")
    assert hasattr(customers, "delete")
