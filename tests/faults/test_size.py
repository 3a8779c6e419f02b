"""Replies that are too much: by themselves, or once they are inflated."""

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
    """Give a gigabyte of blanks in one megabyte of gzip."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    head = packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b" " * 1024**2) + packer.flush(zlib.Z_FULL_FLUSH)
    # A block that refers to none before it may be repeated; nobody will get
    # as far as the checksum.
    return head + megabyte * (GIGABYTE // 1024**2) + packer.flush()


@pytest.mark.parametrize("length", [0, None], ids=["length", "close"])
def test_a_reply_past_the_limit(meet, length):
    """A page of more bytes than the limit is an error of its own; it is not held."""
    page = b"[" + b" " * LIMIT + b"]"
    then = "keep" if length == 0 else "close"
    script = [None, *[Fault(body=page, length=length, then=then)] * 50]
    reading = meet("more bytes than the limit", script, max_response_bytes=LIMIT)
    assert type(reading.error) is errors.ResponseTooLarge
    assert "8,388,608 bytes at most" in str(reading.error)
    assert reading.error.plan.records == 200
    assert len(reading.seen) < 20


def test_a_bomb(meet, bomb):
    """A gigabyte in a megabyte of gzip takes no more memory than a few limits."""
    assert len(bomb) < 1.2 * 1024**2
    script = [None, *[Fault(body=bomb, headers=GZIP)] * 50]
    tracemalloc.start()
    try:
        reading = meet("a gigabyte in gzip", script, max_response_bytes=LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(reading.error) is errors.ResponseTooLarge
    assert len(reading.seen) < 20
    assert peak < 5 * LIMIT


def test_a_bomb_in_an_error(meet, bomb):
    """What an error says is held to the same limit."""
    script = [None, *[Fault(status=503, body=bomb, headers=GZIP)] * 50]
    reading = meet("503, a gigabyte in gzip", script, max_response_bytes=LIMIT)
    assert type(reading.error) is errors.ResponseTooLarge
    assert len(reading.seen) < 20
