"""Serve prepared pages with nginx, a server that is not ours: only clients differ.

``/plain/customers`` and ``/gzip/customers`` are 16 MB pages on disk, read by key or by
``$skip``; ``/ten/customers`` are the same records with ten of their fields;
``/v4/`` and ``/v2/`` are the same records in the forms of OData 4 and 2.
``/<count>/customers`` are *count* records by key, with the count and the bounds that a
read asks for first; nginx writes the page's number into the ids of one prepared page, so
a million records take no disk space. ``/small/customers`` are single records by id, the
first of them, their count, and one that was created.
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

SMALL: Final = 600
# Records that are served one by one.
SYSTEM: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# A user's PATH may lack the folders of system programs.
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
  keepalive_requests 1000000;
  output_buffers 4 256k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $args $after {{
    default 0;
    "~%20desc&" last;
    "~id(?:%20|\\+)gt(?:%20|\\+)(?<key>\\d+)" $key;
    "~skip=(?<rows>\\d+)" $rows;
  }}
  map $args $before {{
    default "";
    "~count=true" count;
    "~desc&" last;
    "~select=id&.*top=2$" first;
    "~gt%20100000%20" "";
    "~gt%20(?<number>\\d+)05000(?:&|%20)" $number;
    "~gt%20" none;
  }}
  map $args $small {{
    default first;
    "~count=true" count;
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
    location = /ten/customers {{ try_files /ten/$after.json /empty.json =404; }}
    location = /gzip/customers {{
      gzip_static on;
      try_files /plain/$after.json /empty.json =404;
    }}
    location = /v4/Customers {{ try_files /v4/$after.json =404; }}
    location = /v2/Customers {{ try_files /v2/$after.json /v2/empty.json =404; }}
    location = /small/customers {{
      error_page 405 =200 /small/created.json;
      try_files /small/$small.json =404;
    }}
    location ~ ^/small/customers/\\d+$ {{
      rewrite ^/small/customers/(\\d+)$ /small/$1.json break;
    }}
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
def serving(pages: int, counts: list[int]) -> Iterator[PageServer]:
    """Prepare the pages, and serve them while the context is open.

    Args:
        pages: The number of pages on disk.
        counts: The numbers of records of the collections that nginx numbers.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder / "pages", pages, counts)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(nginx_config(folder, port, counts), "utf-8")
        process = subprocess.Popen(
            [nginx_path(), "-c", config, "-e", folder / "errors"]
        )
        try:
            wait_for(port, process)
            yield PageServer(f"http://127.0.0.1:{port}", folder / "pages", pages)
        finally:
            process.kill()
            process.wait()


class PageServer(msgspec.Struct, frozen=True):
    """The running server, and its pages."""

    url: str
    folder: Path
    pages: int
    """The number of pages on disk."""

    def arguments(self, shape: str = "plain") -> dict[str, Any]:
        """Return a contender's arguments: the URL of its records, and their fields."""
        name = "Customers" if shape in {"v4", "v2"} else "customers"
        fields = str(self.folder / "fields.json")
        return {"url": f"{self.url}/{shape}/{name}", "fields": fields}


def prepare(folder: Path, pages: int, counts: list[int]) -> None:
    """Write every page in every form."""
    for form in ("plain", "ten", "v4", "v2"):
        (folder / form).mkdir(parents=True)
    types, rows = data.field_types(), data.customers(data.PAGE)
    write_json(folder / "fields.json", types)
    write_json(folder / "empty.json", [])
    write_json(folder / "v2" / "empty.json", {"d": {"results": []}})
    (folder / "v4" / "$metadata").write_text(metadata.odata_4(types), "utf-8")
    (folder / "v2" / "$metadata").write_text(metadata.odata_2(types), "utf-8")
    for after, page in data.numbered(rows, pages):
        body = write_json(folder / "plain" / f"{after}.json", page)
        ten = [{name: row[name] for name in data.TEN} for row in page]
        write_json(folder / "ten" / f"{after}.json", ten)
        packed = gzip.compress(body, 6)
        (folder / "plain" / f"{after}.json.gz").write_bytes(packed)
        last = after + data.PAGE == pages * data.PAGE
        link = {} if last else {"@odata.nextLink": f"Customers?$skip={after + 5000}"}
        write_json(folder / "v4" / f"{after}.json", {"value": page, **link})
        rows_2 = [data.as_odata_2(row, types) for row in page]
        write_json(folder / "v2" / f"{after}.json", {"d": {"results": rows_2}})
    for _, page in data.numbered(rows, 1):
        for row in page:
            row["id"] += 900_000  # nginx replaces the 9 with the page's number
        for size in {min(count, data.PAGE) for count in counts}:
            write_json(folder / f"first_{size}.json", page[:size])
    prepare_small(folder / "small", data.customers(SMALL))
    for form in ("plain", "ten"):
        write_json(folder / form / "last.json", [{"id": pages * data.PAGE}])
    write_json(folder / "key_first.json", [{"id": 100_001}])
    for count in counts:
        number, offset = divmod(count - 1, data.PAGE)
        max_key = 100_001 + number * 100_000 + offset
        write_json(folder / f"key_{count}.json", [{"id": max_key}])
        write_json(folder / f"count_{count}.json", count)


def prepare_small(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write what small requests are answered with."""
    folder.mkdir()
    for number, row in enumerate(rows, 1):
        write_json(folder / f"{number}.json", {**row, "id": number})
    write_json(folder / "first.json", [{**rows[0], "id": 1}])
    write_json(folder / "created.json", {**rows[0], "id": 1})
    write_json(folder / "count.json", SMALL)


def write_json(path: Path, value: object) -> bytes:
    body = msgspec.json.encode(value)
    path.write_bytes(body)
    return body


def nginx_config(folder: Path, port: int, counts: list[int]) -> str:
    """Write nginx's configuration."""
    max_pages = max(-(-count // data.PAGE) for count in counts)
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
        following=" ".join(
            f"{number} {number + 1};" for number in range(1, max_pages + 1)
        ),
        templates="\n  ".join(templates),
        growing="\n    ".join(GROWING.format(count=count) for count in counts),
    )


def nginx_path() -> str:
    """Return the path of nginx; exit if it is not installed."""
    path = shutil.which("nginx") or shutil.which("nginx", path=SYSTEM)
    if path is None:
        raise SystemExit("nginx is not installed: apt-get install nginx")
    return path


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until nginx listens."""
    for _ in range(500):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise SystemExit("nginx did not start")
