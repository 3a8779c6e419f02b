"""A collection of five pages, and a fault on the second: once, four times, for ever."""

import gzip
import socket

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault

SHORT = 0.3
# The read timeout, in seconds, for faults that send nothing.
HTML = {"Content-Type": "text/html"}
PAGE = b"<html><body><h1>%d</h1>The upstream server is down.</body></html>"
GZIP = {"Content-Encoding": "gzip"}
GZIPPED = gzip.compress(b"[" + b'{"id":1,"name":"A1"},' * 900 + b'{"id":2}]', mtime=0)
CORRUPTED = GZIPPED[:40] + bytes(byte ^ 0x55 for byte in GZIPPED[40:80]) + GZIPPED[80:]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG_HEADER = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n[]"

TRANSIENT = {
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
    "an empty response": (Fault(body=b""), errors.IncompleteResponse),
    "gzip cut short": (
        Fault(body=GZIPPED[:-9], headers=GZIP),
        errors.IncompleteResponse,
    ),
    "gzip cut, no length": (
        Fault(body=GZIPPED[:60], headers=GZIP, length=None, then="close"),
        errors.IncompleteResponse,
    ),
    "gzip corrupted": (Fault(body=CORRUPTED, headers=GZIP), errors.IncompleteResponse),
    "not gzip": (Fault(body=b"[]", headers=GZIP), errors.IncompleteResponse),
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
    "a header of 70 kB": (
        Fault(raw=LONG_HEADER, then="close"),
        errors.IncompleteResponse,
    ),
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
@pytest.mark.parametrize("name", TRANSIENT)
def test_a_transient_fault(read_with_faults, helpers, name, times):
    """After a fault that ends before the last attempt, the read is complete."""
    fault, kind = TRANSIENT[name]
    script = [None, *[fault] * times]
    result = read_with_faults(f"{name}, {times}x", script, read_timeout=timeout(fault))
    assert result.complete
    assert len(result.requests) == helpers.fault_free_requests + times + reduces_page(
        fault, kind
    )
    assert len(result.slept) == times


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_permanent_fault(read_with_faults, name):
    """A fault that does not end raises its error after the maximum number of attempts."""
    fault, kind = TRANSIENT[name]
    script = [None, *[fault] * 50]
    result = read_with_faults(f"{name}, always", script, read_timeout=timeout(fault))
    assert type(result.error) is kind
    attempts = 5 + reduces_page(fault, kind)
    assert result.error.attempts == attempts
    assert result.error.plan.records == 200
    assert result.ids == result.keys[:200]
    assert len(result.requests) == 1 + attempts


def reduces_page(fault, kind):
    """Whether the page is halved, which takes one more request."""
    return kind is errors.RequestTimeout or fault.status in {502, 503, 504}


def timeout(fault):
    """Return the read timeout, in seconds."""
    return SHORT if fault.then == "stall" else 60.0


NOT_RETRYABLE = {
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


@pytest.mark.parametrize("name", NOT_RETRYABLE)
def test_a_fault_that_is_not_retried(read_with_faults, name):
    """A fault that a retry cannot cure raises its error at once, with what was received."""
    fault, kind, text = NOT_RETRYABLE[name]
    result = read_with_faults(name, [None, fault])
    assert type(result.error) is kind
    assert text in str(result.error)
    assert len(result.requests) == 2
    assert result.error.plan.records == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(read_with_faults, status):
    """A redirect is an error that names the setting; it is not followed."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        headers = {"Location": f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/"}
        result = read_with_faults(
            f"{status}", [None, Fault(status=status, headers=headers)]
        )
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert type(result.error) is errors.StatusError
    assert "check base_url" in str(result.error)
    assert len(result.requests) == 2
