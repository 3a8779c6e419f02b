"""Percent-encoding, once and in one place."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from yarl import URL

from sage200_async.catalog import Customer, Endpoints
from sage200_async.errors import QueryError, SettingsError
from sage200_async.odata.encoding import encode, encode_query, encode_segment, join
from sage200_async.query.resources import untyped_endpoint
from sage200_async.settings import CompanyContext, Settings

c = Customer.fields
EVERY_BYTE = "".join(map(chr, range(256)))


def test_every_character():
    """Whatever is encoded decodes to itself, whichever way a server decodes."""
    for text in (EVERY_BYTE, "é€😀\u202e\uff07", "100% + 1 & #1;?"):
        assert unquote(encode(text)) == text
        pairs = parse_qsl(encode_query([("$filter", text), ("$top", "1")]))
        assert pairs == [("$filter", text), ("$top", "1")]


def test_what_servers_read_otherwise():
    """Characters with a meaning in a query never stand as they are."""
    for mark in ' "#%&+;/<=>?@[\\]^`{|}\n\0é':
        assert encode(mark).startswith("%")


def test_what_stays_readable():
    """Quotes, brackets, commas, dots and colons stay as they are."""
    assert encode("(a eq 'b',c)") == "(a%20eq%20'b',c)"


def test_blanks():
    """A blank is ``%20``: a plus is a plus to IIS."""
    assert encode("a b+c") == "a%20b%2Bc"


def test_not_twice():
    """Text that looks encoded is text: it is encoded once more."""
    assert encode("%27") == "%2527"


def test_segment():
    """A segment of a path keeps no slash."""
    assert encode_segment("a/b?c#d %") == "a%2Fb%3Fc%23d%20%25"
    assert encode_segment(27825) == "27825"


@pytest.mark.parametrize("base", ["http://x/v1", "http://x/v1/"])
@pytest.mark.parametrize("path", ["customers", "/customers"])
def test_join(base, path):
    """There is one slash between base and path, however they end."""
    assert join(base, path) == "http://x/v1/customers"
    assert join(base, path, "$top=1") == "http://x/v1/customers?$top=1"


def test_left_alone():
    """The client's URL type sends the URL to the letter."""
    text = "O'B & Co. #1 100% +é"
    query = Endpoints.customers.query.bound(
        CompanyContext("http://x/v1", "s", "1"), None
    )
    url = query.filter(c.name == text).url
    assert str(URL(url, encoded=True)) == url
    assert unquote(urlsplit(url).query).startswith(
        "$filter=name eq 'O''B & Co. #1 100% +é'&"
    )


def test_whole():
    """The first URL is exactly that of the first request."""
    query = Endpoints.customers.query.bound(
        CompanyContext("http://x/v1/", "s", "1"), None
    )
    refined = (
        query.filter((c.balance > 1000) & c.name.startswith("A"), on_hold=False)
        .select(c.id, c.reference, "name", c.balance)
        .expand("contacts")
        .order_by(c.balance.desc(), "id")
        .top(12_000)
    )
    assert refined.url == (
        "http://x/v1/customers?$filter=balance%20gt%201000%20and%20"
        "startswith(name,'A')%20and%20on_hold%20eq%20false"
        "&$select=id,reference,name,balance&$expand=contacts"
        "&$orderby=balance%20desc,id&$top=5000"
    )


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://api.example/v1#", "fragment"),
        ("https://api.example/v1?x=1", "query"),
        ("https://api.example/v1?", "query"),
        ("https://user:hush@api.example/", "password"),
        ("https://user:hush@api.example/?x", "password"),
        ("user:hush@api.example", "password"),
        ("https://@api.example/", "password"),
        ("https://api.example/v1/../x", "'..'"),
        ("https://api.example/%2e%2E/x", "'..'"),
        ("https://api.example/v1/.", "'..'"),
        ("https://api.example/v 1", "blanks"),
        ("https://api.example/\n", "blanks"),
        ("https://api.example\\v1/", "backslashes"),
        ("https://api.example/\x85", "blanks"),
    ],
)
def test_a_base_url_is_the_beginning_of_every_address(url, part):
    """A base URL that would lose what follows, or lead elsewhere, is refused."""
    with pytest.raises(SettingsError, match=part) as caught:
        Settings(base_url=url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://lan:8080/v1.0/a..b/", "https://[::1]/@me"])
def test_a_base_url_with_dots(url):
    """Dots that are no segments, and marks in the path, are part of an address."""
    assert Settings(base_url=url).base_url == url


@pytest.mark.parametrize(
    "path",
    [
        "customers#",
        "customers?x=1",
        "../x",
        "customers/1#",
        "a//b",
        "%2e%2e",
        "caf\xe9",
    ],
)
def test_a_path_stays_below_the_base_url(path):
    """A resource whose path would lose the query, or leave the base, is refused."""
    with pytest.raises(QueryError, match="below the base URL"):
        untyped_endpoint(path, None)


def test_a_parameter_of_other_letters():
    """The name of a parameter goes out as it is, so it has to be ASCII."""
    with pytest.raises(QueryError, match="name of a parameter"):
        untyped_endpoint("things", None).query.parameters(café=1)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("filter", "filter"),
        ("Filter", "filter"),
        ("select", "select"),
        ("expand", "expand"),
        ("orderby", "order_by"),
        ("top", "top"),
        ("skip", "skip"),
        ("count", "count"),
    ],
)
@pytest.mark.parametrize(
    "endpoint", [Endpoints.customers, untyped_endpoint("xs", "id")]
)
def test_a_parameter_is_none_of_odatas_own_options(endpoint, name, method):
    """An option that the query itself sends is refused, and its method named."""
    with pytest.raises(QueryError, match=rf"use the method {method}\(\)"):
        endpoint.query.parameters(**{name: "1"})


@pytest.mark.parametrize("id", ["1#", "1/2", "1?x=1", "%2e%2e", "1;x", "a\\b"])
def test_an_id_is_one_segment(id):
    """Whatever an id contains, it is one segment of the path."""
    below = Endpoints.customers.query[id].run(Endpoints.customer_contacts.query)
    assert below.endpoint.path == f"customers/{encode_segment(id)}/customer_contacts"
    assert set(encode_segment(id)) - {*"#/?;\\"} == set(encode_segment(id))
