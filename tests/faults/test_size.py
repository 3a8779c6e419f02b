"""Responses that are too large, as sent or once decompressed."""

import tracemalloc
import zlib

import pytest

from sage200_async import errors
from sage200_async.sandbox import Fault

LIMIT = 8 * 1024**2
GIGABYTE = 1024**3
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def bomb():
    """Return a gigabyte of blanks in one megabyte of gzip."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    head = packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b" " * 1024**2) + packer.flush(zlib.Z_FULL_FLUSH)
    # A block without references to earlier ones may be repeated; no reader gets
    # as far as the checksum.
    return head + megabyte * (GIGABYTE // 1024**2) + packer.flush()


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
def test_a_response_above_the_limit(read_with_faults, length):
    """A page above the limit raises `ResponseTooLarge`."""
    page = b"[" + b" " * LIMIT + b"]"
    then = "keep" if length == 0 else "close"
    script = [None, *[Fault(body=page, length=length, then=then)] * 50]
    result = read_with_faults(
        "more bytes than the limit", script, max_response_bytes=LIMIT
    )
    assert type(result.error) is errors.ResponseTooLarge
    assert "larger than 8,388,608 bytes" in str(result.error)
    assert result.error.plan.records == 200
    assert len(result.requests) < 20


def test_a_bomb(read_with_faults, bomb):
    """A gigabyte in a megabyte of gzip takes less memory than five times the limit."""
    assert len(bomb) < 1.2 * 1024**2
    script = [None, *[Fault(body=bomb, headers=GZIP)] * 50]
    tracemalloc.start()
    try:
        result = read_with_faults(
            "a gigabyte in gzip", script, max_response_bytes=LIMIT
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(result.error) is errors.ResponseTooLarge
    assert len(result.requests) < 20
    assert peak < 5 * LIMIT


@pytest.mark.parametrize("headers", [GZIP, {}], ids=["gzip", "plain"])
def test_a_bomb_in_an_error(read_with_faults, bomb, headers):
    """Of the body of an error, 64 KB are read and the rest is left."""
    body = bomb if headers else b'{"Message": "' + b"x" * 27_000_000 + b'"}'
    script = [None, *[Fault(status=400, body=body, headers=headers)] * 50]
    result = read_with_faults(f"400, a large body {headers}", script)
    assert type(result.error) is errors.BadRequest
    assert len(result.error.response.body) < 1_000_000
    assert len(str(result.error)) < 1000
    assert len(result.requests) < 20
