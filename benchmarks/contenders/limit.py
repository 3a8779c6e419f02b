"""The limits: draining a socket, and decoding pages that are already in memory.

No client can be faster than the socket, and none that decodes a page in one call can be
faster than that call.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from runner import PAGE, count_and_sum, measure_read, run_job

from sage200_async.catalog import Customer

DECODER = msgspec.json.Decoder(list[Customer])


def drain(url: str, count: int, **_: str) -> dict[str, float]:
    parts = urlsplit(url)
    buffer = bytearray(2**25)

    def read() -> tuple[int, Any]:
        with socket.create_connection((parts.hostname, parts.port or 80)) as server:
            for number in range(count):
                target = f"{parts.path}?$skip={number * PAGE}&$top={PAGE}"
                server.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                drain_one(server, buffer)
        return count * PAGE, 0

    return measure_read(read)


def drain_one(server: socket.socket, buffer: bytearray) -> None:
    size = server.recv_into(buffer)
    while (end := buffer.find(b"\r\n\r\n", 0, size)) < 0:
        size += server.recv_into(memoryview(buffer)[size:])
    head = bytes(buffer[:end]).lower()
    remaining = int(head.partition(b"content-length:")[2].split()[0]) - (size - end - 4)
    while remaining:
        remaining -= server.recv_into(buffer, remaining)


def decode(folder: str) -> dict[str, float]:
    pages = [path.read_bytes() for path in sorted(Path(folder).glob("[0-9]*.json"))]

    def read() -> tuple[int, Any]:
        totals = [
            count_and_sum(DECODER.decode(page), lambda row: row.balance)
            for page in pages
        ]
        return sum(count for count, _ in totals), sum(total for _, total in totals)

    return measure_read(read)


if __name__ == "__main__":
    run_job(drain=drain, decode=decode)
