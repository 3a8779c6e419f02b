"""Faults that nginx makes, or makes of others: half a page in a whole reply."""

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault

OLD = "proxy_http_version 1.0;"
UNBUFFERED = "proxy_buffering off;"
PACKED = "gzip on; gzip_min_length 1;"
CUT = Fault(cut=0.5, then="close")
CUT_UNTOLD = Fault(cut=0.5, length=None, then="close")


@pytest.mark.parametrize("rules", ["", OLD, PACKED, PACKED + UNBUFFERED])
def test_nothing_is_wrong(lab, row, nginx, rules):
    """A proxy that does nothing wrong changes nothing."""
    reading = nginx.read(rules=rules)
    row(f"nginx, no fault, {rules}", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine


@pytest.mark.parametrize("rules", ["", OLD, PACKED, UNBUFFERED, PACKED + UNBUFFERED])
@pytest.mark.parametrize("fault", [CUT, CUT_UNTOLD], ids=["length", "close"])
def test_half_a_page(lab, row, nginx, fault, rules):
    """Half a page in a reply that is whole, chunked or packed, comes again."""
    reading = nginx.read([None, fault], rules=rules)
    told = "length" if fault is CUT else "no length"
    row(f"nginx, cut, {told}, {rules}", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=0, then="close"),
        Fault(cut=0, then="reset"),
        Fault(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n", length=None, then="close"),
    ],
    ids=["closed", "reset", "protocol"],
)
def test_a_bad_gateway(lab, row, nginx, fault):
    """Whatever is wrong behind it, its page for it is passed over."""
    reading = nginx.read([None, fault, fault])
    row("nginx, 502", reading.outcome, len(reading.seen))
    assert reading.complete
    assert lab.fine + 2 <= len(reading.seen) <= lab.fine + 3


def test_a_bad_gateway_for_good(row, nginx):
    """A bad gateway that stays is a `ServerError` after as many attempts as set."""
    reading = nginx.read([None, *[Fault(cut=0, then="close")] * 50])
    row("nginx, 502, always", reading.outcome, len(reading.seen))
    assert type(reading.error) is errors.ServerError
    assert reading.error.status == 502
    assert "from a gateway" in str(reading.error)
    assert reading.error.attempts == 6
    assert len(reading.seen) == 1 + 6


def test_the_server_is_too_slow(lab, row, nginx):
    """Its page for a server that takes too long draws a smaller page."""
    stall = Fault(cut=0, then="stall")
    reading = nginx.read([None, stall], rules="proxy_read_timeout 300ms;")
    row("nginx, proxy_read_timeout", reading.outcome, len(reading.seen))
    assert reading.complete
    assert len(reading.seen) == lab.fine + 1 + 1
