"""The server is not ours: nginx gives out prepared pages, so that only clients differ.

``/plain/customers`` and ``/gzip/customers`` are 16 MB pages on disk, asked for by key
or by ``$skip``; ``/v4/`` and ``/v2/`` the same records in the shapes of OData 4 and 2.
``/<count>/customers`` are as many records by key, with what a bulk reading asks first;
there nginx puts the number of the page into the ids of one prepared page, so that a
million costs no disk.
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import data, metadata

SYSTEM: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# A user's path need not hold the folders of the system's programs.
CONFIG: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  default_type application/json;
  output_buffers 4 256k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $args $after {{
    default 0;
    "~id(?:%20|\\+)gt(?:%20|\\+)(?<key>\\d+)" $key;
    "~skip=(?<rows>\\d+)" $rows;
  }}
  map $args $before {{
    default "";
    "~count=true" count;
    "~desc&" last;
    "~top=1$" first;
    "~gt%20100000%20" "";
    "~gt%20(?<number>\\d+)05000(?:&|%20)" $number;
    "~gt%20" none;
  }}
  map $before $page {{
    default none;
    "" 1;
    "~^[a-z]" $before;
    {following}
  }}
  {templates}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/pages;
    location = /plain/customers {{ try_files /plain/$after.json /empty.json =404; }}
    location = /gzip/customers {{
      gzip_static on;
      try_files /plain/$after.json /empty.json =404;
    }}
    location = /v4/Customers {{ try_files /v4/$after.json =404; }}
    location = /v2/Customers {{ try_files /v2/$after.json /v2/empty.json =404; }}
    location ~ metadata$ {{ default_type application/xml; }}
    {growing}
  }}
}}
"""
TEMPLATE: Final = """map $page $template_{count} {{
    default /empty.json;
    count /count_{count}.json;
    first /key_first.json;
    last /key_{count}.json;
    {lines}
  }}"""
GROWING: Final = """location = /{count}/customers {{
      sub_filter_types application/json;
      sub_filter_once off;
      sub_filter '"id":9' '"id":$page';
      try_files $template_{count} =404;
    }}"""


@contextlib.contextmanager
def serving(pages: int, counts: list[int]) -> Iterator[Serving]:
    """Prepare the pages, and serve them until the end.

    Args:
        pages: Pages on disk.
        counts: How many records there are where they are numbered by nginx.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder / "pages", pages, counts)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(configured(folder, port, counts), "utf-8")
        process = subprocess.Popen([program(), "-c", config, "-e", folder / "errors"])
        try:
            wait_for(port, process)
            yield Serving(f"http://127.0.0.1:{port}", folder / "pages", pages)
        finally:
            process.kill()
            process.wait()


class Serving(msgspec.Struct, frozen=True):
    """Where the pages are."""

    url: str
    folder: Path
    pages: int

    def given(self, shape: str = "plain") -> dict[str, Any]:
        """Say to a contender where its records are, and of which fields."""
        name = "Customers" if shape in {"v4", "v2"} else "customers"
        fields = str(self.folder / "fields.json")
        return {"url": f"{self.url}/{shape}/{name}", "fields": fields}


def prepare(folder: Path, pages: int, counts: list[int]) -> None:
    """Write every page, in every shape."""
    for each in ("plain", "v4", "v2"):
        (folder / each).mkdir(parents=True)
    kinds, rows = data.fields(), data.customers(data.PAGE)
    put(folder / "fields.json", kinds)
    put(folder / "empty.json", [])
    put(folder / "v2" / "empty.json", {"d": {"results": []}})
    (folder / "v4" / "$metadata").write_text(metadata.odata_4(kinds), "utf-8")
    (folder / "v2" / "$metadata").write_text(metadata.odata_2(kinds), "utf-8")
    for after, page in data.numbered(rows, pages):
        body = put(folder / "plain" / f"{after}.json", page)
        packed = gzip.compress(body, 6)
        (folder / "plain" / f"{after}.json.gz").write_bytes(packed)
        last = after + data.PAGE == pages * data.PAGE
        link = {} if last else {"@odata.nextLink": f"Customers?$skip={after + 5000}"}
        put(folder / "v4" / f"{after}.json", {"value": page, **link})
        old = [data.as_odata_2(row, kinds) for row in page]
        put(folder / "v2" / f"{after}.json", {"d": {"results": old}})
    for _, page in data.numbered(rows, 1):
        for row in page:
            row["id"] += 900_000  # nginx turns the 9 into the number of the page
        for size in {min(count, data.PAGE) for count in counts}:
            put(folder / f"first_{size}.json", page[:size])
    put(folder / "key_first.json", [{"id": 100_001}])
    for count in counts:
        pages, short = divmod(count - 1, data.PAGE)
        put(folder / f"key_{count}.json", [{"id": 100_001 + pages * 100_000 + short}])
        put(folder / f"count_{count}.json", count)


def put(path: Path, value: object) -> bytes:
    body = msgspec.json.encode(value)
    path.write_bytes(body)
    return body


def configured(folder: Path, port: int, counts: list[int]) -> str:
    """Write nginx's configuration."""
    most = max(-(-count // data.PAGE) for count in counts)
    templates = [
        TEMPLATE.format(
            count=count,
            lines=" ".join(
                f"{number} /first_{min(count, data.PAGE)}.json;"
                for number in range(1, -(-count // data.PAGE) + 1)
            ),
        )
        for count in counts
    ]
    return CONFIG.format(
        folder=folder,
        port=port,
        following=" ".join(f"{number} {number + 1};" for number in range(1, most + 1)),
        templates="\n  ".join(templates),
        growing="\n    ".join(GROWING.format(count=count) for count in counts),
    )


def program() -> str:
    """Find nginx."""
    found = shutil.which("nginx") or shutil.which("nginx", path=SYSTEM)
    if found is None:
        raise SystemExit("nginx is not installed: apt-get install nginx")
    return found


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens."""
    for _ in range(500):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise SystemExit("nginx does not listen")
