"""Faults by nginx, such as half a page in a complete response."""

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault

HTTP_1_0 = "proxy_http_version 1.0;"
UNBUFFERED = "proxy_buffering off;"
GZIP = "gzip on; gzip_min_length 1;"
CUT = Fault(cut=0.5, then="close")
CUT_WITHOUT_LENGTH = Fault(cut=0.5, length=None, then="close")


@pytest.mark.parametrize("rules", ["", HTTP_1_0, GZIP, GZIP + UNBUFFERED])
def test_no_fault(helpers, row, nginx, rules):
    """A proxy without faults changes nothing."""
    result = nginx.read(rules=rules)
    row(f"nginx, no fault, {rules}", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests


@pytest.mark.parametrize("rules", ["", HTTP_1_0, GZIP, UNBUFFERED, GZIP + UNBUFFERED])
@pytest.mark.parametrize("fault", [CUT, CUT_WITHOUT_LENGTH], ids=["length", "close"])
def test_half_a_page(helpers, row, nginx, fault, rules):
    """Half a page in a complete, chunked or gzipped response is requested again."""
    result = nginx.read([None, fault], rules=rules)
    framing = "length" if fault is CUT else "no length"
    row(f"nginx, cut, {framing}, {rules}", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=0, then="close"),
        Fault(cut=0, then="reset"),
        Fault(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n", length=None, then="close"),
    ],
    ids=["closed", "reset", "protocol"],
)
def test_a_bad_gateway(helpers, row, nginx, fault):
    """An error page for a bad gateway is retried, whatever the cause."""
    result = nginx.read([None, fault, fault])
    row("nginx, 502", result.outcome, len(result.requests))
    assert result.complete
    retries = len(result.requests) - helpers.fault_free_requests
    assert 2 <= retries <= 3


def test_a_permanent_bad_gateway(row, nginx):
    """A permanent bad gateway is a `ServerError` after the maximum number of attempts."""
    result = nginx.read([None, *[Fault(cut=0, then="close")] * 50])
    row("nginx, 502, always", result.outcome, len(result.requests))
    assert type(result.error) is errors.ServerError
    assert result.error.status == 502
    assert "from a gateway" in str(result.error)
    assert result.error.attempts == 6
    assert len(result.requests) == 1 + 6


def test_the_server_is_too_slow(helpers, row, nginx):
    """The error page for a slow server makes the client ask for a smaller page."""
    stall = Fault(cut=0, then="stall")
    result = nginx.read([None, stall], rules="proxy_read_timeout 300ms;")
    row("nginx, proxy_read_timeout", result.outcome, len(result.requests))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + 1 + 1
