"""A collection of five pages, and a fault on the second: once, often, for good."""

import gzip
import socket

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault

SHORT = 0.3
# Seconds that a reading waits for bytes where a fault has none.
HTML = {"Content-Type": "text/html"}
PAGE = b"<html><body><h1>%d</h1>The upstream server is down.</body></html>"
GZIP = {"Content-Encoding": "gzip"}
PACKED = gzip.compress(b"[" + b'{"id":1,"name":"A1"},' * 900 + b'{"id":2}]', mtime=0)
FLIPPED = PACKED[:40] + bytes(byte ^ 0x55 for byte in PACKED[40:80]) + PACKED[80:]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n[]"

PASSING = {
    "closed before any byte": (Fault(cut=0, then="close"), errors.IncompleteResponse),
    "reset before any byte": (Fault(cut=0, then="reset"), errors.IncompleteResponse),
    "closed in the head": (Fault(cut=25, then="close"), errors.IncompleteResponse),
    "reset in the head": (Fault(cut=25, then="reset"), errors.IncompleteResponse),
    "closed in the body": (Fault(cut=0.5, then="close"), errors.IncompleteResponse),
    "reset in the body": (Fault(cut=0.5, then="reset"), errors.IncompleteResponse),
    "stalled before the head": (Fault(cut=0, then="stall"), errors.RequestTimeout),
    "stalled in the head": (Fault(cut=25, then="stall"), errors.RequestTimeout),
    "stalled in the body": (Fault(cut=0.5, then="stall"), errors.RequestTimeout),
    "a length too long, closed": (
        Fault(length=9, then="close"),
        errors.IncompleteResponse,
    ),
    "a length too long, stalled": (
        Fault(length=9, then="stall"),
        errors.RequestTimeout,
    ),
    "a length too short": (Fault(length=-99, then="close"), errors.IncompleteResponse),
    "a length too short by one": (Fault(length=-1), errors.IncompleteResponse),
    "no length, cut": (
        Fault(length=None, cut=0.5, then="close"),
        errors.IncompleteResponse,
    ),
    "an empty reply": (Fault(body=b""), errors.IncompleteResponse),
    "gzip cut short": (
        Fault(body=PACKED[:-9], headers=GZIP),
        errors.IncompleteResponse,
    ),
    "gzip cut, no length": (
        Fault(body=PACKED[:60], headers=GZIP, length=None, then="close"),
        errors.IncompleteResponse,
    ),
    "gzip spoilt": (Fault(body=FLIPPED, headers=GZIP), errors.IncompleteResponse),
    "gzip that is none": (Fault(body=b"[]", headers=GZIP), errors.IncompleteResponse),
    "another protocol": (
        Fault(raw=b"SSH-2.0-OpenSSH_9.6\r\n", then="close"),
        errors.IncompleteResponse,
    ),
    "a chunk cut short": (
        Fault(raw=CHUNKED + b'ff\r\n[{"id"', then="close"),
        errors.IncompleteResponse,
    ),
    "chunks without an end": (
        Fault(raw=CHUNKED + b"2\r\n[]\r\n", then="close"),
        errors.IncompleteResponse,
    ),
    "a chunk without a size": (
        Fault(raw=CHUNKED + b"zz\r\n[]\r\n", then="close"),
        errors.IncompleteResponse,
    ),
    "a header of 70 kB": (Fault(raw=LONG, then="close"), errors.IncompleteResponse),
    "500": (Fault(status=500), errors.ServerError),
    "502, a gateway's page": (
        Fault(status=502, headers=HTML, body=PAGE % 502, then="close"),
        errors.ServerError,
    ),
    "503, a gateway's page": (
        Fault(status=503, headers=HTML, body=PAGE % 503),
        errors.ServerError,
    ),
    "504, a gateway's page": (
        Fault(status=504, headers=HTML, body=PAGE % 504, then="close"),
        errors.ServerError,
    ),
    "408": (Fault(status=408, then="close"), errors.StatusError),
    "429": (Fault(status=429), errors.RateLimited),
}


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes(meet, lab, name, times):
    """A fault that ends before the attempts do leaves a reading complete."""
    fault, kind = PASSING[name]
    script = [None, *[fault] * times]
    reading = meet(f"{name}, {times}x", script, read_timeout=timeout(fault))
    assert reading.complete
    assert len(reading.seen) == lab.fine + times + is_heavy(fault, kind)
    assert len(reading.slept) == times


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays(meet, name):
    """A fault that does not end is its own error, after as many attempts as set."""
    fault, kind = PASSING[name]
    script = [None, *[fault] * 50]
    reading = meet(f"{name}, always", script, read_timeout=timeout(fault))
    assert type(reading.error) is kind
    attempts = 5 + is_heavy(fault, kind)
    assert reading.error.attempts == attempts
    assert reading.error.plan.records == 200
    assert reading.ids == reading.keys[:200]
    assert len(reading.seen) == 1 + attempts


def is_heavy(fault, kind):
    """Tell whether half of the page is asked for, which costs one request more."""
    return kind is errors.RequestTimeout or fault.status in {502, 503, 504}


def timeout(fault):
    """Give the seconds to wait for bytes."""
    return SHORT if fault.then == "stall" else 60.0


LASTING = {
    "200, an error object": (
        Fault(body=b'{"Message":"The company is locked."}'),
        errors.DecodeError,
        "company is locked",
    ),
    "200, a page of HTML": (
        Fault(headers=HTML, body=PAGE % 200),
        errors.DecodeError,
        "upstream server is down",
    ),
    "200, a number": (Fault(body=b"7"), errors.DecodeError, "got '7'"),
    "400": (Fault(status=400), errors.BadRequest, "400"),
    "403": (Fault(status=403), errors.Forbidden, "role"),
    "404": (Fault(status=404), errors.NotFound, "edition"),
    "409": (Fault(status=409), errors.Conflict, "409"),
    "418": (Fault(status=418), errors.StatusError, "418"),
    "no UTF-8": (Fault(body=b'[{"id":300,"name":"\xc3\x28"}]'), errors.DecodeError, ""),
    "100,000 brackets": (
        Fault(body=b"[" * 100_000 + b"]" * 100_000),
        errors.DecodeError,
        "Customer",
    ),
    "100,000 brackets in a record": (
        Fault(body=b'[{"id":300,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"),
        errors.DecodeError,
        "Customer",
    ),
    "records twice": (
        Fault(body=b'[{"id":1}]'),
        errors.PagingError,
        "above",
    ),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_that_asking_again_does_not_cure(meet, name):
    """What would be the same again is its own error at once, and says what came."""
    fault, kind, told = LASTING[name]
    reading = meet(name, [None, fault])
    assert type(reading.error) is kind
    assert told in str(reading.error)
    assert len(reading.seen) == 2
    assert reading.error.plan.records == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(meet, status):
    """A redirect is an error that names the setting, and nobody calls elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        away = {"Location": f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/"}
        reading = meet(f"{status}", [None, Fault(status=status, headers=away)])
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert type(reading.error) is errors.StatusError
    assert "check base_url" in str(reading.error)
    assert len(reading.seen) == 2
