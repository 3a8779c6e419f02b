"""The headers of requests, and those of responses that are read."""

import pytest

from sage200_async.settings import CompanyContext
from sage200_async.wire.headers import company_headers, retry_after

NOON = 1_500_000_000.0


def test_company():
    """A request has the headers of its site and its company."""
    headers = company_headers(CompanyContext("http://x", "guid", "7"))
    assert headers == {"X-Site": "guid", "X-Company": "7"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Fri, 14 Jul 2017 02:40:30 GMT", 30.0),
        ("Fri, 14 Jul 2017 04:40:30 +0200", 30.0),
        ("Friday, 14-Jul-17 02:40:30 GMT", 30.0),
        ("Fri Jul 14 02:40:30 2017", 30.0),
        ("Fri, 14 Jul 2017 02:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("٣", None),
        ("Fri, 99 Jul 2017 02:40:30 GMT", None),
        ("Fri, 14 Jul 99999999999999999999 02:40:30 GMT", None),
    ],
)
def test_retry_after(text, seconds):
    """A number of seconds or a date is read; anything else counts as absent."""
    assert retry_after({"retry-after": text}, NOON) == seconds


def test_no_retry_after():
    """Without the header there is no time to wait."""
    assert retry_after({}, NOON) is None


@pytest.mark.parametrize("now", [0, NOON, 4_000_000_000])
def test_a_date_is_relative_to_the_date_header(now):
    """If a response has a Date header, a wrong local clock does not matter."""
    headers = {
        "retry-after": "Fri, 14 Jul 2017 02:40:30 GMT",
        "date": "Fri, 14 Jul 2017 02:40:18 GMT",
    }
    assert retry_after(headers, now) == 12.0


def test_a_date_that_cannot_be_read():
    """If the Date header cannot be read, the local clock is used."""
    headers = {"retry-after": "Fri, 14 Jul 2017 02:40:30 GMT", "date": "today"}
    assert retry_after(headers, NOON) == 30.0
