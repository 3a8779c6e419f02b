"""Proxies that are not ours, from Debian: haproxy and nginx, each on its own port."""

import asyncio
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from sage200_async.sandbox import Sandbox

_SYSTEM = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# A user's path need not hold the folders of the system's programs.

HAPROXY = """
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout http-keep-alive {idle}
  timeout server {server}
  timeout queue {queue}
  retries 0
frontend front
  bind 127.0.0.1:{port}
  stick-table type ip size 1 store http_req_cnt
  http-request track-sc0 src
  {rules}
  default_backend back
backend back
  server sandbox 127.0.0.1:{behind} {options}
"""
PLAIN = {"idle": "20s", "server": "20s", "queue": "20s", "rules": "", "options": ""}

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip_types application/json;
  gzip_proxied any;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      {rules}
    }}
  }}
}}
"""


def program(name):
    """Find a program, or skip and say why."""
    found = shutil.which(name) or shutil.which(name, path=_SYSTEM)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    return found


class Proxy:
    """A program that listens; it can be killed and started again."""

    def __init__(self, port, *command):
        self.port = port
        self._command = command
        self._process = None

    async def __aenter__(self):
        nowhere = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=nowhere, stderr=nowhere
        )
        async with asyncio.timeout(20):
            while not await self._listens():
                assert self._process.returncode is None, "it ended at once"
                await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _listens(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


class Front:
    """Reads a thousand customers through a proxy."""

    def __init__(self, lab, database, proxy):
        self._lab = lab
        self._database = database
        self._proxy = proxy
        self.clock = lab.Clock()

    def run(self, body, behaviour=None, settings=None, **options):
        """Run *body* with a client, a sandbox and the proxy between them."""

        async def main():
            async with Sandbox(database=self._database, behaviour=behaviour) as sandbox:
                behind = sandbox.url.rpartition(":")[2]
                async with self._proxy(behind, **options) as proxy:
                    given = sandbox.settings
                    front = given.base_url.replace(f":{behind}/", f":{proxy.port}/")
                    changed = replace(given, base_url=front, **settings or {})
                    async with self._lab.Client(changed, clock=self.clock) as client:
                        return await body(client, sandbox, proxy)

        return asyncio.run(main())

    def read(self, script=(), **options):
        """Read all, while the sandbox behind the proxy plays a script."""

        async def body(client, sandbox, _):
            sandbox.faults = script
            keys = sandbox.store.keys("customers")
            reading = await self._lab.read(client, keys)
            reading.seen = list(sandbox.requests)
            reading.slept = self.clock.slept
            return reading

        return self.run(body, **options)


@pytest.fixture
def haproxy(lab, tmp_path, database):
    """Give a reading through haproxy."""

    def proxy(behind, **options):
        port = lab.free_port()
        config = Path(tmp_path, "haproxy.cfg")
        config.write_text(HAPROXY.format(port=port, behind=behind, **PLAIN | options))
        return Proxy(port, program("haproxy"), "-f", str(config))

    return Front(lab, database, proxy)


@pytest.fixture
def nginx(lab, tmp_path, database):
    """Give a reading through nginx."""

    def proxy(behind, rules=""):
        port = lab.free_port()
        given = {"port": port, "behind": behind, "rules": rules, "folder": tmp_path}
        config = Path(tmp_path, "nginx.conf")
        config.write_text(NGINX.format(**given))
        log = str(tmp_path / "error.log")
        return Proxy(port, program("nginx"), "-e", log, "-c", str(config))

    return Front(lab, database, proxy)
