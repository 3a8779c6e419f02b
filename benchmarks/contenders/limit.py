"""The limits: a socket that is drained, and pages in memory that are decoded.

No client can be faster than the socket, and none that decodes a page in one call faster
than that call.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from told import PAGE, added, tell, timed

from sage200_async.catalog import Customer

DECODER = msgspec.json.Decoder(list[Customer])


def drain(url: str, count: int, **_: str) -> dict[str, float]:
    parts = urlsplit(url)
    room = bytearray(2**25)

    def read() -> tuple[int, Any]:
        with socket.create_connection((parts.hostname, parts.port or 80)) as server:
            for number in range(count):
                asked = f"{parts.path}?$skip={number * PAGE}&$top={PAGE}"
                server.sendall(f"GET {asked} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                drain_one(server, room)
        return count * PAGE, 0

    return timed(read)


def drain_one(server: socket.socket, room: bytearray) -> None:
    size = server.recv_into(room)
    while (end := room.find(b"\r\n\r\n", 0, size)) < 0:
        size += server.recv_into(memoryview(room)[size:])
    head = bytes(room[:end]).lower()
    left = int(head.partition(b"content-length:")[2].split()[0]) - (size - end - 4)
    while left:
        left -= server.recv_into(room, left)


def decode(folder: str) -> dict[str, float]:
    pages = [path.read_bytes() for path in sorted(Path(folder).glob("*.json"))]

    def read() -> tuple[int, Any]:
        found = [added(DECODER.decode(page), lambda row: row.balance) for page in pages]
        return sum(each[0] for each in found), sum(each[1] for each in found)

    return timed(read)


if __name__ == "__main__":
    tell(drain=drain, decode=decode)
