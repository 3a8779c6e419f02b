"""Percent-encoding, once and in one place."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from yarl import URL

from sage200_async.catalog import Customer, Endpoints
from sage200_async.odata.encoding import encode, encode_query, encode_segment, join
from sage200_async.settings import CompanyContext

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
    for mark in ' "#%&+;<=>?@[\\]^`{|}\n\0é':
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
